/* SPDX-License-Identifier: ISC */
/* Hashes.  The loops are those of the RFCs' pseudocode. */
#define _GNU_SOURCE
#include "base/hash.h"

#include <string.h>

/* Fractional parts of the cube roots of the first 80 primes; SHA-256 uses the
 * upper halves of the first 64. */
static const uint64_t k512[80] = {0x428a2f98d728ae22, 0x7137449123ef65cd,
    0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c,
    0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1,
    0x9bdc06a725c71235, 0xc19bf174cf692694, 0xe49b69c19ef14ad2,
    0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4,
    0x76f988da831153b5, 0x983e5152ee66dfab, 0xa831c66d2db43210,
    0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2,
    0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8,
    0x81c2c92e47edaee6, 0x92722c851482353b, 0xa2bfe8a14cf10364,
    0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a,
    0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63,
    0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72,
    0x8cc702081a6439ec, 0x90befffa23631e28, 0xa4506cebde82bde9,
    0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae,
    0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493,
    0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c, 0x4cc5d4becb3e42b6,
    0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

/* RFC 1321 3.4: 2^32 times the sines of 1 to 64. */
static const uint32_t sines[64] = {0xd76aa478, 0xe8c7b756, 0x242070db,
    0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8,
    0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e,
    0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
    0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87,
    0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942,
    0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60,
    0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039,
    0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7,
    0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f,
    0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
    0xeb86d391};

static uint32_t
left32(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t
right32(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint64_t
right64(uint64_t x, unsigned n)
{
	return x >> n | x << (64 - n);
}

static uint32_t
big32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint32_t
little32(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

/* ---- RFC 1321 3.4 ---- */

static void
md5_block(uint32_t s[8], const unsigned char *p)
{
	static const unsigned char turns[4][4] = {
	    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
	uint32_t a = s[0], b = s[1], c = s[2], d = s[3];

	for (unsigned i = 0; i < 64; i++) {
		uint32_t f, t;
		unsigned g;

		if (i < 16) {
			f = (b & c) | (~b & d);
			g = i;
		} else if (i < 32) {
			f = (d & b) | (~d & c);
			g = (5 * i + 1) % 16;
		} else if (i < 48) {
			f = b ^ c ^ d;
			g = (3 * i + 5) % 16;
		} else {
			f = c ^ (b | ~d);
			g = 7 * i % 16;
		}
		t = a + f + sines[i] + little32(p + (size_t)4 * g);
		a = d;
		d = c;
		c = b;
		b += left32(t, turns[i / 16][i % 4]);
	}
	s[0] += a;
	s[1] += b;
	s[2] += c;
	s[3] += d;
}

/* ---- RFC 3174 6.1 ---- */

static void
sha1_block(uint32_t s[8], const unsigned char *p)
{
	uint32_t w[80], a = s[0], b = s[1], c = s[2], d = s[3], e = s[4];

	for (unsigned i = 0; i < 16; i++)
		w[i] = big32(p + (size_t)4 * i);
	for (unsigned i = 16; i < 80; i++)
		w[i] = left32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (unsigned i = 0; i < 80; i++) {
		uint32_t f, k, t;

		if (i < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (i < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (i < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		t = left32(a, 5) + f + e + k + w[i];
		e = d;
		d = c;
		c = left32(b, 30);
		b = a;
		a = t;
	}
	s[0] += a;
	s[1] += b;
	s[2] += c;
	s[3] += d;
	s[4] += e;
}

/* ---- RFC 6234 6.2 ---- */

/* One round: what the RFC calls e becomes d + T1, and a becomes T1 + T2; that
 * the others move on is in the order of the arguments. */
static inline void
sha256_round(uint32_t v[8], unsigned turn, uint32_t k, uint32_t w)
{
	uint32_t a = v[(8 - turn) % 8], b = v[(9 - turn) % 8];
	uint32_t c = v[(10 - turn) % 8], e = v[(12 - turn) % 8];
	uint32_t f = v[(13 - turn) % 8], g = v[(14 - turn) % 8];
	uint32_t t = v[(15 - turn) % 8] +
	             (right32(e, 6) ^ right32(e, 11) ^ right32(e, 25)) +
	             ((e & f) ^ (~e & g)) + k + w;

	v[(11 - turn) % 8] += t;
	v[(15 - turn) % 8] = t +
	                     (right32(a, 2) ^ right32(a, 13) ^ right32(a, 22)) +
	                     ((a & b) ^ (a & c) ^ (b & c));
}

static void
sha256_block(uint32_t s[8], const unsigned char *p)
{
	uint32_t w[64], v[8];

	for (unsigned i = 0; i < 16; i++)
		w[i] = big32(p + (size_t)4 * i);
	for (unsigned i = 16; i < 64; i++) {
		uint32_t x = w[i - 15], y = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (right32(x, 7) ^ right32(x, 18) ^ x >> 3) +
		       (right32(y, 17) ^ right32(y, 19) ^ y >> 10);
	}
	memcpy(v, s, sizeof(v));
	/* Eight times in a row, so that turn is known and v is in registers. */
	for (unsigned i = 0; i < 64; i += 8) {
#define ROUND(turn) \
	sha256_round(v, turn, (uint32_t)(k512[i + (turn)] >> 32), w[i + (turn)])
		ROUND(0);
		ROUND(1);
		ROUND(2);
		ROUND(3);
		ROUND(4);
		ROUND(5);
		ROUND(6);
		ROUND(7);
#undef ROUND
	}
	for (unsigned i = 0; i < 8; i++)
		s[i] += v[i];
}

/* ---- RFC 6234 6.4 ---- */

static void
sha512_block(uint64_t s[8], const unsigned char *p)
{
	uint64_t w[80], v[8];

	for (unsigned i = 0; i < 16; i++)
		w[i] = (uint64_t)big32(p + (size_t)8 * i) << 32 |
		       big32(p + (size_t)8 * i + 4);
	for (unsigned i = 16; i < 80; i++) {
		uint64_t x = w[i - 15], y = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (right64(x, 1) ^ right64(x, 8) ^ x >> 7) +
		       (right64(y, 19) ^ right64(y, 61) ^ y >> 6);
	}
	memcpy(v, s, sizeof(v));
	for (unsigned i = 0; i < 80; i++) {
		uint64_t a = v[0], e = v[4], t1, t2;

		t1 = v[7] + (right64(e, 14) ^ right64(e, 18) ^ right64(e, 41)) +
		     ((e & v[5]) ^ (~e & v[6])) + k512[i] + w[i];
		t2 = (right64(a, 28) ^ right64(a, 34) ^ right64(a, 39)) +
		     ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (unsigned i = 0; i < 8; i++)
		s[i] += v[i];
}

/* ---- what they share ---- */

size_t
hash_size(enum hash_kind kind)
{
	static const size_t sizes[] = {16, 20, 32, 64};

	return sizes[kind];
}

static size_t
block_size(enum hash_kind kind)
{
	return kind == HASH_SHA512 ? 128 : 64;
}

static void
block(struct hash *h, const unsigned char *p)
{
	switch (h->kind) {
	case HASH_MD5:
		md5_block(h->state.w, p);
		break;
	case HASH_SHA1:
		sha1_block(h->state.w, p);
		break;
	case HASH_SHA256:
		sha256_block(h->state.w, p);
		break;
	case HASH_SHA512:
		sha512_block(h->state.d, p);
		break;
	}
}

void
hash_begin(struct hash *h, enum hash_kind kind)
{
	static const uint32_t one[8] = {
	    0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	static const uint32_t two[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
	    0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	static const uint64_t wide[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b,
	    0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
	    0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

	h->kind = kind;
	h->octets = 0;
	if (kind == HASH_SHA512)
		memcpy(h->state.d, wide, sizeof(wide));
	else
		memcpy(
		    h->state.w, kind == HASH_SHA256 ? two : one, sizeof(one));
}

void
hash_feed(struct hash *h, struct str s)
{
	size_t size = block_size(h->kind);

	while (s.n > 0) {
		size_t at = (size_t)(h->octets % size);
		size_t n = s.n < size - at ? s.n : size - at;

		memcpy(h->block + at, s.p, n);
		h->octets += n;
		s = str_from(s, n);
		if (at + n == size)
			block(h, h->block);
	}
}

/* One bit, zeros, and the number of bits in the last 8 (16) octets of a block,
 * MD5's with the lowest octet first, as its words are. */
void
hash_end(struct hash *h, unsigned char *out)
{
	static const unsigned char pad[HASH_BLOCK] = {0x80};
	size_t size = block_size(h->kind);
	size_t length = size == 128 ? 16 : 8;
	uint64_t bits = h->octets * 8;
	size_t at = (size_t)(h->octets % size);
	size_t fill = (at < size - length ? size : 2 * size) - length - at;
	unsigned char count[16] = {0};

	for (size_t i = 0; i < 8; i++)
		count[h->kind == HASH_MD5 ? i : length - 1 - i] =
		    (unsigned char)(bits >> (8 * i));
	hash_feed(h, hash_str(pad, fill));
	hash_feed(h, hash_str(count, length));
	for (size_t i = 0; i < hash_size(h->kind); i++) {
		unsigned up = (unsigned)(24 - 8 * (i % 4));

		if (h->kind == HASH_SHA512)
			out[i] = (unsigned char)(h->state.d[i / 8] >>
						 (56 - 8 * (i % 8)));
		else
			out[i] = (unsigned char)(h->state.w[i / 4] >>
						 (h->kind == HASH_MD5 ? 24 - up
								      : up));
	}
	explicit_bzero(h, sizeof(*h));
}

void
hash_of(enum hash_kind kind, struct str s, unsigned char *out)
{
	struct hash h;

	hash_begin(&h, kind);
	hash_feed(&h, s);
	hash_end(&h, out);
}

void
hash_key(struct hash_key *k, enum hash_kind kind, struct str key)
{
	unsigned char pad[HASH_BLOCK] = {0};
	size_t size = block_size(kind);

	if (key.n > size)
		hash_of(kind, key, pad);
	else if (key.n > 0)
		memcpy(pad, key.p, key.n);
	for (size_t i = 0; i < size; i++)
		pad[i] ^= 0x36;
	hash_begin(&k->inner, kind);
	hash_feed(&k->inner, hash_str(pad, size));
	for (size_t i = 0; i < size; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hash_begin(&k->outer, kind);
	hash_feed(&k->outer, hash_str(pad, size));
	explicit_bzero(pad, sizeof(pad));
}

void
hash_hmac_keyed(const struct hash_key *k, struct str text, unsigned char *out)
{
	struct hash h = k->inner;
	size_t n = hash_size(h.kind);

	hash_feed(&h, text);
	hash_end(&h, out);
	h = k->outer;
	hash_feed(&h, hash_str(out, n));
	hash_end(&h, out);
}

void
hash_hmac(
    enum hash_kind kind, struct str key, struct str text, unsigned char *out)
{
	struct hash_key k;

	hash_key(&k, kind, key);
	hash_hmac_keyed(&k, text, out);
	explicit_bzero(&k, sizeof(k));
}

/* RFC 8018 5.2: the sum of the iterations for block number i. */
static void
pbkdf2_block(const struct hash_key *k, struct str salt, uint32_t i,
    uint32_t iterations, unsigned char *sum)
{
	size_t size = hash_size(k->inner.kind);
	unsigned char number[4], u[HASH_MAX];
	struct hash h = k->inner;

	for (size_t j = 0; j < 4; j++)
		number[j] = (unsigned char)(i >> (24 - 8 * j));
	hash_feed(&h, salt);
	hash_feed(&h, hash_str(number, 4));
	hash_end(&h, u);
	h = k->outer;
	hash_feed(&h, hash_str(u, size));
	hash_end(&h, u);
	memcpy(sum, u, size);
	while (--iterations > 0) {
		hash_hmac_keyed(k, hash_str(u, size), u);
		for (size_t j = 0; j < size; j++)
			sum[j] ^= u[j];
	}
}

void
hash_pbkdf2(enum hash_kind kind, struct str pass, struct str salt,
    uint32_t iterations, unsigned char *out, size_t n)
{
	unsigned char sum[HASH_MAX];
	struct hash_key k;
	uint32_t i = 1;

	hash_key(&k, kind, pass);
	while (n > 0) {
		size_t part = n < hash_size(kind) ? n : hash_size(kind);

		pbkdf2_block(&k, salt, i++, iterations, sum);
		memcpy(out, sum, part);
		out += part;
		n -= part;
	}
	explicit_bzero(&k, sizeof(k));
	explicit_bzero(sum, sizeof(sum));
}

bool
hash_same(struct str a, struct str b)
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
