/* SPDX-License-Identifier: ISC */
/* The hashes that password schemes are made of: MD5 (RFC 1321), SHA-1 (RFC
 * 3174), SHA-256 and SHA-512 (RFC 6234), with HMAC (RFC 2104) and PBKDF2 (RFC
 * 8018 5.2).  Here since a program that checks passwords starts at each login:
 * OpenSSL's library would take longer to load than most hashes to compute.
 * Pure; nothing can fail. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define HASH_MAX 64    /* octets of the longest hash */
#define HASH_BLOCK 128 /* octets of the longest block */

enum hash_kind { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA512 };

struct hash {
	enum hash_kind kind;
	union {
		uint32_t w[8];
		uint64_t d[8]; /* of SHA-512 */
	} state;
	uint64_t octets; /* hashed so far */
	unsigned char block[HASH_BLOCK];
};

/* How many octets a hash has: 16, 20, 32 or 64. */
size_t hash_size(enum hash_kind kind);

/* In pieces: begin, feed as often as needed, end.  out has room for
 * hash_size() octets; h is wiped by hash_end(). */
void hash_begin(struct hash *h, enum hash_kind kind);
void hash_feed(struct hash *h, struct str s);
void hash_end(struct hash *h, unsigned char *out);

/* The hash of s. */
void hash_of(enum hash_kind kind, struct str s, unsigned char *out);

/* HMAC: both hashes as they stand when the key is in them, to be used as often
 * as wanted with hash_hmac_keyed(). */
struct hash_key {
	struct hash inner, outer;
};

void hash_key(struct hash_key *k, enum hash_kind kind, struct str key);
void hash_hmac_keyed(
    const struct hash_key *k, struct str text, unsigned char *out);
void hash_hmac(
    enum hash_kind kind, struct str key, struct str text, unsigned char *out);

/* n octets of PBKDF2 with HMAC of this kind; iterations is at least 1. */
void hash_pbkdf2(enum hash_kind kind, struct str pass, struct str salt,
    uint32_t iterations, unsigned char *out, size_t n);

/* Whether both are the same, in a time that depends on the longer one's length
 * only. */
bool hash_same(struct str a, struct str b);

/* n octets as a slice. */
static inline struct str
hash_str(const unsigned char *p, size_t n)
{
	return str_make((const char *)p, n);
}

#endif
