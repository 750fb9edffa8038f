/* SPDX-License-Identifier: ISC */
/* Collecting one whole reply of another SMTP server, line by line (RFC 5321
 * 4.2.1), and never more than is reasonable. */
#ifndef PROTO_SMTP_ANSWER_H
#define PROTO_SMTP_ANSWER_H

#include <stdbool.h>

#include "base/str.h"

#define SMTP_ANSWER_LINE 2000 /* octets of a line; RFC 5321 allows 510 */
#define SMTP_ANSWER_LINES 500 /* lines of a reply */
#define SMTP_ANSWER_TEXT 700  /* octets kept to be quoted in reports */

struct smtp_answer {
	unsigned code; /* of the first line; all must agree */
	unsigned lines;
	char enhanced[16]; /* "5.1.1" of the first line that has one, or "" */
	/* "5.1.1 first line second line": printable ASCII, cut to fit. */
	char text[SMTP_ANSWER_TEXT + 1];
};

/* Start a reply. */
void smtp_answer_init(struct smtp_answer *a);

/* Take its next line, without CRLF.  Returns 1 more lines follow, 0 the reply
 * is complete, -1 it is none (errno EPROTO; EMSGSIZE too many lines). */
int smtp_answer_line(struct smtp_answer *a, struct str line);

/* The class of the code: 2, 3, 4 or 5. */
unsigned smtp_answer_class(const struct smtp_answer *a);

#endif
