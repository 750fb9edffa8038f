/* SPDX-License-Identifier: ISC */
/* The parts of checkpw. */
#ifndef CHECKPW_H
#define CHECKPW_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/ucspi.h"
#include "serve/checker.h"
#include "users/login_name.h"
#include "users/user.h"

#define MISUSED 2
#define DENIED 1

struct login {
	char input[CHECKER_INPUT];
	struct str id, pass;
	struct login_name name; /* what id says */
	bool found;             /* there is such a user */
	const char *missing;    /* why not */
	struct user user;       /* the account, or its double */
	struct user like;       /* see users/user_like.h */
	struct str apps;        /* the domain's apps file */
	struct str master;      /* the master's secret; "" for no such master */
	struct str master_like; /* what to pretend to check then */
	struct str app, how;    /* the app password's label; for the record */
	struct arena arena;
	char source[UCSPI_IP];
	int logins_fd; /* see users/logins.h */
	bool nobody; /* nothing says whose session it is: it would be root's */
	uid_t uid;
	gid_t gid;
	gid_t groups[CHECKER_GROUPS];
	int ngroups;
	bool talks; /* see talk.h */
	bool announced;
};

/* main.c: ends of the program */

/* Forget the password and exit. */
_Noreturn void leave(struct login *l, int code);

/* Put the refusal on record, and exit. */
_Noreturn void deny(struct login *l, const char *reason);

/* Temporary trouble; the last failure is in the log. */
_Noreturn void later(struct login *l);

/* Started wrongly: what says how. */
_Noreturn void misused(const char *what);

/* Say so when l->nobody. */
void warn_nobody(const struct login *l);

/* account.c: before the password is looked at */

/* Read all that is known of the account and may be needed below, in a time that
 * does not depend on whether it exists.  Ends the program when it cannot. */
void find_account(struct login *l);

/* The address of the account that was found, as it is in the file. */
struct str account_address(struct login *l);

/* Wait for one of MAX_HASHES places, so that many logins at once cannot eat
 * all memory and processors.  The place is held until we exec or exit.
 * Returns 0 or -1. */
int take_place(void);

/* Whose uid and groups the session gets. */
void find_ids(struct login *l);

/* With nothing to start later, all that is left is to compute, to make the
 * Maildir, and to reply. */
void confine(struct login *l);

/* verify.c */

/* Go on only when the password is right and good for this service. */
void verify(struct login *l);

/* Likewise for who has proved to know the account's own password: go on only
 * when that is good for this service and from there. */
void verify_scope(struct login *l);

/* Go on only when the account may be used from there; its owner's ways in are
 * meant, not a master's. */
void verify_source(struct login *l);

/* record.c: one line in the log for each login */

/* Put down the login: into the log and among the account's last ones. */
void record_success(struct login *l);
void record_failure(const struct login *l, const char *reason);

/* session.c: when it was right */

/* Write down on the descriptor called text what we would become, and exit. */
_Noreturn void reply(struct login *l, const char *text);

/* Become the user, for good. */
void become(struct login *l);

#endif
