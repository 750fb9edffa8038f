/* SPDX-License-Identifier: ISC */
/* To UTF-8.  Whatever takes more than one octet keeps its unfinished start in
 * `held`, so that text may come in pieces cut anywhere. */
#include "msg/charset.h"

#include <string.h>

#include "base/ascii.h"
#include "msg/charset_cjk.h"
#include "msg/charset_step.h"
#include "msg/charset_table.h"

#define REPLACEMENT 0xfffd
#define SQUASHED 24 /* letters of a name that are looked at */

enum kind { ASCII, UTF8, TABLE, UTF16, UTF7, ISO2022, CJK };

/* clang-format off */
/* Other names in use, and which of two close relatives reads more. */
static const struct {
	char alias[16], name[16];
} aliases[] = {
    {"ascii", "usascii"}, {"ansix341968", "usascii"},
    {"iso646us", "usascii"}, {"646", "usascii"}, {"unicode11utf8", "utf8"},
    {"xunknown", "utf8"}, {"unicode11utf7", "utf7"}, {"unicode", "utf16"},
    {"iso88591", "windows1252"}, {"latin1", "windows1252"},
    {"l1", "windows1252"}, {"ansi", "windows1252"}, {"latin2", "iso88592"},
    {"latin3", "iso88593"}, {"latin4", "iso88594"}, {"latin5", "windows1254"},
    {"iso88599", "windows1254"}, {"latin9", "iso885915"},
    {"latin6", "iso885910"}, {"latin10", "iso885916"},
    {"cyrillic", "iso88595"}, {"arabic", "iso88596"}, {"greek", "iso88597"},
    {"hebrew", "iso88598"}, {"cp1250", "windows1250"},
    {"cp1251", "windows1251"}, {"cp1252", "windows1252"},
    {"cp1253", "windows1253"}, {"cp1254", "windows1254"},
    {"cp1255", "windows1255"}, {"cp1256", "windows1256"},
    {"cp1257", "windows1257"}, {"cp1258", "windows1258"}, {"koi8", "koi8r"},
    {"koi8ru", "koi8u"}, {"cp866", "ibm866"}, {"mac", "macintosh"},
    {"xmacroman", "macintosh"}, {"iso88596i", "iso88596"},
    {"iso88596e", "iso88596"}, {"iso88598i", "iso88598"},
    {"iso88598e", "iso88598"}, {"iso885911", "windows874"},
    {"tis620", "windows874"}, {"cp874", "windows874"}, {"xsjis", "shiftjis"},
    {"sjis", "shiftjis"}, {"windows31j", "shiftjis"}, {"cp932", "shiftjis"},
    {"ms932", "shiftjis"}, {"mskanji", "shiftjis"}, {"xeucjp", "eucjp"},
    {"cp51932", "eucjp"}, {"ujis", "eucjp"}, {"csiso2022jp", "iso2022jp"},
    {"iso2022jp1", "iso2022jp"}, {"iso2022jp2", "iso2022jp"},
    {"iso2022jp3", "iso2022jp"}, {"iso2022jpms", "iso2022jp"},
    {"cp50220", "iso2022jp"}, {"cp50221", "iso2022jp"}, {"jis", "iso2022jp"},
    {"gb2312", "gb18030"}, {"gbk", "gb18030"}, {"xgbk", "gb18030"},
    {"cp936", "gb18030"}, {"gb231280", "gb18030"}, {"euccn", "gb18030"},
    {"chinese", "gb18030"}, {"iso2022cnext", "iso2022cn"},
    {"ksc56011987", "euckr"}, {"ksc5601", "euckr"}, {"korean", "euckr"},
    {"cp949", "euckr"}, {"windows949", "euckr"}, {"uhc", "euckr"},
    {"big5hkscs", "big5"}, {"cp950", "big5"}, {"xxbig5", "big5"},
    {"cnbig5", "big5"}, {"cngb", "gb18030"},
};

