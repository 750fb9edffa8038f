/* SPDX-License-Identifier: ISC */
/* Follows the header of a message on its way into the queue, in pieces: counts
 * Received fields and, on submission, adds a missing Date and Message-ID at
 * the header's end (RFC 6409 8).  All other octets pass unchanged. */
#ifndef SMTPD_HEAD_H
#define SMTPD_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "queue/put.h"

struct head {
	int state;
	unsigned received; /* Received fields so far */
	bool add;          /* add what is missing */
	bool date, message_id, fields;
	int64_t now_s;
	const char *id, *host; /* for a Message-ID */
	struct queue_put *put;
	size_t n;        /* octets held back: */
	char hold[1024]; /* the start of a line whose kind is unknown */
};

/* Start.  The pointers must outlive h. */
void head_init(struct head *h, struct queue_put *put, bool add, int64_t now_s,
    const char *id, const char *host);

/* The next piece of the message, split anywhere; CRLF line ends. */
void head_put(struct head *h, struct str piece);

/* The message is complete. */
void head_end(struct head *h);

#endif
