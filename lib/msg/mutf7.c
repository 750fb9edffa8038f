/* SPDX-License-Identifier: ISC */
/* Modified UTF-7, strict both ways.  Pure; RFC 3501 5.1.3, RFC 2152. */
#include "msg/mutf7.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/scan.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool
printable(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

static bool
control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

static void
put_utf8(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_chr(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_chr(b, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_chr(b, (char)(0xe0 | c >> 12));
		buf_chr(b, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_chr(b, (char)(0xf0 | c >> 18));
		buf_chr(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_chr(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_chr(b, (char)(0x80 | (c & 0x3f)));
}

/* ------------------------------------------------------------ decoding */

struct decoder {
	struct buf *b; /* NULL: only check */
	uint32_t high; /* a high surrogate waiting for its low one, or 0 */
};

/* One UTF-16 unit inside a shift.  Plain characters must not be there. */
static bool
unit(struct decoder *d, uint32_t u)
{
	uint32_t c = u;

	if (d->high) {
		if (u < 0xdc00 || u > 0xdfff)
			return false;
		c = 0x10000 + ((d->high - 0xd800) << 10) + (u - 0xdc00);
		d->high = 0;
	} else if (u >= 0xd800 && u <= 0xdbff) {
		d->high = u;
		return true;
	} else if (u >= 0xdc00 && u <= 0xdfff) {
		return false;
	}
	if (printable(c) || control(c))
		return false;
	if (d->b)
		put_utf8(d->b, c);
	return true;
}

/* The base64 between "&" and "-". */
static bool
shift(struct decoder *d, struct str text)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *at = text.p[i] ? strchr(alphabet, text.p[i]) : NULL;

		if (!at)
			return false;
		bits = (bits << 6 | (uint32_t)(at - alphabet)) & 0xffffff;
		have += 6;
		if (have < 16)
			continue;
		have -= 16;
		if (!unit(d, bits >> have & 0xffff))
			return false;
	}
	return have < 6 && (bits & ((1u << have) - 1)) == 0 && !d->high;
}

static bool
decode(struct str s, struct buf *b)
{
	struct decoder d = {b, 0};
	struct scan in = scan_make(s);
	bool shifted = false;

	while (!scan_end(&in)) {
		struct str text;
		char c = *in.p;

		if (c != '&') {
			if (!printable((unsigned char)c))
				return false;
			if (b)
				buf_chr(b, c);
			in.p++;
			shifted = false;
			continue;
		}
		in.p++;
		text = scan_until(&in, '-');
		if (!scan_try(&in, '-'))
			return false;
		if (text.n == 0 && b)
			buf_chr(b, '&');
		if (text.n > 0 && (shifted || !shift(&d, text)))
			return false;
		shifted = text.n > 0;
	}
	return true;
}

bool
mutf7_valid(struct str s)
{
	return decode(s, NULL);
}

int
mutf7_decode(struct str s, struct buf *b)
{
	if (decode(s, b))
		return 0;
	errno = EINVAL;
	return -1;
}

/* ------------------------------------------------------------ encoding */

struct encoder {
	struct buf *b;
	bool open; /* inside "&…-" */
	uint32_t bits;
	unsigned have;
};

static void
put_unit(struct encoder *e, uint32_t u)
{
	if (!e->open)
		buf_chr(e->b, '&');
	e->open = true;
	e->bits = e->bits << 16 | u;
	e->have += 16;
	while (e->have >= 6) {
		e->have -= 6;
		buf_chr(e->b, alphabet[e->bits >> e->have & 0x3f]);
	}
	e->bits &= (1u << e->have) - 1;
}

static void
close_shift(struct encoder *e)
{
	if (!e->open)
		return;
	if (e->have)
		buf_chr(e->b, alphabet[e->bits << (6 - e->have) & 0x3f]);
	buf_chr(e->b, '-');
	*e = (struct encoder){.b = e->b};
}

/* Take one character of strict UTF-8; false when it is malformed. */
static bool
take_utf8(struct scan *in, uint32_t *c)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)*in->p++;
	unsigned more = lead < 0x80    ? 0
	                : lead >= 0xf0 ? 3
	                : lead >= 0xe0 ? 2
	                               : 1;

	if ((lead >= 0x80 && lead < 0xc0) || lead >= 0xf8)
		return false;
	*c = more ? lead & (0x3fu >> more) : lead;
	for (unsigned i = 0; i < more; i++) {
		int next = scan_peek(in);

		if (next < 0x80 || next > 0xbf)
			return false;
		*c = *c << 6 | (uint32_t)(next & 0x3f);
		in->p++;
	}
	return *c >= least[more] && *c <= 0x10ffff &&
	       (*c < 0xd800 || *c > 0xdfff);
}

static void
put_char(struct encoder *e, uint32_t c)
{
	if (printable(c)) {
		close_shift(e);
		buf_chr(e->b, (char)c);
		if (c == '&')
			buf_chr(e->b, '-');
		return;
	}
	if (c < 0x10000) {
		put_unit(e, c);
		return;
	}
	put_unit(e, 0xd800 + ((c - 0x10000) >> 10));
	put_unit(e, 0xdc00 + ((c - 0x10000) & 0x3ff));
}

int
mutf7_encode(struct str s, struct buf *b)
{
	struct encoder e = {.b = b};
	struct scan in = scan_make(s);

	while (!scan_end(&in)) {
		uint32_t c;

		if (!take_utf8(&in, &c) || control(c)) {
			errno = EINVAL;
			return -1;
		}
		put_char(&e, c);
	}
	close_shift(&e);
	return 0;
}
