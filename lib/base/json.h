/* SPDX-License-Identifier: ISC */
/* Writing JSON (RFC 8259) into a buffer.  Commas are put where they belong;
 * whatever octets a string has, the text is valid: what is not UTF-8 becomes
 * U+FFFD. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Begin an object ('{') or array ('['), as a value; end it ('}' or ']'). */
void json_begin(struct buf *b, char open);
void json_end(struct buf *b, char close);

/* The name of the next value of an object. */
void json_key(struct buf *b, struct str key);

/* Values. */
void json_str(struct buf *b, struct str s);
void json_num(struct buf *b, int64_t v);
void json_bool(struct buf *b, bool v);

/* A name and its value. */
void json_key_str(struct buf *b, const char *key, struct str s);
void json_key_num(struct buf *b, const char *key, int64_t v);

#endif
