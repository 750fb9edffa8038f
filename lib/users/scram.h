/* SPDX-License-Identifier: ISC */
/* The keys of SCRAM-SHA-256 (RFC 5802 3, RFC 7677), as they stand in the users
 * file behind "{SCRAM-SHA-256}", in Dovecot's form:
 *
 *	iterations,salt,StoredKey,ServerKey        (the last three in base64)
 *
 * Who has them can tell whether a client knows the password, and cannot log in
 * as that client elsewhere.  Pure but for the random salt. */
#ifndef USERS_SCRAM_H
#define USERS_SCRAM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define SCRAM_KEY 32                  /* octets of a key, of SHA-256 */
#define SCRAM_SALT_MAX 64             /* octets of a salt that we can use */
#define SCRAM_ITERATIONS 20000        /* of keys to keep: about 15 ms */
#define SCRAM_ITERATIONS_LEAST 4096   /* RFC 7677 4; of keys for one login */
#define SCRAM_ITERATIONS_MOST 1000000 /* half a second */

struct scram {
	unsigned iterations;
	unsigned char salt[SCRAM_SALT_MAX];
	size_t salt_n;
	unsigned char stored[SCRAM_KEY]; /* StoredKey */
	unsigned char server[SCRAM_KEY]; /* ServerKey */
};

/* Take the text behind "{SCRAM-SHA-256}" apart.  Returns 0 or -1 EPROTO. */
int scram_parse(struct str text, struct scram *to);

/* Append it, without the scheme's name. */
void scram_print(const struct scram *s, struct buf *b);

/* The keys of this password with this salt, which has 1 to SCRAM_SALT_MAX
 * octets.  Returns 0, or -1 EINVAL: the password is empty, longer than
 * SCRAM_PASS_MAX octets, or not what msg/saslprep.h takes. */
#define SCRAM_PASS_MAX 1024
int scram_derive(
    struct str pass, struct str salt, unsigned iterations, struct scram *to);

/* The same with a new random salt and SCRAM_ITERATIONS: what is kept. */
int scram_make(struct str pass, struct scram *to);

/* Whether this is the password (PLAIN, LOGIN).  Takes as long for right ones
 * as for wrong ones. */
bool scram_check(const struct scram *s, struct str pass);

/* Whether the ClientProof belongs to this AuthMessage (RFC 5802 3). */
bool scram_proof(const struct scram *s, struct str auth_message,
    const unsigned char proof[SCRAM_KEY]);

/* The ServerSignature for it. */
void scram_sign(const struct scram *s, struct str auth_message,
    unsigned char to[SCRAM_KEY]);

#endif
