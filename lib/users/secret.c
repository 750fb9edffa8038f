/* SPDX-License-Identifier: ISC */
/* Password hashes, by libcrypt. */
#define _GNU_SOURCE
#include "users/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

/* From libxcrypt; the crypt.h of other C libraries lacks them. */
char *crypt_ra(const char *phrase, const char *setting, void **data, int *size);
char *crypt_gensalt_ra(
    const char *prefix, unsigned long count, const char *random, int nrandom);

#define PREFIX "$y$" /* yescrypt */

static const char *const crypt_schemes[] = {"CRYPT", "SHA512-CRYPT",
    "SHA256-CRYPT", "MD5-CRYPT", "BLF-CRYPT", "DES-CRYPT", NULL};
static const char *const plain_schemes[] = {
    "PLAIN", "CLEAR", "CLEARTEXT", NULL};

void
secret_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

static bool
listed(struct str scheme, const char *const *list)
{
	for (; *list; list++)
		if (str_ieq(scheme, str_z(*list)))
			return true;
	return false;
}

/* Cut "{SCHEME}" off; "CRYPT" when there is none. */
static struct str
scheme_of(struct str *data)
{
	size_t end = str_find(*data, '}');
	struct str scheme;

	if (data->n == 0 || data->p[0] != '{' || end == data->n)
		return STR("CRYPT");
	scheme = str_make(data->p + 1, end - 1);
	*data = str_from(*data, end + 1);
	return scheme;
}

bool
secret_known(struct str stored)
{
	struct str scheme = scheme_of(&stored);

	return listed(scheme, crypt_schemes) || listed(scheme, plain_schemes);
}

bool
secret_locked(struct str stored)
{
	struct str scheme = scheme_of(&stored);

	/* In clear text these are letters like others. */
	if (stored.n == 0 || listed(scheme, plain_schemes))
		return stored.n == 0;
	return stored.p[0] == '!' || stored.p[0] == '*';
}

/* The time depends on the lengths only through the longer one. */
static bool
same(struct str a, struct str b)
{
	size_t n = a.n > b.n ? a.n : b.n;
	unsigned diff = a.n != b.n;

	for (size_t i = 0; i < n; i++) {
		unsigned x = i < a.n ? (unsigned char)a.p[i] : 0;
		unsigned y = i < b.n ? (unsigned char)b.p[i] : 0;

		diff |= x ^ y;
	}
	return diff == 0;
}

/* The hash of pass by setting into b.  0, or -1. */
static int
hash(struct str pass, const char *setting, struct buf *b)
{
	char phrase[SECRET_PASS_MAX + 1];
	void *data = NULL;
	int size = 0;
	const char *result = NULL;

	if (str_copy(phrase, sizeof(phrase), pass) == 0)
		result = crypt_ra(phrase, setting, &data, &size);
	if (result && result[0] != '*')
		buf_z(b, result);
	secret_wipe(phrase, sizeof(phrase));
	if (data)
		secret_wipe(data, (size_t)size);
	free(data);
	if (b->n > 0 && !b->over)
		return 0;
	return fail_text(EPROTO, "libcrypt does not know this hash");
}

static int
check_crypt(struct str stored, struct str pass)
{
	struct buf setting, got;
	int r = 0;

	if (pass.n > SECRET_PASS_MAX || str_has(pass, '\0') ||
	    str_has(stored, '\0'))
		return 0;
	buf_init(&setting, 1024);
	buf_init(&got, 1024);
	buf_str(&setting, stored);
	if (setting.over || hash(pass, buf_cstr(&setting), &got) < 0)
		r = fail_text(EPROTO, "libcrypt does not know this hash");
	else
		r = same(buf_slice(&got), stored);
	buf_free(&setting);
	buf_free(&got);
	return r;
}

int
secret_check(struct str stored, struct str pass)
{
	struct str scheme = scheme_of(&stored);

	if (listed(scheme, crypt_schemes)) {
		if (!secret_locked(stored))
			return check_crypt(stored, pass);
		secret_pretend(pass);
		return 0;
	}
	if (listed(scheme, plain_schemes))
		return stored.n > 0 && same(stored, pass);
	return fail_text(EPROTO, "an unknown password scheme");
}

void
secret_pretend(struct str pass)
{
	static const char some[] = PREFIX "j9T$yubinyubinyubinyubin..$";
	struct buf b;

	buf_init(&b, 1024);
	if (pass.n > SECRET_PASS_MAX || str_has(pass, '\0'))
		pass = STR("x");
	if (hash(pass, some, &b) < 0)
		errno = 0;
	buf_free(&b);
}

int
secret_make(struct str pass, struct buf *b)
{
	char *setting;
	struct buf hashed;
	int r;

	if (pass.n == 0 || pass.n > SECRET_PASS_MAX || str_has(pass, '\0') ||
	    str_has(pass, '\n') || str_has(pass, '\r'))
		return fail_text(EINVAL, "not a usable password");
	setting = crypt_gensalt_ra(PREFIX, 0, NULL, 0);
	if (!setting)
		return fail("make a salt", NULL);
	buf_init(&hashed, 1024);
	r = hash(pass, setting, &hashed);
	free(setting);
	if (r == 0) {
		buf_z(b, "{CRYPT}");
		buf_str(b, buf_slice(&hashed));
	}
	buf_free(&hashed);
	return r;
}
