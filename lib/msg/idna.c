/* SPDX-License-Identifier: ISC */
/* Punycode, RFC 3492 6.  The numbers are bounded by a label's 63 octets before
 * they could overflow: at most 252 characters go in. */
#include "msg/idna.h"

#include <errno.h>
#include <stdint.h>

#include "base/ascii.h"
#include "msg/charset.h"
#include "msg/text.h"

#define CHARS 252 /* of one label that are looked at */
#define FINAL_SIGMA 0x3c2

enum {
	BASE = 36,
	TMIN = 1,
	TMAX = 26,
	SKEW = 38,
	DAMP = 700,
	FIRST_BIAS = 72,
	FIRST_N = 128
};

static int
bad(void)
{
	errno = EINVAL;
	return -1;
}

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static void
put_digit(struct buf *to, uint32_t d)
{
	buf_chr(to, (char)(d < 26 ? 'a' + d : '0' + (d - 26)));
}

/* A number of variable length. */
static void
put_number(struct buf *to, uint32_t q, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias          ? TMIN
		             : k >= bias + TMAX ? TMAX
		                                : k - bias;

		if (q < t)
			break;
		put_digit(to, t + (q - t) % (BASE - t));
		q = (q - t) / (BASE - t);
	}
	put_digit(to, q);
}

static uint32_t
next_larger(const uint32_t *c, size_t n, uint32_t least)
{
	uint32_t m = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		if (c[i] >= least && c[i] < m)
			m = c[i];
	return m;
}

static void
punycode(const uint32_t *c, size_t n, struct buf *to)
{
	uint32_t code = FIRST_N, delta = 0, bias = FIRST_BIAS;
	uint32_t done = 0, basic;

	for (size_t i = 0; i < n; i++)
		if (c[i] < FIRST_N) {
			buf_chr(to, (char)c[i]);
			done++;
		}
	basic = done;
	if (basic > 0)
		buf_chr(to, '-');
	while (done < n) {
		uint32_t m = next_larger(c, n, code);

		delta += (m - code) * (done + 1);
		code = m;
		for (size_t i = 0; i < n; i++) {
			if (c[i] < code)
				delta++;
			if (c[i] != code)
				continue;
			put_number(to, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		code++;
	}
}

/* The characters of a label in lower case; -1 for too many or broken ones. */
static int
read_label(struct str s, uint32_t *c, size_t *count)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, 16);
	while (s.n > 0 && n < CHARS) {
		size_t used = charset_utf8(s, &c[n]);

		if (used == 0)
			break;
		buf_reset(&b);
		text_lower(str_to(s, used), &b);
		/* A letter of its own at the end of Greek words. */
		if (c[n] != FINAL_SIGMA)
			charset_utf8(buf_slice(&b), &c[n]);
		s = str_from(s, used);
		n++;
	}
	buf_free(&b);
	*count = n;
	return s.n == 0 ? 0 : -1;
}

static int
put_label(struct str label, struct buf *to)
{
	uint32_t chars[CHARS];
	size_t at = to->n;
	size_t n;

	if (str_is_ascii(label)) {
		buf_str(to, label);
		return 0;
	}
	if (!charset_is_utf8(label) || read_label(label, chars, &n) < 0)
		return bad();
	buf_z(to, "xn--");
	punycode(chars, n, to);
	return to->over || to->n - at > IDNA_LABEL ? bad() : 0;
}

int
idna_ascii(struct str domain, struct buf *to)
{
	struct str label;
	bool first = true;

	while (str_cut(&domain, '.', &label)) {
		if (!first)
			buf_chr(to, '.');
		if (put_label(label, to) < 0)
			return -1;
		first = false;
	}
	return to->over ? bad() : 0;
}
