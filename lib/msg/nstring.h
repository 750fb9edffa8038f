/* SPDX-License-Identifier: ISC */
/* The strings of envelopes and structures, in the form in which IMAP sends them
 * (RFC 3501 4.3, 9): quoted, or as a literal when they hold 8-bit text, CR or
 * LF or are long.  NUL, which no IMAP4rev1 string can hold, becomes '?'.
 * Pure. */
#ifndef MSG_NSTRING_H
#define MSG_NSTRING_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Append s as a string. */
void nstring_string(struct buf *to, struct str s);

/* The same, but NIL when it is empty. */
void nstring_or_nil(struct buf *to, struct str s);

/* Append the value of a header field, unfolded, at most 64 KiB of it: NIL when
 * there is none (value.p is NULL), "" when it is empty. */
void nstring_field(struct buf *to, struct str value);

/* A field looked for in one header, and the value of the first of that name;
 * its p stays NULL when there is none. */
struct nstring_wanted {
	struct str name, value;
	bool more; /* there is another one of that name */
};
#define NSTRING_WANTED(name) \
	{ \
		{"" name, sizeof(name) - 1}, \
		{ \
			NULL, 0 \
		} \
	}

/* Walk the header at the start of text once for all n of them. */
void nstring_collect(struct str text, struct nstring_wanted *w, size_t n);

#endif
