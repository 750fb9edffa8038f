/* SPDX-License-Identifier: ISC */
/* Password hashes as they stand in the users file: "{SCHEME}data", or "$…"
 * alone, which is {CRYPT}.  The names are Dovecot's, of any case:
 *
 *   SCRAM-SHA-256 SCRAM-SHA-1   iterations,salt,StoredKey,ServerKey
 *   CRYPT SHA512-CRYPT SHA256-CRYPT BLF-CRYPT MD5-CRYPT DES-CRYPT
 *                               whatever crypt(5) of this system knows
 *   ARGON2ID ARGON2I            $argon2id$v=19$m=…,t=…,p=…$salt$hash
 *   PBKDF2                      $1$salt$iterations$hash
 *   SSHA512 SSHA256 SSHA SMD5   hash and salt
 *   SHA512 SHA256 SHA SHA1 LDAP-MD5 PLAIN-MD5 MD5
 *   CRAM-MD5 HMAC-MD5           the two states of HMAC-MD5
 *   PLAIN CLEAR CLEARTEXT       the password itself
 *
 * Of the last hashes ".b64" or ".hex" behind the name says how the data are
 * written, else their length does.
 * Programs that use this link libcrypt and libargon2. */
#ifndef USERS_SECRET_H
#define USERS_SECRET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "users/scram.h"

#define SECRET_PASS_MAX 512 /* octets of a password */
#define SECRET_MAX 1024     /* octets of a secret that we make */

/* Whether the password is right.  Returns 1 right, 0 wrong (a locked account's
 * always, at once), -1 failed (EPROTO an unknown scheme, or data that it cannot
 * have; ENOMEM). */
int secret_check(struct str stored, struct str pass);

/* Whether secret_check() knows the scheme; the account is locked, not wrong,
 * when stored is empty or, but for clear text, begins with "!" or "*". */
bool secret_known(struct str stored);
bool secret_locked(struct str stored);

/* What makes a stolen secret easy to guess from, in a few words; NULL for a
 * good one.  For secret_known() ones. */
const char *secret_weak(struct str stored);

/* Take as long as secret_check(like, pass), so that nobody learns from the time
 * whether an account exists.  like empty: as a secret of the default scheme. */
void secret_pretend(struct str like, struct str pass);

/* Append a new secret to b, of the scheme named: SCRAM-SHA-256 (the default,
 * for ""), yescrypt, ARGON2ID, BLF-CRYPT or bcrypt, SHA512-CRYPT, SSHA256,
 * PLAIN; of any case.
 * Returns 0 or -1 (EINVAL: a password that is empty, too long, or has a NUL,
 * a line end or, in clear text, a colon; a scheme that we do not make). */
int secret_make(struct str scheme, struct str pass, struct buf *b);

/* The keys of a {SCRAM-SHA-256} secret.  Returns 1; 0 it is of another scheme
 * or locked; -1 EPROTO it is malformed. */
int secret_scram(struct str stored, struct scram *keys);

/* n random octets from the kernel.  Returns 0 or -1. */
int secret_random(void *to, size_t n);

/* The password itself, where it is kept in clear text; points into stored. */
bool secret_plain(struct str stored, struct str *pass);

/* Overwrite memory that held a password; never optimised away. */
void secret_wipe(void *p, size_t n);

#endif
