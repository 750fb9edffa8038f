/* SPDX-License-Identifier: ISC */
/* Looking an account up without telling by the time whether it exists. */
#ifndef USERS_USER_LIKE_H
#define USERS_USER_LIKE_H

#include "base/arena.h"
#include "base/str.h"
#include "users/user.h"

/* As user_find(), but the whole file is read in any case.  *like is another
 * account of the domain that is not locked, for each name always the same one
 * as long as that exists: who checks passwords does with it what it would do
 * with the account when there is none, or a locked one.  So names that do not
 * exist have the schemes and costs of those that do, in the same mixture.
 * When there is no other account, like->secret is empty. */
int user_like_find(const char *root, struct str local, struct str domain,
    struct arena *a, struct user *u, struct user *like);

#endif
