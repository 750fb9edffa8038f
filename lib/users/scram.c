/* SPDX-License-Identifier: ISC */
/* RFC 5802 3:
 *
 *	SaltedPassword  := Hi(Normalize(password), salt, i)
 *	ClientKey       := HMAC(SaltedPassword, "Client Key")
 *	StoredKey       := H(ClientKey)
 *	ClientSignature := HMAC(StoredKey, AuthMessage)
 *	ClientProof     := ClientKey XOR ClientSignature
 *	ServerKey       := HMAC(SaltedPassword, "Server Key")
 *	ServerSignature := HMAC(ServerKey, AuthMessage)
 */
#define _GNU_SOURCE
#include "users/scram.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/fail.h"
#include "base/hash.h"
#include "base/num.h"
#include "msg/b64.h"
#include "msg/saslprep.h"

#define SALT 16 /* octets of those we make */

#define KIND HASH_SHA256

static bool
same_key(const unsigned char a[SCRAM_KEY], const unsigned char b[SCRAM_KEY])
{
	return hash_same(hash_str(a, SCRAM_KEY), hash_str(b, SCRAM_KEY));
}

/* Base64 into to[max], exactly max octets when `exact`.  Their number, or 0. */
static size_t
decode(struct str text, unsigned char *to, size_t max, bool exact)
{
	char room[SCRAM_SALT_MAX + 1];
	struct buf b;

	buf_fixed(&b, room, max + 1);
	if (b64_decode(&b, text) < 0 || b.over || (exact && b.n != max))
		return 0;
	memcpy(to, b.p, b.n);
	return b.n;
}

int
scram_parse(struct str text, struct scram *to)
{
	struct str iterations, salt, stored;
	uint64_t n;

	if (!str_cut(&text, ',', &iterations) || !str_cut(&text, ',', &salt) ||
	    !str_cut(&text, ',', &stored) || !text.p ||
	    num_scan(iterations, SCRAM_ITERATIONS_MOST, &n) < 0 || n == 0)
		return fail_text(EPROTO, "malformed SCRAM keys");
	to->iterations = (unsigned)n;
	to->salt_n = decode(salt, to->salt, SCRAM_SALT_MAX, false);
	if (to->salt_n == 0 || !decode(stored, to->stored, SCRAM_KEY, true) ||
	    !decode(text, to->server, SCRAM_KEY, true))
		return fail_text(EPROTO, "malformed SCRAM keys");
	return 0;
}

void
scram_print(const struct scram *s, struct buf *b)
{
	buf_num(b, s->iterations);
	buf_chr(b, ',');
	b64_encode(b, hash_str(s->salt, s->salt_n));
	buf_chr(b, ',');
	b64_encode(b, hash_str(s->stored, SCRAM_KEY));
	buf_chr(b, ',');
	b64_encode(b, hash_str(s->server, SCRAM_KEY));
}

/* The prepared password into b, which holds enough. */
static int
prepare(struct buf *b, struct str pass)
{
	if (pass.n > SCRAM_PASS_MAX || saslprep(b, pass) < 0 || b->n == 0)
		return fail_text(EINVAL, "not a usable password");
	return 0;
}

int
scram_derive(
    struct str pass, struct str salt, unsigned iterations, struct scram *to)
{
	char room[SASLPREP_GROWTH * SCRAM_PASS_MAX + 1];
	unsigned char salted[SCRAM_KEY], key[SCRAM_KEY];
	struct buf b;
	int r;

	buf_fixed(&b, room, sizeof(room));
	r = prepare(&b, pass);
	if (r == 0) {
		to->iterations = iterations;
		to->salt_n = salt.n < SCRAM_SALT_MAX ? salt.n : SCRAM_SALT_MAX;
		memcpy(to->salt, salt.p, to->salt_n);
		hash_pbkdf2(KIND, buf_slice(&b), str_to(salt, to->salt_n),
		    iterations, salted, sizeof(salted));
		hash_hmac(KIND, hash_str(salted, sizeof(salted)),
		    STR("Client Key"), key);
		hash_of(KIND, hash_str(key, sizeof(key)), to->stored);
		hash_hmac(KIND, hash_str(salted, sizeof(salted)),
		    STR("Server Key"), to->server);
	}
	explicit_bzero(room, sizeof(room));
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(key, sizeof(key));
	return r;
}

int
scram_make(struct str pass, struct scram *to)
{
	unsigned char salt[SALT];

	if (getrandom(salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
		return fail("make a salt", NULL);
	return scram_derive(
	    pass, hash_str(salt, sizeof(salt)), SCRAM_ITERATIONS, to);
}

bool
scram_check(const struct scram *s, struct str pass)
{
	struct scram got;
	struct str salt = hash_str(s->salt, s->salt_n);
	bool usable = scram_derive(pass, salt, s->iterations, &got) == 0;
	bool right;

	if (!usable)
		scram_derive(STR("x"), salt, s->iterations, &got);
	right = same_key(got.stored, s->stored) & usable;
	explicit_bzero(&got, sizeof(got));
	return right;
}

bool
scram_proof(const struct scram *s, struct str auth_message,
    const unsigned char proof[SCRAM_KEY])
{
	unsigned char key[SCRAM_KEY], stored[SCRAM_KEY];
	bool right;

	hash_hmac(KIND, hash_str(s->stored, SCRAM_KEY), auth_message, key);
	for (size_t i = 0; i < SCRAM_KEY; i++)
		key[i] ^= proof[i];
	hash_of(KIND, hash_str(key, sizeof(key)), stored);
	right = same_key(stored, s->stored);
	explicit_bzero(key, sizeof(key));
	return right;
}

void
scram_sign(
    const struct scram *s, struct str auth_message, unsigned char to[SCRAM_KEY])
{
	hash_hmac(KIND, hash_str(s->server, SCRAM_KEY), auth_message, to);
}
