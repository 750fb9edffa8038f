/* SPDX-License-Identifier: ISC */
/* Where mail for an address goes.  One question with one answer for the
 * receiving side (does it exist?) and the delivering side (where is it?). */
#ifndef USERS_RCPT_H
#define USERS_RCPT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "users/user.h"

enum rcpt_kind {
	RCPT_FAILED = -1, /* the files cannot be read now: try later */
	RCPT_UNKNOWN,     /* the domain is ours, the name is not */
	RCPT_MAILBOX,
	RCPT_ALIAS,
	RCPT_FOREIGN /* not our domain */
};

struct rcpt {
	struct user user;    /* of RCPT_MAILBOX */
	struct str *targets; /* of RCPT_ALIAS, see users/alias.h */
	size_t n;
	struct str extension; /* behind the delimiter; "" when there is none */
};

/* Look up local@domain, the local part without quotes.  The first of these
 * decides: the user, the alias of the whole name; the user, the alias of what
 * is before the first octet that is in delimiter ("" for none); the catch-all.
 * postmaster always exists (RFC 5321 4.5.1): last of all it is the domain's
 * first user.  *r points into the arena. */
enum rcpt_kind rcpt_find(const char *root, struct str local, struct str domain,
    const char *delimiter, struct arena *a, struct rcpt *r);

/* The same with the files in memory.  cache NULL: as above. */
struct cache;
enum rcpt_kind rcpt_find_in(struct cache *cache, const char *root,
    struct str local, struct str domain, const char *delimiter, struct arena *a,
    struct rcpt *r);

/* Only the kind. */
enum rcpt_kind rcpt_check(const char *root, struct str local, struct str domain,
    const char *delimiter, struct arena *a);

#endif
