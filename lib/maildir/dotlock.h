/* SPDX-License-Identifier: ISC */
/* Lock files as Dovecot makes them ("dovecot-uidlist.lock"): whoever creates
 * the file has the lock.  Ours also hold an OFD lock on it and say so inside,
 * so that the lock of a program of ours that died is taken over at once; those
 * of others are stale after DOTLOCK_STALE_S without modification. */
#ifndef MAILDIR_DOTLOCK_H
#define MAILDIR_DOTLOCK_H

#include <stdint.h>

#define DOTLOCK_STALE_S 120
#define DOTLOCK_EMPTY_S 2 /* an empty one is stale */
#define DOTLOCK_WAIT_S 60

struct dotlock {
	int dirfd;
	const char *name;
	int fd;
};

/* Take the lock file `name` below dirfd (both must stay until the release),
 * waiting at most DOTLOCK_WAIT_S.  Returns 0; -1 failed, ETIMEDOUT. */
int dotlock_take(struct dotlock *l, int dirfd, const char *name);

/* Remove it. */
void dotlock_release(struct dotlock *l);

#endif
