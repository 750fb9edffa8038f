/* SPDX-License-Identifier: ISC */
/* The file `routes`: which host takes mail instead of what the DNS says.
 *
 *	# who              where
 *	example.org        relay.example.net
 *	.example.org       [192.0.2.1]:2525
 *	sender:@our.test   smarthost.test:587
 *	*                  -
 *
 * A line is for a domain, for all names below one (".example.org", not
 * itself), for a sender's domain, or for everything else.  The domain itself
 * wins over the longest suffix, that over the sender, that over "*".  The host
 * is used as it is, without MX; "-" means what the DNS says.  IPv6 addresses
 * stand in brackets.  "#" starts a comment. */
#ifndef NET_ROUTES_H
#define NET_ROUTES_H

#include "base/str.h"

struct route {
	char host[256]; /* "" for the DNS */
	unsigned port;  /* 0 for the usual one */
};

/* Look up in the file's text.  sender may be empty.  Returns 1 found, 0 none,
 * -1 the line that applies is malformed (its text in fail_last()). */
int routes_find(
    struct str text, struct str domain, struct str sender, struct route *r);

/* The same in the file routes below root; a missing file has no routes. */
int routes_lookup(
    const char *root, struct str domain, struct str sender, struct route *r);

#endif
