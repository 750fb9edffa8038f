/* SPDX-License-Identifier: ISC */
/* Dot transparency of DATA both ways, RFC 5321 4.5.2.  A message ends at
 * CR LF "." CR LF and at nothing else (the "." directly behind DATA's own
 * line counts as behind a CRLF).  A CR without LF, a LF without CR, a NUL and
 * a line over 998 octets (4.5.3.1.6; the doubled dot does not count) make
 * the message bad: it is read to its true end and then refused, never cut,
 * never repaired, so that nobody disagrees with us about where it ends. */
#ifndef PROTO_SMTP_DOT_H
#define PROTO_SMTP_DOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define SMTP_DOT_LINE 998 /* octets of a line without its CRLF */

enum smtp_dot_fault {
	SMTP_DOT_FINE,
	SMTP_DOT_BARE_CR,
	SMTP_DOT_BARE_LF,
	SMTP_DOT_NUL,
	SMTP_DOT_LONG
};

/* The receiving automaton. */
struct smtp_dot {
	int state;                 /* private */
	size_t line;               /* octets of the present line */
	enum smtp_dot_fault fault; /* the first one found */
};

/* Start in front of a message. */
void smtp_dot_init(struct smtp_dot *d);

/* Move through *in, which may be split anywhere from what came before.  Each
 * call cuts off its front and sets *piece to a run of message octets in it
 * (dots removed, CRLFs kept; the piece points into *in and may be empty).
 * Returns 1 when it is to be called again (with more input when in->n is 0),
 * 0 when the end of the message was seen: *in then starts behind it.
 * d->fault may be set at any time; the end is found all the same. */
int smtp_dot_next(struct smtp_dot *d, struct str *in, struct str *piece);

/* The fault in words for a reply: "bare LF"; "" for SMTP_DOT_FINE. */
const char *smtp_dot_why(enum smtp_dot_fault fault);

/* The sending side. */
struct smtp_stuff {
	int state;                 /* private */
	enum smtp_dot_fault fault; /* the first one found; never _LONG */
};

/* Start in front of a message. */
void smtp_stuff_init(struct smtp_stuff *s);

/* Move through *in, split anywhere.  Sets *piece to what is to be sent next:
 * a run of *in, or a static "." to double one.  Returns 1 piece; 0 *in is
 * used up (give more, or finish); -1 s->fault was found and the message must
 * not be sent on: end the connection without finishing. */
int smtp_stuff_next(struct smtp_stuff *s, struct str *in, struct str *piece);

/* What ends the message: ".\r\n", behind a "\r\n" when its last line lacks
 * one.  A static text; empty (and s->fault set) after a lone CR at the end. */
struct str smtp_stuff_end(struct smtp_stuff *s);

#endif
