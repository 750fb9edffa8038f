/* SPDX-License-Identifier: ISC */
/* Punycode, the encoding side: RFC 3492 6.3 with the parameters of 5. */
#include "msg/idna.h"

#include <errno.h>

#include "base/ascii.h"
#include "msg/charset.h"
#include "msg/text.h"

#define BASE 36
#define TMIN 1
#define TMAX 26
#define SKEW 38
#define DAMP 700

struct label {
	uint32_t c[IDNA_LABEL]; /* code points */
	uint32_t n;
};

static int
invalid(void)
{
	errno = EINVAL;
	return -1;
}

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_ishigh(s.p[i]))
			return false;
	return true;
}

static int
decode(struct str s, struct label *l)
{
	l->n = 0;
	while (s.n > 0) {
		size_t used;

		if (l->n == IDNA_LABEL)
			return invalid();
		used = charset_utf8(s, &l->c[l->n++]);
		if (used == 0)
			return invalid();
		s = str_from(s, used);
	}
	return 0;
}

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta /= first ? DAMP : 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

/* A number with a variable length, the least significant digit first. */
static void
put_number(struct buf *to, uint32_t v, uint32_t bias)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias          ? TMIN
		             : k >= bias + TMAX ? TMAX
		                                : k - bias;

		if (v < t)
			break;
		buf_chr(to, digits[t + (v - t) % (BASE - t)]);
		v = (v - t) / (BASE - t);
	}
	buf_chr(to, digits[v]);
}

/* The least code point that is not below `least`. */
static uint32_t
next_point(const struct label *l, uint32_t least)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->c[i] >= least && l->c[i] < best)
			best = l->c[i];
	return best;
}

/* 63 points below 0x110000 cannot make delta overflow. */
static void
put_punycode(struct buf *to, const struct label *l)
{
	uint32_t point = 128, delta = 0, bias = 72, done = 0, basic;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->c[i] < 128) {
			buf_chr(to, (char)l->c[i]);
			done++;
		}
	basic = done;
	if (basic > 0)
		buf_chr(to, '-');
	while (done < l->n) {
		uint32_t next = next_point(l, point);

		delta += (next - point) * (done + 1);
		point = next;
		for (uint32_t i = 0; i < l->n; i++) {
			if (l->c[i] < point)
				delta++;
			if (l->c[i] != point)
				continue;
			put_number(to, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		point++;
	}
}

static int
put_label(struct buf *to, struct str s)
{
	size_t start = to->n;
	struct label l;
	struct buf lower;
	int r;

	if (is_ascii(s)) {
		buf_str(to, s);
		return 0;
	}
	if (!charset_is_utf8(s))
		return invalid();
	buf_init(&lower, 1024);
	text_lower(s, &lower);
	r = decode(buf_slice(&lower), &l);
	buf_free(&lower);
	if (r < 0)
		return -1;
	buf_z(to, "xn--");
	put_punycode(to, &l);
	return to->n - start > IDNA_LABEL ? invalid() : 0;
}

int
idna_ascii(struct str domain, struct buf *to)
{
	struct str label;

	for (bool first = true; str_cut(&domain, '.', &label); first = false) {
		if (!first)
			buf_chr(to, '.');
		if (put_label(to, label) < 0)
			return -1;
	}
	return to->over ? invalid() : 0;
}
