/* SPDX-License-Identifier: ISC */
/* Punycode, RFC 3492 6.  The numbers are bounded by a label's 63 octets before
 * they could overflow: at most 252 characters go in. */
#include "msg/idna.h"

#include <errno.h>
#include <stdint.h>

#include "base/ascii.h"
#include "msg/charset.h"

#define CHARS 252 /* of one label that are looked at */

/* clang-format off */
/* Ranges of capitals: by adding `add`, or, when it is 0, of pairs where the
 * capital comes first and is even (odd for `odd`). */
static const struct {
	uint32_t first, last;
	uint32_t add;
	bool odd;
} capitals[] = {
    {'A', 'Z', 32, false},
    {0xc0, 0xd6, 32, false},      /* Latin-1 */
    {0xd8, 0xde, 32, false},
    {0x100, 0x12f, 0, false},     /* Latin Extended-A */
    {0x132, 0x137, 0, false},
    {0x139, 0x148, 0, true},
    {0x14a, 0x177, 0, false},
    {0x179, 0x17e, 0, true},
    {0x388, 0x38a, 37, false},    /* Greek */
    {0x391, 0x3a1, 32, false},
    {0x3a3, 0x3ab, 32, false},
    {0x400, 0x40f, 80, false},    /* Cyrillic */
    {0x410, 0x42f, 32, false},
    {0x460, 0x481, 0, false},
    {0x48a, 0x4bf, 0, false},
    {0x4c1, 0x4ce, 0, true},
    {0x4d0, 0x52f, 0, false},
    {0x531, 0x556, 48, false},    /* Armenian */
    {0x1e00, 0x1e95, 0, false},   /* Latin Extended Additional */
    {0x1ea0, 0x1eff, 0, false},
    {0xff21, 0xff3a, 32, false},  /* full-width letters */
};

/* Single ones. */
static const uint32_t singles[][2] = {{0x178, 0xff}, {0x386, 0x3ac},
    {0x38c, 0x3cc}, {0x38e, 0x3cd}, {0x38f, 0x3ce},
    {0x4c0, 0x4cf}};
/* clang-format on */

static uint32_t
lower(uint32_t c)
{
	for (size_t i = 0; i < sizeof(capitals) / sizeof(*capitals); i++) {
		if (c < capitals[i].first)
			break;
		if (c > capitals[i].last)
			continue;
		if (capitals[i].add)
			return c + capitals[i].add;
		return c % 2 == capitals[i].odd ? c + 1 : c;
	}
	for (size_t i = 0; i < sizeof(singles) / sizeof(*singles); i++)
		if (c == singles[i][0])
			return singles[i][1];
	return c;
}

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
	size_t n = 0;

	while (s.n > 0 && n < CHARS) {
		size_t used = charset_utf8(s, &c[n]);

		if (used == 0)
			break;
		c[n] = lower(c[n]);
		s = str_from(s, used);
		n++;
	}
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
