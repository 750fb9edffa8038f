/* SPDX-License-Identifier: ISC */
/* Schemes of PBKDF2. */
#include "base/num.h"
#include "msg/b64.h"
#include "users/secret_schemes.h"

#define ITERATIONS_MAX 10000000
#define SHA1 20

int
secret_scram_check(struct str data, struct str pass)
{
	struct scram s;

	if (scram_parse(data, &s) < 0)
		return -1;
	return scram_check(&s, pass);
}

int
secret_scram_make(struct str pass, struct buf *b)
{
	struct scram s;

	if (scram_make(pass, &s) < 0)
		return -1;
	scram_print(&s, b);
	return 0;
}

/* RFC 5802 3, with the password as it comes. */
int
secret_scram1_check(struct str data, struct str pass)
{
	unsigned char key[SHA1];
	char salt_octets[SCRAM_SALT_MAX + 1], stored_octets[SHA1 + 1];
	struct str iterations, salt, stored;
	struct buf raw, want;
	uint64_t n;

	buf_fixed(&raw, salt_octets, sizeof(salt_octets));
	buf_fixed(&want, stored_octets, sizeof(stored_octets));
	if (!str_cut(&data, ',', &iterations) || !str_cut(&data, ',', &salt) ||
	    !str_cut(&data, ',', &stored) || !data.p ||
	    num_scan(iterations, ITERATIONS_MAX, &n) < 0 || n == 0 ||
	    b64_decode(&raw, salt) < 0 || raw.over || raw.n == 0 ||
	    b64_decode(&want, stored) < 0 || want.over || want.n != SHA1)
		return secret_malformed();
	hash_pbkdf2(HASH_SHA1, pass, buf_slice(&raw), (uint32_t)n, key, SHA1);
	hash_hmac(HASH_SHA1, hash_str(key, SHA1), STR("Client Key"), key);
	hash_of(HASH_SHA1, hash_str(key, SHA1), key);
	return hash_same(hash_str(key, SHA1), buf_slice(&want));
}

/* Dovecot's: $1$salt$iterations$ and 20 octets in hex; the salt is the text. */
int
secret_pbkdf2_check(struct str data, struct str pass)
{
	struct str empty, one, salt, iterations;
	unsigned char got[SHA1];
	char octets[SHA1 + 1];
	struct buf want;
	uint64_t n;

	buf_fixed(&want, octets, sizeof(octets));
	if (!str_cut(&data, '$', &empty) || empty.n > 0 ||
	    !str_cut(&data, '$', &one) || !str_eq(one, STR("1")) ||
	    !str_cut(&data, '$', &salt) || !str_cut(&data, '$', &iterations) ||
	    num_scan(iterations, ITERATIONS_MAX, &n) < 0 || n == 0 || !data.p ||
	    !secret_hex(&want, data) || want.n != SHA1)
		return secret_malformed();
	hash_pbkdf2(HASH_SHA1, pass, salt, (uint32_t)n, got, sizeof(got));
	return hash_same(hash_str(got, SHA1), buf_slice(&want));
}
