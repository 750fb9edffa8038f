/* SPDX-License-Identifier: ISC */
/* Slowing down whoever guesses passwords.  Each source (an IPv4 address or an
 * IPv6 /64) and each account that failed has a small text file in penalty/
 * below the root, "failures next-try last-failure" (the times are seconds
 * since 1970); removing it lifts the penalty:
 *
 *   from-192.0.2.1  from-2001:db8::-64    the source
 *   user-ann@example.org                  the account
 *   user-ann@example.org,192.0.2.1        the account from a source where its
 *                                         owner has logged in before
 *   user-*admin                           a master user
 *
 * After 1, 2, 3, 4 failures a try waits 2, 4, 8, 15 s, and tries that wait at
 * the same time queue up behind each other, so many connections guess no faster
 * than one.  Forgotten 15 minutes after the last failure.  Without the folder
 * nobody waits.
 *
 * Guessers from everywhere must not lock an account's owner out, nor those who
 * share his address: from where the owner has logged in before (logins/, see
 * users/logins.h), the account has a penalty of its own, and as long as nothing
 * has failed there a try does not wait but for the two that are under way. */
#ifndef USERS_SLOW_H
#define USERS_SLOW_H

#include <stdbool.h>

#include "base/str.h"

#define SLOW_TRIES 8     /* tries of one source at once */
#define SLOW_KNOWN 2     /* of one account at once, where it is known */
#define SLOW_PATIENCE 45 /* s; who had to wait longer is sent away after 2 */
#define SLOW_NAME 200

struct slow {
	int dirfd;
	int source_fd, account_fd; /* -1 for none */
	int known_fd; /* -1 unless the owner has logged in from there */
	char source[SLOW_NAME], account[SLOW_NAME]; /* files; "" for none */
};

/* Wait until this source ("192.0.2.1", "2001:db8::1"; anything else is not
 * counted, as it is this machine) may try this account, a login name as it was
 * typed.  most: the longest delay in s, 0 for none.  Returns 1 go on; 0 too
 * many tries wait already: answer "later"; either way call slow_leave().
 * Trouble with the files only makes nobody wait. */
int slow_enter(struct slow *s, const char *root, const char *source,
    struct str account, int most);

/* What became of the try: 1 accepted (the account's failures are forgotten),
 * 0 denied, -1 it was not decided. */
void slow_leave(struct slow *s, int result, int most);

#endif
