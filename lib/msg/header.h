/* SPDX-License-Identifier: ISC */
/* The header section of a stored message (RFC 5322 2.2): fields in order, as
 * they stand.  Lines end in LF or CRLF, mixed at will; the first empty line
 * ends the header.  Every slice points into the text given.  Pure. */
#ifndef MSG_HEADER_H
#define MSG_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/scan.h"
#include "base/str.h"

struct header_field {
	struct str name;  /* without blanks before the colon; see below */
	struct str value; /* all behind the colon, folds inside, without the
	                     last line's end */
	struct str whole; /* the field as it stands, all line ends included */
};

/* A cursor over the fields; `rest` is what has not been walked yet. */
struct header {
	struct str rest;
};

/* The size of the header at the start of text, its empty line included; text.n
 * when there is no empty line. */
size_t header_size(struct str text);

/* Start walking; text may go on behind the header (the body is not read). */
struct header header_make(struct str text);

/* The next field.  What is no field (mbox's "From " line, a line without a
 * colon or with blanks in the name, a fold at the very start) is given with an
 * empty name and the line as value: skip it or keep it as it stands.
 * Returns 1 field, 0 end of the header (h->rest starts with the empty line, or
 * is empty when there is none). */
int header_next(struct header *h, struct header_field *f);

/* The next field called name (any case).  Returns 1 or 0. */
int header_next_named(
    struct header *h, struct str name, struct header_field *f);

/* The value of the first field called name.  Returns 1, or 0 and an empty
 * value when there is none. */
int header_find(struct str text, struct str name, struct str *value);

/* Append value unfolded: line ends removed, blanks of the folds kept
 * (RFC 5322 2.2.3), blanks at both ends removed. */
void header_unfold(struct str value, struct buf *to);

/* Append the fields whose name is (not: is not) among names, in order and as
 * they stand with their folds, every line end as CRLF, and behind them the
 * empty line if the header has one: the octets of BODY[HEADER.FIELDS (…)] and
 * BODY[HEADER.FIELDS.NOT (…)] (RFC 3501 6.4.5). */
void header_subset(struct str text, const struct str *names, size_t n, bool not,
    struct buf *to);

/* Append s with every LF that no CR precedes written as CRLF. */
void header_crlf(struct str s, struct buf *to);

/* For readers of structured fields: pass over blanks, line ends and comments
 * (RFC 5322 3.2.2), nested to any depth.  An unclosed comment reaches to the
 * end.  When comment is not NULL it gets the text inside the last one passed
 * over, and is left alone when there was none.  Returns whether anything was
 * passed over. */
bool header_cfws(struct scan *s, struct str *comment);

/* Take the quoted string at the cursor, which is on its first '"', and append
 * its meaning (RFC 5322 3.2.4: quotes, backslashes and line ends removed).  An
 * unclosed one reaches to the end. */
void header_quoted(struct scan *s, struct buf *to);

#endif