static const struct {
	char name[16];
	enum kind kind;
	int set;     /* CJK and ISO2022 */
	bool little; /* UTF16 */
} sets[] = {
    {"usascii", ASCII, 0, false}, {"utf8", UTF8, 0, false},
    {"utf16", UTF16, 0, false}, {"utf16be", UTF16, 0, false},
    {"utf16le", UTF16, 0, true}, {"utf7", UTF7, 0, false},
    {"shiftjis", CJK, CJK_SJIS, false}, {"eucjp", CJK, CJK_EUC_JP, false},
    {"gb18030", CJK, CJK_GB18030, false}, {"euckr", CJK, CJK_EUC_KR, false},
    {"big5", CJK, CJK_BIG5, false},
    {"iso2022jp", ISO2022, CJK_SJIS, false},
    {"iso2022kr", ISO2022, CJK_EUC_KR, false},
    {"iso2022cn", ISO2022, CJK_GB18030, false},
};
/* clang-format on */

/* The letters and digits of a name in lower case, as the tables have them; a
 * year behind a colon goes.  Longer ones than any of ours are cut. */
static struct str
squash(struct str name, char to[SQUASHED])
{
	size_t n = 0;

	name = str_to(name, str_find(name, ':'));
	for (size_t i = 0; i < name.n && n < SQUASHED; i++)
		if (!str_has(STR("-_. "), name.p[i]))
			to[n++] = ascii_lower(name.p[i]);
	return str_make(to, n);
}

static struct str
canonical(struct str name)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (charset_is(name, aliases[i].alias))
			return str_z(aliases[i].name);
	return name;
}

int
charset_begin(struct charset *c, struct str name)
{
	char squashed[SQUASHED];

	*c = (struct charset){.kind = UTF8};
	if (str_ieq(name, STR("utf-8"))) /* most are */
		return 1;
	c->kind = ASCII;
	name = canonical(squash(name, squashed));
	if (name.n == 0)
		return 1;
	c->table = charset_table(name);
	if (c->table) {
		c->kind = TABLE;
		return 1;
	}
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		if (charset_is(name, sets[i].name)) {
			c->kind = (int)sets[i].kind;
			c->set = sets[i].set;
			c->little = sets[i].little;
			c->started = c->kind == UTF7;
			return 1;
		}
	return 0;
}

bool
charset_known(struct str name)
{
	struct charset c;

	return charset_begin(&c, name) == 1;
}

bool
charset_is_plain(const struct charset *c)
{
	return c->kind == UTF8 || c->kind == ASCII;
}

/* ------------------------------------------------------------- UTF-8 */

static size_t
put(char *u, uint32_t code)
{
	size_t n = 0;

	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		code = REPLACEMENT;
	if (code < 0x80) {
		u[n++] = (char)code;
	} else if (code < 0x800) {
		u[n++] = (char)(0xc0 | code >> 6);
	} else if (code < 0x10000) {
		u[n++] = (char)(0xe0 | code >> 12);
		u[n++] = (char)(0x80 | (code >> 6 & 63));
	} else {
		u[n++] = (char)(0xf0 | code >> 18);
		u[n++] = (char)(0x80 | (code >> 12 & 63));
		u[n++] = (char)(0x80 | (code >> 6 & 63));
	}
	if (code >= 0x80)
		u[n++] = (char)(0x80 | (code & 63));
	return n;
}

void
charset_put(struct buf *to, uint32_t code)
{
	char u[4];

	buf_put(to, u, put(u, code));
}

