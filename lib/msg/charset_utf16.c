/* SPDX-License-Identifier: ISC */
/* UTF-16, and UTF-7, which is UTF-16 in base64 between ASCII. */
#include "base/ascii.h"
#include "msg/charset_step.h"

#define REPLACEMENT 0xfffd

static uint32_t
unit(const struct charset *c, size_t i)
{
	unsigned char a = (unsigned char)c->held[i];
	unsigned char b = (unsigned char)c->held[i + 1];

	return c->little ? (uint32_t)b << 8 | a : (uint32_t)a << 8 | b;
}

/* Whether u, the first of all, is a byte order mark; it decides the order. */
static bool
order_mark(struct charset *c, uint32_t u)
{
	if (c->started)
		return false;
	c->started = true;
	if (u == 0xfffe)
		c->little = !c->little;
	return u == 0xfffe || u == 0xfeff;
}

/* Surrogates come in pairs; the half of one gives way to what follows. */
void
charset_utf16(struct charset *c, char octet, struct buf *to)
{
	uint32_t u, low;

	c->held[c->n++] = octet;
	if (c->n % 2)
		return;
	u = unit(c, 0);
	if (order_mark(c, u)) {
		c->n = 0;
		return;
	}
	if (c->n == 2 && u >= 0xd800 && u <= 0xdbff)
		return;
	if (c->n == 2) {
		c->n = 0;
		charset_put(to, u);
		return;
	}
	low = unit(c, 2);
	c->n = 0;
	if (low >= 0xdc00 && low <= 0xdfff) {
		charset_put(to, 0x10000 + ((u & 0x3ff) << 10) + (low & 0x3ff));
		return;
	}
	charset_put(to, REPLACEMENT);
	if (low >= 0xd800 && low <= 0xdbff) {
		c->held[0] = c->held[2];
		c->held[1] = c->held[3];
		c->n = 2;
	} else {
		charset_put(to, low);
	}
}

/* ------------------------------------------------------------------ UTF-7 */

static int
digit(char o)
{
	if (ascii_isupper(o))
		return o - 'A';
	if (ascii_islower(o))
		return o - 'a' + 26;
	if (ascii_isdigit(o))
		return o - '0' + 52;
	return o == '+' ? 62 : o == '/' ? 63 : -1;
}

/* Leave base64; what is left of it must be padding. */
static void
leave(struct charset *c, struct buf *to)
{
	if (c->n)
		charset_put(to, REPLACEMENT);
	c->n = 0;
	c->nbits = 0;
	c->mode = 0;
}

enum { PLAIN, PLUS, BASE64 };

void
charset_utf7(struct charset *c, char o, struct buf *to)
{
	int d = digit(o);

	if (c->mode == PLAIN && o == '+') {
		c->mode = PLUS;
		return;
	}
	if (c->mode == PLUS && o == '-') {
		buf_chr(to, '+');
		c->mode = PLAIN;
		return;
	}
	if (c->mode != PLAIN && d >= 0) {
		c->mode = BASE64;
		c->bits = c->bits << 6 | (uint32_t)d;
		c->nbits += 6;
		if (c->nbits < 8)
			return;
		c->nbits -= 8;
		charset_utf16(c, (char)(c->bits >> c->nbits & 255), to);
		return;
	}
	if (c->mode != PLAIN) {
		leave(c, to);
		if (o == '-')
			return;
	}
	charset_put(to, ascii_ishigh(o) ? REPLACEMENT : (unsigned char)o);
}
