/* SPDX-License-Identifier: ISC */
/* What people type as their login name: "user@domain", or "user" alone where
 * YUBIN_DOMAIN is set or there is only one domain; with MASTER_USERS set also
 * "user@domain*master" (another MASTER_SEPARATOR may stand for the "*"): the
 * master's password opens the user's mailbox. */
#ifndef USERS_LOGIN_NAME_H
#define USERS_LOGIN_NAME_H

#include "base/arena.h"
#include "base/str.h"

struct login_name {
	struct str local, domain;
	struct str master; /* p is NULL for none */
};

/* Take one apart; to points into id, the arena and the environment.
 * Returns 1; 0 it has no domain and needs one; -1 failed. */
int login_name_split(
    const char *root, struct str id, struct arena *a, struct login_name *to);

#endif
