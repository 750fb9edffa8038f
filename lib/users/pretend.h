/* SPDX-License-Identifier: ISC */
/* Salts for accounts that do not exist, or have none: each name has one of its
 * own that never changes, as a real one's does not, and nobody can tell which
 * are which.  They are made with a key, random octets in domains/.pretend below
 * the root, which is written when it is missing.  Hosts that serve the same
 * accounts share it, with the rest of that folder. */
#ifndef USERS_PRETEND_H
#define USERS_PRETEND_H

#include <stddef.h>

#include "base/str.h"

/* n octets of salt, at most 64, for this name, the case of which is ignored.
 * Where the key can be neither read nor written they are made without one.
 * Returns 0, or -1 when it cannot be read now. */
int pretend_salt(const char *root, struct str local, struct str domain,
    unsigned char *salt, size_t n);

#endif
