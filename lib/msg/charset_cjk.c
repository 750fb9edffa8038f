/* SPDX-License-Identifier: ISC */
/* East Asian character sets, looked up.  Broken text is skipped as the WHATWG
 * Encoding Standard has it: an ASCII octet behind a first one stays. */
#include "msg/charset_cjk.h"

#include <stdbool.h>

#define NONE 0xfffd
#define HALF_KANA 0xff61

static bool
in(unsigned c, unsigned first, unsigned last)
{
	return c >= first && c <= last;
}

static uint32_t
jis(unsigned row, unsigned cell)
{
	unsigned line = charset_jis_row[row];

	return line ? charset_jis_cell[line - 1][cell] : NONE;
}

static uint32_t
gb(unsigned a, unsigned b)
{
	unsigned line = charset_gb_row[a - 0x81];

	if (!line || !in(b, 0x40, 0xfe) || b == 0x7f)
		return NONE;
	return charset_gb_cell[line - 1][b - (b < 0x7f ? 0x40 : 0x41)];
}

static uint32_t
ks(unsigned a, unsigned b)
{
	unsigned line = charset_ks_row[a - 0x81];
	unsigned cell = in(b, 0x41, 0x5a)   ? b - 0x41
	                : in(b, 0x61, 0x7a) ? b - 0x61 + 26
	                : in(b, 0x81, 0xfe) ? b - 0x81 + 52
	                                    : 178;

	return line && cell < 178 ? charset_ks_cell[line - 1][cell] : NONE;
}

static uint32_t
big5(unsigned a, unsigned b)
{
	unsigned line = charset_big5_row[a - 0x81];
	unsigned cell = in(b, 0x40, 0x7e)   ? b - 0x40
	                : in(b, 0xa1, 0xfe) ? b - 0xa1 + 63
	                                    : 157;

	return line && cell < 157 ? charset_big5_cell[line - 1][cell] : NONE;
}

static uint32_t
sjis(unsigned a, unsigned b)
{
	unsigned row = 2 * (a - (a < 0xa0 ? 0x81 : 0xc1));
	unsigned cell = b - (b < 0x7f ? 0x40 : 0x41);

	if (!in(b, 0x40, 0xfc) || b == 0x7f)
		return NONE;
	return jis(row + cell / 94, cell % 94);
}

uint32_t
charset_94x94(enum charset_cjk set, uint8_t a, uint8_t b)
{
	if (!in(a, 0x21, 0x7e) || !in(b, 0x21, 0x7e))
		return NONE;
	if (set == CJK_GB18030)
		return gb(a | 0x80u, b | 0x80u);
	if (set == CJK_EUC_KR)
		return ks(a | 0x80u, b | 0x80u);
	return jis(a - 0x21u, b - 0x21u);
}

/* ------------------------------------------------ GB18030's four octets */

static uint32_t
gb_four(const unsigned char *p)
{
	uint32_t n = ((p[0] - 0x81u) * 10 + p[1] - 0x30u) * 1260 +
	             (p[2] - 0x81u) * 10 + p[3] - 0x30u;
	size_t low = 0, high = charset_gb_nruns;

	if (n >= 189000) /* 90 30 81 30: the other planes */
		return n - 189000 <= 0xfffff ? n - 189000 + 0x10000 : NONE;
	if (n >= 39420)
		return NONE;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (charset_gb_runs[mid].at <= n)
			low = mid;
		else
			high = mid;
	}
	return charset_gb_runs[low].code + n - charset_gb_runs[low].at;
}

static size_t
gb_next(const unsigned char *p, size_t n, uint32_t *code)
{
	if (!in(p[1], 0x30, 0x39)) {
		*code = gb(p[0], p[1]);
		return *code == NONE && p[1] < 0x80 ? 1 : 2;
	}
	if (n < 3)
		return 0;
	if (!in(p[2], 0x81, 0xfe))
		return 1;
	if (n < 4)
		return 0;
	if (!in(p[3], 0x30, 0x39))
		return 1;
	*code = gb_four(p);
	return 4;
}

/* ------------------------------------------------------------------- all */

/* Octets that are a character by themselves; returns whether c is one. */
static bool
single(enum charset_cjk set, unsigned c, uint32_t *code)
{
	if (c < 0x80) {
		*code = c;
		return true;
	}
	if (set == CJK_SJIS && in(c, 0xa1, 0xdf)) {
		*code = HALF_KANA + c - 0xa1;
		return true;
	}
	if (set == CJK_GB18030 && c == 0x80) { /* as windows-936 has it */
		*code = 0x20ac;
		return true;
	}
	return false;
}

static bool
starts(enum charset_cjk set, unsigned c)
{
	if (set == CJK_SJIS)
		return in(c, 0x81, 0x9f) || in(c, 0xe0, 0xfc);
	if (set == CJK_EUC_JP)
		return in(c, 0xa1, 0xfe) || c == 0x8e || c == 0x8f;
	return in(c, 0x81, 0xfe);
}

static uint32_t
euc_jp(unsigned a, unsigned b)
{
	if (a == 0x8e)
		return in(b, 0xa1, 0xdf) ? HALF_KANA + b - 0xa1 : NONE;
	if (!in(b, 0xa1, 0xfe))
		return NONE;
	return jis(a - 0xa1, b - 0xa1);
}

size_t
charset_cjk(enum charset_cjk set, struct str s, uint32_t *code)
{
	const unsigned char *p = (const unsigned char *)s.p;

	*code = NONE;
	if (single(set, p[0], code) || !starts(set, p[0]))
		return 1;
	if (s.n < 2)
		return 0;
	switch (set) {
	case CJK_SJIS:
		*code = sjis(p[0], p[1]);
		break;
	case CJK_EUC_JP:
		/* JIS X 0212, which mail does not use. */
		if (p[0] == 0x8f && in(p[1], 0xa1, 0xfe))
			return s.n < 3 ? 0 : in(p[2], 0xa1, 0xfe) ? 3 : 2;
		*code = p[0] == 0x8f ? NONE : euc_jp(p[0], p[1]);
		break;
	case CJK_GB18030:
		return gb_next(p, s.n, code);
	case CJK_EUC_KR:
		*code = ks(p[0], p[1]);
		break;
	case CJK_BIG5:
		*code = big5(p[0], p[1]);
		break;
	}
	return *code == NONE && p[1] < 0x80 ? 1 : 2;
}
