/* SPDX-License-Identifier: ISC */
/* Argon2 in the text form that its authors' library and libsodium share:
 * $argon2id$v=19$m=KiB,t=passes,p=lanes$salt$hash, base64 without padding. */
#include <argon2.h>
#include <errno.h>

#include "base/fail.h"
#include "base/num.h"
#include "msg/b64.h"
#include "users/secret_schemes.h"

/* What we make: OWASP's first choice.  That of RFC 9106 section 4 takes 64 MiB,
 * more than many logins at once should. */
#define MEMORY_KIB 19456
#define PASSES 2
#define SALT 16
#define OUT 32

#define MEMORY_MAX_KIB 786432 /* what the sandbox of a checker leaves */
#define PASSES_MAX 1000
#define LANES_MAX 64
#define FIELD 256

struct argon2 {
	argon2_type type;
	argon2_context c;
	unsigned char salt[FIELD], want[FIELD], got[FIELD];
};

static bool
read_num(struct str *rest, struct str name, char end, uint32_t max, uint32_t *v)
{
	struct str field;
	uint64_t n;

	if (!str_cut(rest, end, &field) || !str_starts(field, name) ||
	    num_scan(str_from(field, name.n), max, &n) < 0 || n == 0)
		return false;
	*v = (uint32_t)n;
	return true;
}

/* Octets of base64 without padding; how many, 0 for none or wrong ones. */
static uint32_t
read_octets(struct str *rest, unsigned char *to)
{
	struct buf padded, raw;
	struct str field;
	size_t n = 0;

	if (!str_cut(rest, '$', &field) || field.n > FIELD)
		return 0;
	buf_init(&padded, FIELD + 4);
	buf_fixed(&raw, (char *)to, FIELD);
	buf_str(&padded, field);
	while (padded.n % 4 != 0)
		buf_chr(&padded, '=');
	if (b64_decode(&raw, buf_slice(&padded)) == 0 && !raw.over)
		n = raw.n;
	buf_free(&padded);
	return (uint32_t)n;
}

static bool
parse(struct str data, struct argon2 *a)
{
	struct str name;

	*a = (struct argon2){.type = Argon2_id};
	if (!str_cut(&data, '$', &name) || name.n > 0 ||
	    !str_cut(&data, '$', &name))
		return false;
	if (str_eq(name, STR("argon2i")))
		a->type = Argon2_i;
	else if (!str_eq(name, STR("argon2id")))
		return false;
	if (!read_num(&data, STR("v="), '$', 19, &a->c.version) ||
	    !read_num(&data, STR("m="), ',', MEMORY_MAX_KIB, &a->c.m_cost) ||
	    !read_num(&data, STR("t="), ',', PASSES_MAX, &a->c.t_cost) ||
	    !read_num(&data, STR("p="), '$', LANES_MAX, &a->c.lanes))
		return false;
	a->c.threads = 1;
	a->c.salt = a->salt;
	a->c.saltlen = read_octets(&data, a->salt);
	a->c.out = a->got;
	a->c.outlen = read_octets(&data, a->want);
	return a->c.saltlen > 0 && a->c.outlen > 0 && !data.p;
}

/* The library's arguments are not const; with these flags it leaves them. */
static int
compute(struct argon2 *a, struct str pass)
{
	char phrase[SECRET_PASS_MAX + 1];
	int r;

	if (str_copy(phrase, sizeof(phrase), pass) < 0)
		return -1;
	a->c.pwd = (unsigned char *)phrase;
	a->c.pwdlen = (uint32_t)pass.n;
	r = argon2_ctx(&a->c, a->type);
	secret_wipe(phrase, sizeof(phrase));
	if (r == ARGON2_OK)
		return 0;
	return fail_text(r == ARGON2_MEMORY_ALLOCATION_ERROR ? ENOMEM : EPROTO,
	    argon2_error_message(r));
}

int
secret_argon2_check(struct str data, struct str pass)
{
	struct argon2 a;

	if (!parse(data, &a))
		return fail_text(EPROTO, "not a hash of Argon2");
	if (compute(&a, pass) < 0)
		return -1;
	return hash_same(
	    hash_str(a.got, a.c.outlen), hash_str(a.want, a.c.outlen));
}

static void
put_octets(struct buf *b, const unsigned char *p, size_t n)
{
	b64_encode(b, hash_str(p, n));
	while (b->n > 0 && b->p[b->n - 1] == '=')
		b->n--;
}

int
secret_argon2_make(struct str pass, struct buf *b)
{
	struct argon2 a = {.type = Argon2_id,
	    .c = {.version = ARGON2_VERSION_13,
		.m_cost = MEMORY_KIB,
		.t_cost = PASSES,
		.lanes = 1,
		.threads = 1,
		.saltlen = SALT,
		.outlen = OUT}};

	a.c.salt = a.salt;
	a.c.out = a.got;
	if (secret_random(a.salt, SALT) < 0 || compute(&a, pass) < 0)
		return -1;
	buf_fmt(b, "$argon2id$v=%d$m=%d,t=%d,p=1$", ARGON2_VERSION_13,
	    MEMORY_KIB, PASSES);
	put_octets(b, a.salt, SALT);
	buf_chr(b, '$');
	put_octets(b, a.got, OUT);
	return 0;
}
