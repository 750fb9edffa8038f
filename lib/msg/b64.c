/* SPDX-License-Identifier: ISC */
/* Base64: strict for credentials, tolerant and in pieces for mail. */
#include "msg/b64.h"

#include <errno.h>

#include "base/ascii.h"

#define B64_LINE 57 /* octets that make 76 characters */

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static unsigned
octet(struct str s, size_t i)
{
	return i < s.n ? (unsigned char)s.p[i] : 0;
}

void
b64_encode(struct buf *to, struct str s)
{
	char *p;

	if (s.n > to->max || (p = buf_room(to, (s.n + 2) / 3 * 4)) == NULL) {
		to->over = true;
		return;
	}
	for (size_t i = 0; i < s.n; i += 3) {
		unsigned v =
		    octet(s, i) << 16 | octet(s, i + 1) << 8 | octet(s, i + 2);

		*p++ = alphabet[v >> 18];
		*p++ = alphabet[v >> 12 & 63];
		*p++ = i + 1 < s.n ? alphabet[v >> 6 & 63] : '=';
		*p++ = i + 2 < s.n ? alphabet[v & 63] : '=';
	}
}

void
b64_encode_lines(struct buf *to, struct str s)
{
	for (size_t i = 0; i < s.n; i += B64_LINE) {
		b64_encode(to, str_to(str_from(s, i), B64_LINE));
		buf_z(to, "\r\n");
	}
}

/* clang-format off */
static const signed char values[128] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63, 52, 53, 54, 55, 56, 57,
    58, 59, 60, 61, -1, -1, -1, -1, -1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1,
    -1, -1, -1, -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
    40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
};
/* clang-format on */

/* What c stands for; -1 for nothing. */
static int
value(char c)
{
	return ascii_ishigh(c) ? -1 : values[(unsigned char)c];
}

static int
invalid(void)
{
	errno = EINVAL;
	return -1;
}

/* How many '=' end s, at most two. */
static size_t
padding(struct str s)
{
	size_t n = 0;

	while (n < 2 && n < s.n && s.p[s.n - 1 - n] == '=')
		n++;
	return n;
}

/* The bits of the last character that stand for nothing must be 0, or one
 * secret would have several spellings (RFC 4648 3.5). */
static int
check(struct str s, size_t pad)
{
	if (s.n % 4 || (s.n == 0 && pad))
		return invalid();
	for (size_t i = 0; i < s.n - pad; i++)
		if (value(s.p[i]) < 0)
			return invalid();
	if (pad && value(s.p[s.n - pad - 1]) & (pad == 1 ? 3 : 15))
		return invalid();
	return 0;
}

int
b64_decode(struct buf *to, struct str s)
{
	size_t pad = padding(s);
	size_t left = s.n / 4 * 3 - pad;
	char *p;

	if (check(s, pad) < 0)
		return -1;
	p = buf_room(to, left);
	for (size_t i = 0; p && i < s.n; i += 4) {
		unsigned v = 0;

		for (size_t k = 0; k < 4; k++)
			v = v << 6 |
			    (s.p[i + k] == '=' ? 0
					       : (unsigned)value(s.p[i + k]));
		for (unsigned k = 0; k < 3 && left; k++, left--)
			*p++ = (char)(v >> (16 - 8 * k) & 255);
	}
	return 0;
}

void
b64_begin(struct b64 *d)
{
	*d = (struct b64){0};
}

/* Whole groups off the front of s, as far as they go without anything else
 * between; returns how many octets of s they were. */
static size_t
groups(struct str s, struct buf *to)
{
	size_t i = 0, had = to->n;
	char *o = buf_room(to, s.n / 4 * 3);

	if (!o)
		return 0;
	while (i + 4 <= s.n) {
		int a = value(s.p[i]), b = value(s.p[i + 1]);
		int c = value(s.p[i + 2]), d = value(s.p[i + 3]);
		unsigned v;

		if ((a | b | c | d) < 0)
			break;
		v = (unsigned)a << 18 | (unsigned)b << 12 | (unsigned)c << 6 |
		    (unsigned)d;
		*o++ = (char)(v >> 16);
		*o++ = (char)(v >> 8 & 255);
		*o++ = (char)(v & 255);
		i += 4;
	}
	to->n = had + i / 4 * 3;
	return i;
}

static void
one(struct b64 *d, char c, struct buf *to)
{
	int v = value(c);

	if (c == '=')
		b64_end(d, to);
	if (v < 0)
		return;
	d->bits = d->bits << 6 | (unsigned)v;
	if (++d->n < 4)
		return;
	buf_put(to,
	    (char[]){(char)(d->bits >> 16 & 255), (char)(d->bits >> 8 & 255),
		(char)(d->bits & 255)},
	    3);
	b64_begin(d);
}

void
b64_feed(struct b64 *d, struct str s, struct buf *to)
{
	while (s.n) {
		/* Mostly lines of 76 characters. */
		size_t n = d->n ? 0 : groups(str_to(s, 76), to);

		if (n == 0) {
			one(d, s.p[0], to);
			n = 1;
		}
		s = str_from(s, n);
	}
}

void
b64_end(struct b64 *d, struct buf *to)
{
	if (d->n >= 2)
		buf_chr(to, (char)(d->bits >> (6 * d->n - 8) & 255));
	if (d->n == 3)
		buf_chr(to, (char)(d->bits >> 2 & 255));
	b64_begin(d);
}
