/* SPDX-License-Identifier: ISC */
/* Password hashes as they stand in the users file: "{SCHEME}data", or "$…"
 * alone, which is {CRYPT}.  Known are all that libcrypt does ({CRYPT} and
 * Dovecot's names for single ones: {SHA512-CRYPT} {SHA256-CRYPT} {MD5-CRYPT}
 * {BLF-CRYPT} {DES-CRYPT}) and clear text ({PLAIN} {CLEAR} {CLEARTEXT}).
 * Programs that use this link libcrypt. */
#ifndef USERS_SECRET_H
#define USERS_SECRET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define SECRET_PASS_MAX 512 /* octets of a password */

/* Whether the password is right.  Returns 1 right, 0 wrong, -1 failed (EPROTO
 * an unknown scheme, or one that libcrypt does not know). */
int secret_check(struct str stored, struct str pass);

/* Whether secret_check() knows the scheme; the account is locked, not wrong,
 * when stored is empty or, but for clear text, begins with "!" or "*". */
bool secret_known(struct str stored);
bool secret_locked(struct str stored);

/* Take as long as secret_check() with a hash made by secret_make(), so that
 * nobody learns from the time whether an account exists. */
void secret_pretend(struct str pass);

/* Append "{CRYPT}" and a new hash (yescrypt) of the password to b.
 * Returns 0 or -1 (EINVAL: empty, too long, or with a NUL or a line end). */
int secret_make(struct str pass, struct buf *b);

/* Overwrite memory that held a password; never optimised away. */
void secret_wipe(void *p, size_t n);

#endif
