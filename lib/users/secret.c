/* SPDX-License-Identifier: ISC */
/* Which scheme a secret is of. */
#define _GNU_SOURCE
#include "users/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/fail.h"
#include "users/secret_schemes.h"

enum family {
	CRYPT,
	ARGON2,
	DIGEST,
	SALTED,
	CRAM,
	SCRAM,
	SCRAM1,
	PBKDF2,
	CLEAR
};

#define FAST "a fast hash"

static const struct scheme {
	const char *name;
	enum family family;
	enum hash_kind hash; /* of those that have one */
	const char *weak;
} schemes[] = {
    {"SCRAM-SHA-256", SCRAM, HASH_SHA256, NULL},
    {"SCRAM-SHA-1", SCRAM1, HASH_SHA1, NULL},
    {"CRYPT", CRYPT, 0, NULL},
    {"SHA512-CRYPT", CRYPT, 0, NULL},
    {"SHA256-CRYPT", CRYPT, 0, NULL},
    {"BLF-CRYPT", CRYPT, 0, NULL},
    {"MD5-CRYPT", CRYPT, 0, FAST},
    {"DES-CRYPT", CRYPT, 0, FAST " of eight characters"},
    {"ARGON2ID", ARGON2, 0, NULL},
    {"ARGON2I", ARGON2, 0, NULL},
    {"PBKDF2", PBKDF2, HASH_SHA1, NULL},
    {"SSHA512", SALTED, HASH_SHA512, FAST},
    {"SSHA256", SALTED, HASH_SHA256, FAST},
    {"SSHA", SALTED, HASH_SHA1, FAST},
    {"SMD5", SALTED, HASH_MD5, FAST},
    {"SHA512", DIGEST, HASH_SHA512, FAST " without salt"},
    {"SHA256", DIGEST, HASH_SHA256, FAST " without salt"},
    {"SHA", DIGEST, HASH_SHA1, FAST " without salt"},
    {"SHA1", DIGEST, HASH_SHA1, FAST " without salt"},
    {"LDAP-MD5", DIGEST, HASH_MD5, FAST " without salt"},
    {"PLAIN-MD5", DIGEST, HASH_MD5, FAST " without salt"},
    {"MD5", DIGEST, HASH_MD5, FAST " without salt"},
    {"CRAM-MD5", CRAM, HASH_MD5, FAST " without salt"},
    {"HMAC-MD5", CRAM, HASH_MD5, FAST " without salt"},
    {"PLAIN", CLEAR, 0, "clear text"},
    {"CLEAR", CLEAR, 0, "clear text"},
    {"CLEARTEXT", CLEAR, 0, "clear text"},
};

void
secret_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

int
secret_random(void *to, size_t n)
{
	if (getrandom(to, n, 0) != (ssize_t)n)
		return fail("random octets", NULL);
	return 0;
}

/* Cut "{SCHEME.encoding}" off; CRYPT when there is none, also for {MD5}$1$…,
 * an old name.  NULL for one that we do not know. */
static const struct scheme *
scheme_of(struct str *data, struct str *encoding)
{
	struct str name = STR("CRYPT");
	size_t end = str_find(*data, '}'), dot;

	*encoding = STR("");
	if (data->n > 0 && data->p[0] == '{' && end < data->n) {
		name = str_make(data->p + 1, end - 1);
		*data = str_from(*data, end + 1);
		dot = str_rfind(name, '.');
		*encoding = str_from(name, dot + 1);
		name = str_to(name, dot);
	}
	if (str_ieq(name, STR("MD5")) && str_starts(*data, STR("$")))
		name = STR("MD5-CRYPT");
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (str_ieq(name, str_z(schemes[i].name)))
			return &schemes[i];
	return NULL;
}

bool
secret_known(struct str stored)
{
	struct str encoding;

	return scheme_of(&stored, &encoding) != NULL;
}

static bool
locked(const struct scheme *s, struct str data)
{
	/* In clear text these are letters like others. */
	if (data.n == 0 || (s && s->family == CLEAR))
		return data.n == 0;
	return data.p[0] == '!' || data.p[0] == '*';
}

bool
secret_locked(struct str stored)
{
	struct str encoding;
	const struct scheme *s = scheme_of(&stored, &encoding);

	return locked(s, stored);
}

const char *
secret_weak(struct str stored)
{
	struct str encoding;
	const struct scheme *s = scheme_of(&stored, &encoding);

	if (!s || s->weak || s->family != CRYPT)
		return s ? s->weak : NULL;
	if (str_starts(stored, STR("$1$")))
		return FAST;
	if (stored.n > 0 && stored.p[0] != '$' && stored.p[0] != '_')
		return FAST " of eight characters";
	return NULL;
}

