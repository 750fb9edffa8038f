/* SPDX-License-Identifier: ISC */
/* What a status code of RFC 3463 (and its registry, RFC 5248) means for the
 * person who sent the message: what happened, where the cause lies, what to do
 * about it.  Pure; every text is a static string of ASCII sentences. */
#ifndef QUEUE_ADVICE_H
#define QUEUE_ADVICE_H

#include <stdbool.h>

#include "base/str.h"

struct advice {
	const char *what; /* what happened */
	const char *side; /* whose side the cause is on; "" when unknown */
	const char *todo; /* for a failure that is final */
};

/* The advice for a status like "5.1.1".  remote: another server said it, not
 * we. */
struct advice advice_for(struct str status, bool remote);

#endif
