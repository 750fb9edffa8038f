/* SPDX-License-Identifier: ISC */
/* What LIST is asked for: its arguments (RFC 3501 6.3.8), selection and return
 * options (RFC 5258, RFC 5819, RFC 6154). */
#ifndef IMAPD_LIST_ARGS_H
#define IMAPD_LIST_ARGS_H

#include "session.h"

#define LIST_PATTERNS 100

enum {
	LIST_SUBSCRIBED = 1u << 0, /* only these */
	LIST_SPECIAL = 1u << 1,    /* only those with a special use */
	LIST_RECURSIVE = 1u << 2,  /* tell about children not listed */
	LIST_REMOTE = 1u << 3,     /* we have none */
	LIST_SHOW_SUBSCRIBED = 1u << 4,
	LIST_SHOW_CHILDREN = 1u << 5, /* always shown */
	LIST_SHOW_SPECIAL = 1u << 6,  /* always shown */
};

struct list_args {
	unsigned options;
	unsigned status;      /* items of status.h, 0 for none */
	struct str *patterns; /* with the reference in front */
	size_t n;
	bool root; /* LIST "" "": only the delimiter is wanted */
};

/* Read LIST's arguments, from the blank behind its name to the end. */
bool list_args_scan(struct imap *s, struct scan *args, struct list_args *l);

#endif
