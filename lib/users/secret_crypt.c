/* SPDX-License-Identifier: ISC */
/* What libcrypt does.  It is libxcrypt on every Linux that we build on; the
 * programs that check passwords are linked with the system's C library, since
 * that of musl knows neither yescrypt nor much else. */
#include <errno.h>
#include <stdlib.h>

#include "base/fail.h"
#include "users/secret_schemes.h"

/* From libxcrypt; the crypt.h of other C libraries lacks them. */
char *crypt_ra(const char *phrase, const char *setting, void **data, int *size);
char *crypt_gensalt_ra(
    const char *prefix, unsigned long count, const char *random, int nrandom);

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

int
secret_crypt_check(struct str data, struct str pass)
{
	struct buf setting, got;
	int r;

	if (str_has(data, '\0'))
		return 0;
	buf_init(&setting, SECRET_MAX);
	buf_init(&got, SECRET_MAX);
	buf_str(&setting, data);
	if (setting.over)
		r = fail_text(EPROTO, "libcrypt does not know this hash");
	else
		r = hash(pass, buf_cstr(&setting), &got);
	if (r == 0)
		r = hash_same(buf_slice(&got), data);
	buf_free(&setting);
	buf_free(&got);
	return r;
}

int
secret_crypt_make(
    const char *prefix, unsigned long cost, struct str pass, struct buf *b)
{
	char *setting = crypt_gensalt_ra(prefix, cost, NULL, 0);
	struct buf hashed;
	int r;

	if (!setting)
		return fail("make a salt", NULL);
	buf_init(&hashed, SECRET_MAX);
	r = hash(pass, setting, &hashed);
	free(setting);
	if (r == 0)
		buf_str(b, buf_slice(&hashed));
	buf_free(&hashed);
	return r;
}