/* The length a first octet promises; 0 for one that starts nothing. */
static size_t
promised(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* RFC 3629 4: the second octet rules out long forms and surrogates. */
static bool
continues(unsigned char lead, unsigned char c, size_t i)
{
	unsigned char least = 0x80, most = 0xbf;

	if (i == 1) {
		if (lead == 0xe0)
			least = 0xa0;
		else if (lead == 0xed)
			most = 0x9f;
		else if (lead == 0xf0)
			least = 0x90;
		else if (lead == 0xf4)
			most = 0x8f;
	}
	return c >= least && c <= most;
}

size_t
charset_utf8(struct str s, uint32_t *code)
{
	unsigned char lead = (unsigned char)s.p[0];
	size_t n = promised(lead);
	uint32_t v = n < 2 ? lead : lead & (0x7fu >> n);

	*code = REPLACEMENT;
	if (n == 0)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if (i == s.n)
			return 0;
		if (!continues(lead, (unsigned char)s.p[i], i))
			return i;
		v = v << 6 | ((unsigned char)s.p[i] & 63u);
	}
	*code = v;
	return n;
}

bool
charset_is_utf8(struct str s)
{
	while (s.n) {
		uint32_t code;
		size_t n = charset_utf8(s, &code);

		/* A true U+FFFD has three octets that read as itself. */
		if (n == 0 || (code == REPLACEMENT &&
				  !str_starts(s, STR("\xef\xbf\xbd"))))
			return false;
		s = str_from(s, n);
	}
	return true;
}

/* -------------------------------------------------------------- reading */

/* One character of a set without states, as charset_utf8(). */
static size_t
next(const struct charset *c, struct str s, uint32_t *code)
{
	switch (c->kind) {
	case UTF8:
		return charset_utf8(s, code);
	case CJK:
		return charset_cjk((enum charset_cjk)c->set, s, code);
	default:
		*code = !ascii_ishigh(s.p[0]) ? (unsigned char)s.p[0]
		        : c->kind == TABLE    ? c->table[s.p[0] & 127]
		                              : REPLACEMENT;
		return 1;
	}
}

/* Finish the held character with the first octets of *s; what breaks it off
 * starts anew. */
static void
finish_held(struct charset *c, struct str *s, struct buf *to)
{
	while (c->n && s->n) {
		uint32_t code;
		size_t n;

		c->held[c->n++] = s->p[0];
		*s = str_from(*s, 1);
		while (c->n && (n = next(c, str_make(c->held, c->n), &code))) {
			charset_put(to, code);
			c->n -= n;
			memmove(c->held, c->held + n, c->n);
		}
	}
}

#define PIECE 256 /* octets made at a time */

/* Read as many characters off *s as make one piece, to o; returns its end.
 * What is left of *s then is empty, unfinished or for the next piece. */
static char *
piece(const struct charset *c, struct str *s, char *o)
{
	const char *most = o + PIECE - 4;
	size_t n = 1;

	while (s->n && n && o < most) {
		uint32_t code;

		if (!ascii_ishigh(s->p[0])) {
			*o++ = s->p[0];
			s->p++;
			s->n--;
			continue;
		}
		n = next(c, *s, &code);
		s->p += n;
		s->n -= n;
		if (n)
			o += put(o, code);
	}
	return o;
}

static void
feed_codes(struct charset *c, struct str s, struct buf *to)
{
	char out[PIECE];

	finish_held(c, &s, to);
	while (s.n) {
		char *end = piece(c, &s, out);

		if (end == out) {
			memcpy(c->held, s.p, s.n);
			c->n = s.n;
			return;
		}
		buf_put(to, out, (size_t)(end - out));
	}
}

void
charset_feed(struct charset *c, struct str s, struct buf *to)
{
	void (*step)(struct charset *, char, struct buf *) = NULL;

	if (c->kind == UTF16)
		step = charset_utf16;
	else if (c->kind == UTF7)
		step = charset_utf7;
	else if (c->kind == ISO2022)
		step = charset_iso2022;
	if (!step) {
		feed_codes(c, s, to);
		return;
	}
	for (size_t i = 0; i < s.n; i++)
		step(c, s.p[i], to);
}

void
charset_end(struct charset *c, struct buf *to)
{
	if (c->n)
		charset_put(to, REPLACEMENT);
	*c = (struct charset){.kind = ASCII};
}
