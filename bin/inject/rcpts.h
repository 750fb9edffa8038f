/* SPDX-License-Identifier: ISC */
/* The recipients of a message, from the command line and from its header. */
#ifndef INJECT_RCPTS_H
#define INJECT_RCPTS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "proto/smtp_path.h"
#include "queue/envelope.h"

struct rcpts {
	struct envelope_rcpt *list; /* each address once */
	size_t n, room, max;
	const char *host; /* for addresses without a domain */
	struct arena *arena;
};

void rcpts_init(struct rcpts *r, struct arena *a, const char *host, size_t max);

/* Add the address in an argument, or all of a list of addresses.
 * Returns 0, or -1 with the reason as fail_last(): EINVAL no address, E2BIG
 * more than max. */
int rcpts_add(struct rcpts *r, struct str text);

/* Add those of the To, Cc and Bcc fields; when there are Resent- ones, of
 * those instead (RFC 5322 3.6.6).  text is a message or its start. */
int rcpts_add_header(struct rcpts *r, struct str text);

/* Read one address, adding @host where it has no domain; "" and "<>" are the
 * null path.  Returns 0, or -1 EINVAL. */
int rcpts_one(
    const char *host, struct str text, struct arena *a, struct smtp_path *p);

#endif
