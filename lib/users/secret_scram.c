/* SPDX-License-Identifier: ISC */
/* Schemes of PBKDF2. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/fail.h"
#include "base/num.h"
#include "msg/b64.h"
#include "users/secret_schemes.h"

#define FIELD 192
#define SALT 16
#define ITERATIONS 20000 /* about 15 ms; RFC 7677 4 asks for 4096 or more */
#define ITERATIONS_MAX 10000000

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

/* RFC 5802 3: SaltedPassword, and what is stored of it. */
static void
keys(enum hash_kind kind, struct str pass, struct str salt, uint32_t iterations,
    unsigned char *stored, unsigned char *server)
{
	unsigned char salted[HASH_MAX], client[HASH_MAX];
	size_t n = hash_size(kind);

	hash_pbkdf2(kind, pass, salt, iterations, salted, n);
	hash_hmac(kind, hash_str(salted, n), STR("Client Key"), client);
	hash_of(kind, hash_str(client, n), stored);
	hash_hmac(kind, hash_str(salted, n), STR("Server Key"), server);
	secret_wipe(salted, sizeof(salted));
	secret_wipe(client, sizeof(client));
}

/* Base64 of exactly n octets, or of 1 to max when n is 0; how many, or 0. */
static size_t
read_octets(struct str *rest, unsigned char *to, size_t n, size_t max)
{
	char octets[FIELD];
	struct str field;
	struct buf raw;

	buf_fixed(&raw, octets, sizeof(octets));
	if (!str_cut(rest, ',', &field) || b64_decode(&raw, field) < 0 ||
	    raw.over || raw.n > max || (n > 0 && raw.n != n))
		return 0;
	memcpy(to, octets, raw.n);
	return raw.n;
}

int
secret_scram_parse(enum hash_kind kind, struct str data, struct secret_scram *s)
{
	size_t n = hash_size(kind);
	struct str field;
	uint64_t v;

	*s = (struct secret_scram){0};
	if (!str_cut(&data, ',', &field) ||
	    num_scan(field, ITERATIONS_MAX, &v) < 0 || v == 0)
		return malformed();
	s->iterations = (uint32_t)v;
	s->salt_n = read_octets(&data, s->salt, 0, sizeof(s->salt));
	if (s->salt_n == 0 ||
	    read_octets(&data, s->stored_key, n, sizeof(s->stored_key)) == 0 ||
	    read_octets(&data, s->server_key, n, sizeof(s->server_key)) == 0 ||
	    data.p)
		return malformed();
	return 1;
}

int
secret_scram_check(enum hash_kind kind, struct str data, struct str pass)
{
	unsigned char stored[HASH_MAX], server[HASH_MAX];
	size_t n = hash_size(kind);
	struct secret_scram s;

	if (secret_scram_parse(kind, data, &s) < 0)
		return -1;
	keys(kind, pass, hash_str(s.salt, s.salt_n), s.iterations, stored,
	    server);
	return hash_same(hash_str(stored, n), hash_str(s.stored_key, n));
}

int
secret_scram_make(struct str pass, struct buf *b)
{
	unsigned char salt[SALT], stored[HASH_MAX], server[HASH_MAX];

	if (secret_random(salt, sizeof(salt)) < 0)
		return -1;
	keys(HASH_SHA256, pass, hash_str(salt, sizeof(salt)), ITERATIONS,
	    stored, server);
	buf_num(b, ITERATIONS);
	buf_chr(b, ',');
	b64_encode(b, hash_str(salt, sizeof(salt)));
	buf_chr(b, ',');
	b64_encode(b, hash_str(stored, 32));
	buf_chr(b, ',');
	b64_encode(b, hash_str(server, 32));
	return 0;
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
