/* SPDX-License-Identifier: ISC */
/* Text from a local program into SMTP's form: LF and CRLF become CRLF, a
 * missing last line end is added, and (unless dots are text) a line of one
 * dot ends the message.  A bare CR and a NUL are refused: nobody can say what
 * was meant.  Long lines pass: they are never cut. */
#ifndef INJECT_LINES_H
#define INJECT_LINES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct lines {
	int state; /* private */
	bool dots; /* a lone dot is text */
};

void lines_init(struct lines *l, bool dots);

/* Append what `in` (the next piece, split anywhere) stands for; at most
 * 2 * in.n + 2 octets.  Returns 1 go on, 0 the lone dot was seen, -1 with the
 * reason as fail_last(). */
int lines_feed(struct lines *l, struct str in, struct buf *to);

/* The input has ended: append what is missing.  0 or -1. */
int lines_end(struct lines *l, struct buf *to);

#endif
