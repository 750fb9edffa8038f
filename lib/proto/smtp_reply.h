/* SPDX-License-Identifier: ISC */
/* Replies: RFC 5321 4.2, with the enhanced codes of RFC 2034 and 3463. */
#ifndef PROTO_SMTP_REPLY_H
#define PROTO_SMTP_REPLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define SMTP_REPLY_LINE 512 /* octets with CRLF; RFC 5321 4.5.3.1.5 */

/* A reply to be sent. */
struct smtp_reply {
	unsigned code;        /* 211..599 */
	const char *enhanced; /* "5.1.1", or "" for none */
	const char *text;     /* further lines behind '\n' */
};

/* Append the whole reply: a line of it for each line of text, the enhanced
 * code in each.  Lines that would exceed SMTP_REPLY_LINE are cut, octets that
 * are not printable ASCII become '?'. */
void smtp_reply_write(const struct smtp_reply *r, struct buf *b);

/* One line of a reply that was received. */
struct smtp_reply_line {
	unsigned code;       /* 200..599 */
	bool more;           /* "250-…": not the last line */
	struct str enhanced; /* "5.1.1" or empty; it suits the code's class */
	struct str text;     /* what follows them */
};

/* Read one line without its CRLF; the slices point into it.  A bare code
 * ("250") is a reply too (RFC 5321 4.2).  Returns 0, or -1 with errno EPROTO
 * when it is no reply line. */
int smtp_reply_read(struct str line, struct smtp_reply_line *r);

#endif
