/* SPDX-License-Identifier: ISC */
/* The last successful logins of an account: ROOT/logins/DOMAIN/NAME, the name
 * in lower case, a line for each service, source and way in, the newest first:
 *
 *   1764138000 imap 192.0.2.1 TLSv1.3 PLAIN password
 *   time service source tls mechanism how
 *
 * how is "password", "app:LABEL", "master:NAME", "certificate" or "token", to
 * the end of the line; "-" stands for what is not known.  The file is written in place under the lock on
 * its record (io/lock.h), at most once a minute for each line, and not synced.
 * Without the folder logins/ nothing is kept; a file may be removed at any
 * time. */
#ifndef USERS_LOGINS_H
#define USERS_LOGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

#define LOGINS_MAX 32          /* lines; more for the last use of each app */
#define LOGINS_FILE 32768      /* octets */
#define LOGINS_FRESH_S 60      /* a line is not written again before */
#define LOGINS_KNOWN_S 7776000 /* 90 days: how long a source is known */

struct login_line {
	int64_t time; /* seconds since 1970 */
	struct str service, source, tls, mech, how;
};

/* Open the account's file for logins_note(); it is made when missing.
 * Returns the descriptor, or -1: nothing is to be kept, for whatever reason. */
int logins_open(const char *root, struct str local, struct str domain);

/* Put down a login.  Trouble only loses it. */
void logins_note(int fd, const struct login_line *line);

/* All lines, the newest first, in the arena; *n is 0 when there is no file.
 * Returns 0 or -1. */
int logins_read(const char *root, struct str local, struct str domain,
    struct arena *a, struct login_line **lines, size_t *n);

/* Remove the account's file, if there is one.  0 or -1. */
int logins_forget(const char *root, struct str local, struct str domain);

/* Whether the account's owner has logged in from this source, an IPv4 address
 * or anything in the same IPv6 /64, in the last LOGINS_KNOWN_S seconds.  A
 * master's logins do not count. */
bool logins_known(
    const char *root, struct str local, struct str domain, const char *source);

/* The source as penalties and this know it: an IPv4 address as it is, of an
 * IPv6 address the /64 with "-64" behind it.  False (and "") for what is no
 * address: this machine. */
#define LOGINS_SOURCE 64
bool logins_source(char to[LOGINS_SOURCE], const char *source);

#endif
