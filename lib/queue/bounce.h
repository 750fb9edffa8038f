/* SPDX-License-Identifier: ISC */
/* Telling a sender that a message was not delivered: a multipart/report of
 * RFC 3462 and RFC 3464 (RFC 6533 for internationalised mail). */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/id.h"
#include "queue/entry.h"
#include "queue/envelope.h"
#include "queue/result.h"

#define BOUNCE_WHOLE 32768   /* messages up to this size are returned whole */
#define BOUNCE_HEADERS 65536 /* of others, this much of the header */
#define BOUNCE_RCPTS 1000    /* recipients one bounce may report */

struct bounce_rcpt {
	struct str addr;
	struct result result;
};

struct bounce {
	const char *hostname;
	struct str id; /* of the bounce itself */
	int64_t now_s;
	struct str to;            /* whom to tell */
	const struct envelope *e; /* of the message that failed */
	const struct bounce_rcpt *rcpts;
	size_t nrcpt;        /* 1 to BOUNCE_RCPTS */
	struct str original; /* that message, or its header */
	bool whole;          /* it is the message */
};

/* Write the bounce, CRLF line ends.  Pure. */
void bounce_print(const struct bounce *b, struct buf *out);

/* Read the start of the message into text (its ceiling at least BOUNCE_HEADERS
 * + 2) and set original and whole.  0 or -1. */
int bounce_read(struct bounce *b, const struct entry *q, struct buf *text);

/* Print it and put it into the queue below root with the null sender; b->id
 * must be a new id.  Returns 0 when it is durable, or -1. */
int bounce_put(const struct bounce *b, const char *root);

#endif
