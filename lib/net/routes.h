/* SPDX-License-Identifier: ISC */
/* The file `routes`: which host takes mail instead of what the DNS says, and
 * how it is spoken to.
 *
 *	# who                where                how
 *	example.org          relay.example.net
 *	.example.org         [192.0.2.1]:2525     source=192.0.2.9
 *	sender:ann@our.test  mail.isp.test:465    tls=implicit auth=secrets/isp
 *	sender:@our.test     smarthost.test:587   tls=checked auth=/etc/relay
 *	bank.test            -                    tls=required
 *	*                    -
 *
 * A line is for a domain, for all names below one (".example.org", not
 * itself), for a sender, for a sender's domain, or for everything else.  The
 * domain itself wins over the longest suffix, that over the sender, that over
 * its domain, that over "*".  The host is used as it is, without MX; "-" means
 * what the DNS says.  IPv6 addresses stand in brackets.  "#" starts a comment.
 *
 * Behind them, any of:
 *	tls=wanted    STARTTLS if offered, clear text if not (the default)
 *	tls=required  STARTTLS or nothing (the default with auth)
 *	tls=implicit  TLS from the first octet; the port is 465 if none is given
 *	tls=none      no TLS even if offered
 *	tls=checked   as required, and the certificate must be valid for the
 *	              host's name; or tls=implicit,checked
 *	auth=FILE     log in (RFC 4954) with what FILE says, "user password" in
 *	              one line; below the root unless it starts with "/"
 *	source=ADDR   connect from this address; once for IPv4, once for IPv6 */
#ifndef NET_ROUTES_H
#define NET_ROUTES_H

#include <stdbool.h>

#include "base/str.h"

enum route_tls {
	ROUTE_TLS_WANTED,
	ROUTE_TLS_REQUIRED,
	ROUTE_TLS_IMPLICIT,
	ROUTE_TLS_NONE
};

struct route {
	char host[256]; /* "" for the DNS */
	unsigned port;  /* 0 for the usual one */
	enum route_tls tls;
	bool check;     /* the certificate */
	char auth[512]; /* "" for no login */
	char source4[46], source6[46];
};

/* Look up in the file's text.  sender may be empty.  Returns 1 found, 0 none
 * (r is that of a line "* -"), -1 the line that applies is malformed (its text
 * in fail_last()). */
int routes_find(
    struct str text, struct str domain, struct str sender, struct route *r);

/* The same in the file routes below root; a missing file has no routes. */
int routes_lookup(
    const char *root, struct str domain, struct str sender, struct route *r);

/* Cut lines off *text up to the next one that is good.  1, or 0 at the end. */
int routes_next(struct str *text, struct route *r);

bool routes_same(const struct route *a, const struct route *b);

#endif
