/* SPDX-License-Identifier: ISC */
/* Schemes of one fast hash, with or without salt. */
#include <errno.h>

#include "base/fail.h"
#include "base/num.h"
#include "msg/b64.h"
#include "users/secret_schemes.h"

#define DATA_MAX 512 /* octets of a hash and its salt */
#define CRAM 32
#define SALT 8

int
secret_malformed(void)
{
	return fail_text(EPROTO, "not a hash of its scheme");
}

bool
secret_hex(struct buf *to, struct str s)
{
	uint64_t v;

	if (s.n % 2 != 0)
		return false;
	for (size_t i = 0; i < s.n; i += 2) {
		if (num_scan_hex(str_to(str_from(s, i), 2), 255, &v) < 0)
			return false;
		buf_chr(to, (char)v);
	}
	return !to->over;
}

/* The octets of data, of which there are n, or more when a salt follows.
 * Without an encoding hex is twice as long as what it says; a salted hash is
 * always in base64 then, as Dovecot has it. */
static bool
decode(struct str encoding, struct str data, size_t n, bool salted,
    struct buf *raw)
{
	bool hex = str_ieq(encoding, STR("hex"));

	if (!hex && encoding.n > 0 && !str_ieq(encoding, STR("b64")) &&
	    !str_ieq(encoding, STR("base64")))
		return false;
	if (encoding.n == 0)
		hex = !salted && data.n == 2 * n;
	if (hex ? !secret_hex(raw, data)
		: b64_decode(raw, data) < 0 || raw->over)
		return false;
	return salted ? raw->n > n : raw->n == n;
}

int
secret_digest_check(enum hash_kind kind, bool salted, struct str encoding,
    struct str data, struct str pass)
{
	char octets[DATA_MAX];
	unsigned char got[HASH_MAX];
	size_t n = hash_size(kind);
	struct hash h;
	struct buf raw;

	buf_fixed(&raw, octets, sizeof(octets));
	if (!decode(encoding, data, n, salted, &raw))
		return secret_malformed();
	hash_begin(&h, kind);
	hash_feed(&h, pass);
	hash_feed(&h, str_from(buf_slice(&raw), n));
	hash_end(&h, got);
	return hash_same(hash_str(got, n), str_to(buf_slice(&raw), n));
}

int
secret_digest_make(enum hash_kind kind, struct str pass, struct buf *b)
{
	unsigned char raw[HASH_MAX + SALT];
	size_t n = hash_size(kind);
	struct hash h;

	if (secret_random(raw + n, SALT) < 0)
		return -1;
	hash_begin(&h, kind);
	hash_feed(&h, pass);
	hash_feed(&h, hash_str(raw + n, SALT));
	hash_end(&h, raw);
	b64_encode(b, hash_str(raw, n + SALT));
	return 0;
}

/* Each word of MD5 with its lowest octet first. */
int
secret_cram_check(struct str encoding, struct str data, struct str pass)
{
	char octets[CRAM + 1];
	unsigned char got[CRAM];
	struct hash_key k;
	struct buf raw;
	int r;

	buf_fixed(&raw, octets, sizeof(octets));
	if (!decode(encoding, data, CRAM, false, &raw))
		return secret_malformed();
	hash_key(&k, HASH_MD5, pass);
	for (size_t i = 0; i < CRAM; i++) {
		const struct hash *h = i < 16 ? &k.outer : &k.inner;

		got[i] =
		    (unsigned char)(h->state.w[i % 16 / 4] >> (8 * (i % 4)));
	}
	r = hash_same(hash_str(got, CRAM), buf_slice(&raw));
	secret_wipe(&k, sizeof(k));
	return r;
}
