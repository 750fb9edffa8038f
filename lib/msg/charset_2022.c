/* SPDX-License-Identifier: ISC */
/* ISO 2022 as mail has it.  c->held is an escape sequence (it starts with ESC)
 * or the first octet of a pair; c->mode is what octets mean now. */
#include "base/ascii.h"
#include "msg/charset_cjk.h"
#include "msg/charset_step.h"

#define REPLACEMENT 0xfffd
#define HALF_KANA 0xff61

enum { ESC = 0x1b, SHIFT_OUT = 0x0e, SHIFT_IN = 0x0f };

enum mode { ASCII, KANA, PAIRS_JP, PAIRS_CN, PAIRS_KR, PAIRS_UNKNOWN };

static const struct {
	const char *sequence; /* behind ESC */
	enum mode mode;
} designations[] = {
    {"(B", ASCII},
    {"(J", ASCII}, /* JIS X 0201's yen sign is a backslash to everybody */
    {"(H", ASCII},
    {"(I", KANA},
    {"$@", PAIRS_JP},
    {"$B", PAIRS_JP},
    {"$(@", PAIRS_JP},
    {"$(B", PAIRS_JP},
    {"$A", PAIRS_CN},
    {"$(A", PAIRS_CN},
    {"$(C", PAIRS_KR},
    {"$(D", PAIRS_UNKNOWN},
    {"&@", PAIRS_JP},
};

/* The sequence is whole: it changes the mode, or is one that names what shift
 * out will mean, which is known already, or is not known and passed over. */
static void
escape(struct charset *c)
{
	struct str s = str_make(c->held + 1, c->n - 1);

	for (size_t i = 0; i < sizeof(designations) / sizeof(*designations);
	     i++)
		if (str_eq(s, str_z(designations[i].sequence)))
			c->mode = designations[i].mode;
	c->n = 0;
}

/* Take o as part of the escape sequence held; false when it is none. */
static bool
escaping(struct charset *c, char o, struct buf *to)
{
	if (c->n == 0 || c->held[0] != ESC)
		return false;
	if (o < 0x20 || o > 0x7e || c->n == sizeof(c->held)) {
		charset_put(to, REPLACEMENT);
		c->n = 0;
		return false;
	}
	c->held[c->n++] = o;
	if (o >= 0x30)
		escape(c);
	return true;
}

static bool
shift(struct charset *c, char o)
{
	if (o == SHIFT_IN)
		c->mode = ASCII;
	else if (o == SHIFT_OUT)
		c->mode = c->set == CJK_GB18030  ? PAIRS_CN
		          : c->set == CJK_EUC_KR ? PAIRS_KR
		                                 : KANA;
	return o == SHIFT_IN || o == SHIFT_OUT;
}

static void
pair(struct charset *c, char o, struct buf *to)
{
	static const enum charset_cjk sets[] = {
	    [PAIRS_JP] = CJK_SJIS,
	    [PAIRS_CN] = CJK_GB18030,
	    [PAIRS_KR] = CJK_EUC_KR,
	};

	if (c->n == 0) {
		c->held[c->n++] = o;
		return;
	}
	c->n = 0;
	charset_put(to, c->mode == PAIRS_UNKNOWN
			    ? REPLACEMENT
			    : charset_94x94(sets[c->mode], (uint8_t)c->held[0],
				  (uint8_t)o));
}

static void
single(struct charset *c, char o, struct buf *to)
{
	unsigned v = (unsigned char)o | (c->mode == KANA ? 0x80u : 0);

	/* A line starts in ASCII, even if the last one did not end so. */
	if (o == '\n')
		c->mode = ASCII;
	if (o > 0 && o <= ' ')
		buf_chr(to, o);
	else if (v < 0x80)
		charset_put(to, v);
	else if (v >= 0xa1 && v <= 0xdf && c->set == CJK_SJIS)
		charset_put(to, HALF_KANA + v - 0xa1);
	else
		charset_put(to, REPLACEMENT);
}

void
charset_iso2022(struct charset *c, char o, struct buf *to)
{
	if (escaping(c, o, to))
		return;
	if (c->mode >= PAIRS_JP && o > ' ' && o < 0x7f) {
		pair(c, o, to);
		return;
	}
	if (c->n) /* half a pair */
		charset_put(to, REPLACEMENT);
	c->n = 0;
	if (o == ESC)
		c->held[c->n++] = o;
	else if (!shift(c, o))
		single(c, o, to);
}
