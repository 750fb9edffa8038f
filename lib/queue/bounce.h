/* SPDX-License-Identifier: ISC */
/* Telling a sender what became of a message: a multipart/report of RFC 6522
 * and RFC 3464 (RFC 6533 for internationalised mail).  It may say that the
 * message failed, that it is late, and that it arrived; whether somebody wants
 * to hear that is queue/report.h's matter. */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/id.h"
#include "queue/entry.h"
#include "queue/envelope.h"
#include "queue/report.h"
#include "queue/result.h"

#define BOUNCE_WHOLE 32768    /* failed up to this size come back whole, */
#define BOUNCE_FULL (1 << 20) /* with RET=FULL up to this one; */
#define BOUNCE_HEADERS 65536  /* of others, this much of the header */
#define BOUNCE_RCPTS 1000     /* recipients one report may tell of */

struct bounce_rcpt {
	struct str addr;
	struct str orcpt; /* "type;address" (RFC 3461 4.2); empty: not given */
	enum report_kind action; /* not REPORT_NONE */
	struct result result;    /* its text may be empty */
	int64_t tried_s;         /* the last attempt, since 1970; 0: unknown */
};

struct bounce {
	const char *hostname;
	struct str id; /* of the report itself */
	int64_t now_s;
	struct str to;            /* whom to tell */
	const struct envelope *e; /* of the message this is about */
	const struct bounce_rcpt *rcpts;
	size_t nrcpt;        /* 1 to BOUNCE_RCPTS */
	int64_t until_s;     /* when a late message fails; 0: not said */
	struct str original; /* that message, or its header */
	bool whole;          /* it is the message */
};

/* Write the report, CRLF line ends.  Pure. */
void bounce_print(const struct bounce *b, struct buf *out);

/* Read the start of the message into text, whose ceiling is BOUNCE_FULL, and
 * set original and whole, by e->ret, by the size and by whether one of rcpts
 * has failed: set those before (no rcpts: the header is read).  0 or -1. */
int bounce_read(struct bounce *b, const struct entry *q, struct buf *text);

/* Print it and put it into the queue below root with the null sender; b->id
 * must be a new id.  Returns 0 when it is durable, or -1. */
int bounce_put(const struct bounce *b, const char *root);

#endif
