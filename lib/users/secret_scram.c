/* SPDX-License-Identifier: ISC */
/* Schemes of PBKDF2. */
#include <errno.h>
#include <sys/random.h>

#include "base/fail.h"
#include "base/num.h"
#include "msg/b64.h"
#include "users/secret_schemes.h"

#define SALT 16
#define ITERATIONS 20000 /* about 15 ms; RFC 7677 4 asks for 4096 or more */
#define ITERATIONS_MAX 10000000
#define SHA1 20

int
secret_random(void *to, size_t n)
{
	if (getrandom(to, n, 0) != (ssize_t)n)
		return fail("random octets", NULL);
	return 0;
}

static int
malformed(void)
{
	return fail_text(EPROTO, "not a hash of its scheme");
}

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
	unsigned char salt[SALT];
	struct scram s;

	if (secret_random(salt, sizeof(salt)) < 0 ||
	    scram_derive(pass, hash_str(salt, sizeof(salt)), ITERATIONS, &s) <
		0)
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
		return malformed();
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
	unsigned char got[20], want[20];
	uint64_t n, v;

	if (!str_cut(&data, '$', &empty) || empty.n > 0 ||
	    !str_cut(&data, '$', &one) || !str_eq(one, STR("1")) ||
	    !str_cut(&data, '$', &salt) || !str_cut(&data, '$', &iterations) ||
	    num_scan(iterations, ITERATIONS_MAX, &n) < 0 || n == 0 || !data.p ||
	    data.n != 2 * sizeof(want))
		return malformed();
	for (size_t i = 0; i < sizeof(want); i++) {
		if (num_scan_hex(str_to(str_from(data, 2 * i), 2), 255, &v) < 0)
			return malformed();
		want[i] = (unsigned char)v;
	}
	hash_pbkdf2(HASH_SHA1, pass, salt, (uint32_t)n, got, sizeof(got));
	return hash_same(
	    hash_str(got, sizeof(got)), hash_str(want, sizeof(want)));
}
