/* SPDX-License-Identifier: ISC */
/* The parts of checkpw. */
#ifndef CHECKPW_H
#define CHECKPW_H

#include "base/arena.h"
#include "base/buf.h"
#include "io/ucspi.h"
#include "serve/checker.h"
#include "users/user.h"

#define MISUSED 2
#define DENIED 1

struct login {
	char input[CHECKER_INPUT];
	struct str id, pass;
	struct str local, domain;
	struct arena arena;
	struct user user;
	struct user like; /* see users/user_like.h */
	bool nobody; /* nothing says whose session it is: it would be root's */
	uid_t uid;
	gid_t gid;
	gid_t groups[CHECKER_GROUPS];
	int ngroups;
};

/* main.c: ends of the program */

/* Forget the password and exit. */
_Noreturn void leave(struct login *l, int code);

/* Temporary trouble; the last failure is in the log. */
_Noreturn void later(struct login *l);

/* Started wrongly: what says how. */
_Noreturn void misused(const char *what);

/* account.c: before the password is looked at */

/* 1 the account's line is in l->user, 0 there is none (*reason says why), -1
 * failed. */
int find_user(struct login *l, const char **reason);

/* Wait for one of MAX_HASHES places, so that many logins at once cannot eat
 * all memory and processors.  The place is held until we exec or exit.
 * Returns 0 or -1. */
int take_place(void);

/* Whose uid and groups the session gets. */
void find_ids(struct login *l);

/* With nothing to start later, all that is left is to compute, to make the
 * Maildir, and to reply. */
void confine(struct login *l);

/* session.c: when it was right */

/* Write down on the descriptor called text what we would become, and exit. */
_Noreturn void reply(struct login *l, const char *text);

/* Become the user, for good. */
void become(struct login *l);

#endif