bool
secret_plain(struct str stored, struct str *pass)
{
	struct str encoding;
	const struct scheme *s = scheme_of(&stored, &encoding);

	if (!s || s->family != CLEAR || encoding.n > 0 || locked(s, stored))
		return false;
	*pass = stored;
	return true;
}

int
secret_check(struct str stored, struct str pass)
{
	struct str encoding;
	const struct scheme *s = scheme_of(&stored, &encoding);

	if (!s)
		return fail_text(EPROTO, "an unknown password scheme");
	if (locked(s, stored))
		return 0;
	if (s->family == CLEAR)
		return hash_same(stored, pass);
	if (pass.n > SECRET_PASS_MAX || str_has(pass, '\0'))
		return 0;
	switch (s->family) {
	case CRYPT:
		return secret_crypt_check(stored, pass);
	case ARGON2:
		return secret_argon2_check(stored, pass);
	case DIGEST:
	case SALTED:
		return secret_digest_check(
		    s->hash, s->family == SALTED, encoding, stored, pass);
	case CRAM:
		return secret_cram_check(encoding, stored, pass);
	case SCRAM:
		return secret_scram_check(stored, pass);
	case SCRAM1:
		return secret_scram1_check(stored, pass);
	case PBKDF2:
		return secret_pbkdf2_check(stored, pass);
	case CLEAR:
		break;
	}
	return 0;
}

void
secret_pretend(struct str like, struct str pass)
{
	static const char some[] =
	    "{SCRAM-SHA-256}20000,AAAAAAAAAAAAAAAAAAAAAA==,"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

	if (pass.n > SECRET_PASS_MAX || str_has(pass, '\0'))
		pass = STR("x");
	if (secret_check(like.n > 0 ? like : str_z(some), pass) < 0)
		errno = 0;
}

int
secret_scram(struct str stored, struct scram *keys)
{
	struct str encoding;
	const struct scheme *s = scheme_of(&stored, &encoding);

	if (!s || s->family != SCRAM || locked(s, stored))
		return 0;
	return scram_parse(stored, keys) < 0 ? -1 : 1;
}

static int
make_clear(struct str pass, struct buf *b)
{
	if (str_has(pass, ':'))
		return fail_text(EINVAL, "a colon in clear text");
	buf_str(b, pass);
	return 0;
}

static int
make_ssha256(struct str pass, struct buf *b)
{
	return secret_digest_make(HASH_SHA256, pass, b);
}

static const struct {
	const char *name, *prefix;
	const char *salt; /* of libcrypt's, for a cost of 10 to 60 ms */
	unsigned long cost;
	int (*make)(struct str pass, struct buf *b);
} ours[] = {
    {"SCRAM-SHA-256", "{SCRAM-SHA-256}", NULL, 0, secret_scram_make},
    {"yescrypt", "{CRYPT}", "$y$", 0, NULL},
    {"ARGON2ID", "{ARGON2ID}", NULL, 0, secret_argon2_make},
    {"BLF-CRYPT", "{BLF-CRYPT}", "$2y$", 10, NULL},
    {"bcrypt", "{BLF-CRYPT}", "$2y$", 10, NULL},
    {"SHA512-CRYPT", "{SHA512-CRYPT}", "$6$", 50000, NULL},
    {"SSHA256", "{SSHA256}", NULL, 0, make_ssha256},
    {"PLAIN", "{PLAIN}", NULL, 0, make_clear},
};

static int
make_as(struct str scheme, struct str pass, struct buf *b)
{
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (!str_ieq(scheme, str_z(ours[i].name)))
			continue;
		buf_z(b, ours[i].prefix);
		if (ours[i].salt)
			return secret_crypt_make(
			    ours[i].salt, ours[i].cost, pass, b);
		return ours[i].make(pass, b);
	}
	return fail_text(EINVAL, "not a scheme that we make");
}

int
secret_make(struct str scheme, struct str pass, struct buf *b)
{
	size_t before = b->n;
	int r;

	if (pass.n == 0 || pass.n > SECRET_PASS_MAX || str_has(pass, '\0') ||
	    str_has(pass, '\n') || str_has(pass, '\r'))
		return fail_text(EINVAL, "not a usable password");
	r = make_as(scheme.n ? scheme : STR("SCRAM-SHA-256"), pass, b);
	if (r == 0 && b->over)
		r = fail_text(EFBIG, "no room for a secret");
	if (r < 0)
		b->n = before;
	return r;
}
