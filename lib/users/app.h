/* SPDX-License-Identifier: ISC */
/* App passwords: domains/D/apps, further passwords of accounts, one a line:
 *
 *   name:{SCHEME}hash:label:scope:expires
 *
 * name is as in the users file, label is what people call it, scope what it is
 * good for: words out of imap, pop3 and smtp with commas between them, all of
 * these when empty; expires is its last day, 2026-12-31 (in UTC), or empty.
 * Lines that start with "#" and empty lines are kept.  Those that we make are
 * random letters, so that a fast hash will do: how many of them an account has
 * does not show in the time that a wrong one takes. */
#ifndef USERS_APP_H
#define USERS_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define APP_LABEL_MAX 64 /* octets */
#define APP_DAY 11       /* "2026-12-31" and a NUL */

struct app {
	struct str name, secret, label, scope, expires;
};

enum app_result { APP_NONE, APP_RIGHT, APP_SCOPE, APP_EXPIRED };

/* Whether a scope, as above, is good for the service; "" is good for none but
 * an empty scope.  The word "none" is good for nothing. */
bool app_scope_has(struct str scope, struct str service);

/* Whether all its words are known; empty is all of them. */
bool app_scope_valid(struct str scope);

/* Whether it is a label: 1 to APP_LABEL_MAX octets, no colon and no control
 * character. */
bool app_label_valid(struct str label);

/* Read one line.  Returns 1; 0 a comment or an empty line; -1 wrong: *why says
 * in plain words what. */
int app_parse(
    struct str line, struct str domain, struct app *app, const char **why);

/* Look for the account's app password among the lines of the file.  What we
 * make may be typed with and without its hyphens, or blanks for them, and in
 * capitals.  Returns APP_RIGHT; APP_SCOPE or APP_EXPIRED it is right, but not
 * for this service or no longer; *app is set in these cases; else APP_NONE.
 * today is the day in UTC as "2026-12-31". */
enum app_result app_match(struct str text, struct str local, struct str domain,
    struct str pass, struct str service, struct str today, struct app *app);

/* A new password for people to type, five groups of four letters, and its
 * secret.  Returns 0 or -1. */
int app_make(struct buf *pass, struct buf *secret);

/* Add a line to the file.  Returns 0; -1 failed (EEXIST the account has one of
 * this label; EINVAL). */
int app_add(const char *root, struct str domain, const struct app *app);

/* Remove the account's password of this label, or all when label.p is NULL.
 * Returns how many; -1 failed. */
int app_del(
    const char *root, struct str local, struct str domain, struct str label);

/* The day in UTC of a time in seconds since 1970; what is before that, or after
 * the year 9999, counts as 9999-12-31. */
void app_day(char to[APP_DAY], int64_t time);

#endif
