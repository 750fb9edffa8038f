/* SPDX-License-Identifier: ISC */
/* Character sets of mail to UTF-8, in pieces.  UTF-8, UTF-16, the ISO-8859
 * and windows families and KOI8 are tables here; the East Asian ones are the
 * C library's (iconv).  What cannot be read becomes U+FFFD, an unknown set is
 * read as ASCII.  Nothing else of the system is used. */
#ifndef MSG_CHARSET_H
#define MSG_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct charset {
	int kind;
	const uint16_t *table; /* of an 8-bit set: what 0x80..0xff stand for */
	void *iconv;           /* owned; charset_end() closes it */
	char held[8];          /* the start of an unfinished character */
	size_t n;
	bool little, started; /* UTF-16 */
};

/* Whether the set is known (SEARCH CHARSET asks, RFC 3501 6.4.4). */
bool charset_known(struct str name);

/* Start reading text in the set called name (any case; "" is US-ASCII).
 * Returns 1, or 0 when the set is not known: it reads as ASCII then.  Must be
 * followed by charset_end(). */
int charset_begin(struct charset *c, struct str name);

/* Append as UTF-8; s may be cut anywhere. */
void charset_feed(struct charset *c, struct str s, struct buf *to);

/* Append U+FFFD for an unfinished character and give up what is held. */
void charset_end(struct charset *c, struct buf *to);

/* Append one character as UTF-8; what is none is appended as U+FFFD. */
void charset_put(struct buf *to, uint32_t code);

/* Read one character off the front of s, which is not empty: its length, and
 * the character in *code.  0 when s ends within one that is valid so far;
 * broken UTF-8 gives *code = 0xfffd and the length to skip. */
size_t charset_utf8(struct str s, uint32_t *code);

/* Whether all of s is valid UTF-8 (RFC 3629). */
bool charset_is_utf8(struct str s);

#endif
