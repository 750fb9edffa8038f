/* SPDX-License-Identifier: ISC */
/* The families of schemes behind users/secret.h.  Each check takes the data
 * behind "{SCHEME}" and returns 1 right, 0 wrong, -1 EPROTO (data that cannot
 * be); a password with a NUL or over SECRET_PASS_MAX octets does not come
 * here.  Each make appends the data for a password; 0 or -1. */
#ifndef USERS_SECRET_SCHEMES_H
#define USERS_SECRET_SCHEMES_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "users/secret.h"

/* libcrypt's; prefix and cost are those of crypt_gensalt(3), "$y$" and 0 for
 * the default. */
int secret_crypt_check(struct str data, struct str pass);
int secret_crypt_make(
    const char *prefix, unsigned long cost, struct str pass, struct buf *b);

/* RFC 9106, by libargon2, one lane after the other: a thread is more than the
 * sandbox of a checker allows. */
int secret_argon2_check(struct str data, struct str pass);
int secret_argon2_make(struct str pass, struct buf *b);

/* A hash, or hash and salt. */
int secret_digest_check(enum hash_kind kind, bool salted, struct str encoding,
    struct str data, struct str pass);
int secret_digest_make(enum hash_kind kind, struct str pass, struct buf *b);

/* CRAM-MD5: the states of HMAC-MD5 with the key in them, outer one first. */
int secret_cram_check(struct str encoding, struct str data, struct str pass);

/* SCRAM-SHA-256 by users/scram.h, and SCRAM-SHA-1, which is only checked. */
int secret_scram_check(struct str data, struct str pass);
int secret_scram_make(struct str pass, struct buf *b);
int secret_scram1_check(struct str data, struct str pass);

/* Dovecot's PBKDF2. */
int secret_pbkdf2_check(struct str data, struct str pass);

/* -1 EPROTO for data that are none of their scheme. */
int secret_malformed(void);

/* Append the octets that are in hex.  False: they are not, or do not fit. */
bool secret_hex(struct buf *to, struct str hex);

#endif
