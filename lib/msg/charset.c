/* SPDX-License-Identifier: ISC */
/* To UTF-8.  Whatever takes more than one octet keeps its unfinished start in
 * `held`, so that text may come in pieces cut anywhere. */
#include "msg/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/ascii.h"
#include "msg/charset_table.h"

#define REPLACEMENT 0xfffd

enum kind { ASCII, UTF8, LATIN1, TABLE, UTF16, ICONV };

/* clang-format off */
/* Other names in use, and which of two close relatives reads more. */
static const struct {
	const char *alias, *name;
} aliases[] = {
    {"", "us-ascii"}, {"ascii", "us-ascii"}, {"ansi_x3.4-1968", "us-ascii"},
    {"iso646-us", "us-ascii"}, {"utf8", "utf-8"},
    {"unicode-1-1-utf-8", "utf-8"}, {"latin1", "iso-8859-1"},
    {"iso8859-1", "iso-8859-1"}, {"iso_8859-1", "iso-8859-1"},
    {"latin2", "iso-8859-2"}, {"iso8859-2", "iso-8859-2"},
    {"iso8859-15", "iso-8859-15"}, {"latin-9", "iso-8859-15"},
    {"cp1250", "windows-1250"}, {"cp1251", "windows-1251"},
    {"cp1252", "windows-1252"}, {"ansi", "windows-1252"},
    {"cp1253", "windows-1253"}, {"cp1254", "windows-1254"},
    {"koi8-ru", "koi8-u"}, {"x-sjis", "shift_jis"}, {"sjis", "shift_jis"},
    {"shift-jis", "shift_jis"}, {"windows-31j", "shift_jis"},
    {"cp932", "shift_jis"}, {"ms_kanji", "shift_jis"}, {"eucjp", "euc-jp"},
    {"x-euc-jp", "euc-jp"}, {"gb2312", "gb18030"}, {"gbk", "gb18030"},
    {"x-gbk", "gb18030"}, {"cp936", "gb18030"}, {"gb_2312-80", "gb18030"},
    {"ks_c_5601-1987", "euc-kr"}, {"euckr", "euc-kr"}, {"cp949", "euc-kr"},
    {"ksc5601", "euc-kr"}, {"big-5", "big5"}, {"big5-hkscs", "big5"},
    {"iso-8859-8-i", "iso-8859-8"}, {"tis-620", "iso-8859-11"},
    {"windows-874", "iso-8859-11"},
};
/* clang-format on */

/* The only sets the C library is asked for: a mail must not choose among all
 * the converters that some system has. */
static const char *const foreign[] = {"iso-2022-jp", "shift_jis", "euc-jp",
    "gb18030", "euc-kr", "big5", "iso-8859-6", "iso-8859-8", "iso-8859-10",
    "iso-8859-11", "iso-8859-14", "iso-8859-16", "windows-1255", "windows-1256",
    "windows-1258"};

static struct str
canonical(struct str name)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (str_ieq(name, str_z(aliases[i].alias)))
			return str_z(aliases[i].name);
	return name;
}

static const char *
foreign_name(struct str name)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (str_ieq(name, str_z(foreign[i])))
			return foreign[i];
	return NULL;
}

static bool
open_foreign(struct charset *c, struct str name)
{
	const char *z = foreign_name(name);
	iconv_t cd;

	if (!z)
		return false;
	cd = iconv_open("UTF-8", z);
	if (cd == (iconv_t)-1)
		return false;
	c->kind = ICONV;
	c->iconv = cd;
	return true;
}

int
charset_begin(struct charset *c, struct str name)
{
	*c = (struct charset){.kind = ASCII};
	name = canonical(str_trim(name));
	if (str_ieq(name, STR("us-ascii")))
		return 1;
	c->table = charset_table(name);
	if (c->table)
		c->kind = TABLE;
	else if (str_ieq(name, STR("utf-8")))
		c->kind = UTF8;
	else if (str_ieq(name, STR("iso-8859-1")))
		c->kind = LATIN1;
	else if (str_istarts(name, STR("utf-16")) && name.n <= 8)
		c->kind = UTF16;
	else
		return open_foreign(c, name);
	c->little = str_ieq(name, STR("utf-16le"));
	return 1;
}

bool
charset_known(struct str name)
{
	struct charset c;
	struct buf none;
	int known = charset_begin(&c, name);

	buf_init(&none, 0);
	charset_end(&c, &none);
	return known == 1;
}

/* ------------------------------------------------------------- UTF-8 */

void
charset_put(struct buf *to, uint32_t code)
{
	char u[4];
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
	buf_put(to, u, n);
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

static size_t
ascii_run(struct str s)
{
	size_t n = 0;

	while (n < s.n && !ascii_ishigh(s.p[n]))
		n++;
	return n;
}

static void
feed_utf8(struct charset *c, struct str s, struct buf *to)
{
	while (s.n) {
		uint32_t code;
		size_t n = ascii_run(s);

		buf_str(to, str_to(s, n));
		s = str_from(s, n);
		if (s.n == 0)
			return;
		n = charset_utf8(s, &code);
		if (n == 0) {
			memcpy(c->held, s.p, s.n);
			c->n = s.n;
			return;
		}
		charset_put(to, code);
		s = str_from(s, n);
	}
}

/* Finish the held character with the first octets of *s. */
static void
finish_utf8(struct charset *c, struct str *s, struct buf *to)
{
	uint32_t code;

	while (c->n && s->n) {
		size_t n;

		c->held[c->n++] = s->p[0];
		n = charset_utf8(str_make(c->held, c->n), &code);
		if (n == 0 || n == c->n)
			*s = str_from(*s, 1);
		if (n == 0)
			continue;
		/* What broke it off starts anew with the rest. */
		charset_put(to, code);
		c->n = 0;
	}
}

/* ------------------------------------------------------------- others */

static void
feed_table(const struct charset *c, struct str s, struct buf *to)
{
	while (s.n) {
		size_t n = ascii_run(s);
		unsigned char o;

		buf_str(to, str_to(s, n));
		s = str_from(s, n);
		if (s.n == 0)
			return;
		o = (unsigned char)s.p[0];
		charset_put(to, c->kind == TABLE    ? c->table[o - 0x80]
				: c->kind == LATIN1 ? o
						    : REPLACEMENT);
		s = str_from(s, 1);
	}
}

static uint32_t
unit(const struct charset *c, size_t i)
{
	unsigned char a = (unsigned char)c->held[i];
	unsigned char b = (unsigned char)c->held[i + 1];

	return c->little ? (uint32_t)b << 8 | a : (uint32_t)a << 8 | b;
}

/* RFC 2781: surrogates in pairs; a byte order mark at the start decides. */
static void
one_utf16(struct charset *c, char octet, struct buf *to)
{
	uint32_t u, low;

	c->held[c->n++] = octet;
	if (c->n % 2)
		return;
	u = unit(c, 0);
	if (!c->started) {
		c->started = true;
		if (u == 0xfffe)
			c->little = !c->little;
		if (u == 0xfffe || u == 0xfeff) {
			c->n = 0;
			return;
		}
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
	one_utf16(c, c->little ? (char)(low & 255) : (char)(low >> 8), to);
	one_utf16(c, c->little ? (char)(low >> 8) : (char)(low & 255), to);
}

/* Convert as much of *s as can be; returns 0 when all of it was, else the
 * errno that stopped it. */
static int
convert(struct charset *c, struct str *s, struct buf *to)
{
	char out[512];
	/* iconv() takes a pointer to non-const and never writes there. */
	char *in = (char *)(uintptr_t)s->p;
	size_t left = s->n;
	size_t r;
	int err;

	do {
		char *o = out;
		size_t room = sizeof(out);

		r = iconv(c->iconv, &in, &left, &o, &room);
		err = errno;
		buf_put(to, out, sizeof(out) - room);
	} while (r == (size_t)-1 && err == E2BIG);
	*s = str_from(*s, s->n - left);
	return r == (size_t)-1 ? err : 0;
}

/* Skip one octet that cannot be read. */
static struct str
replace(struct str s, struct buf *to)
{
	charset_put(to, REPLACEMENT);
	return str_from(s, 1);
}

static void
feed_bulk(struct charset *c, struct str s, struct buf *to)
{
	while (s.n) {
		int err = convert(c, &s, to);

		if (err == 0 || s.n == 0)
			return;
		if (err == EINVAL && s.n < sizeof(c->held)) {
			memcpy(c->held, s.p, s.n);
			c->n = s.n;
			return;
		}
		s = replace(s, to);
	}
}

static void
feed_iconv(struct charset *c, struct str s, struct buf *to)
{
	while (c->n && s.n) {
		char held[sizeof(c->held)];
		size_t n = c->n;

		memcpy(held, c->held, n);
		held[n++] = s.p[0];
		s = str_from(s, 1);
		c->n = 0;
		feed_bulk(c, str_make(held, n), to);
	}
	feed_bulk(c, s, to);
}

void
charset_feed(struct charset *c, struct str s, struct buf *to)
{
	switch (c->kind) {
	case UTF8:
		finish_utf8(c, &s, to);
		feed_utf8(c, s, to);
		break;
	case UTF16:
		for (size_t i = 0; i < s.n; i++)
			one_utf16(c, s.p[i], to);
		break;
	case ICONV:
		feed_iconv(c, s, to);
		break;
	default:
		feed_table(c, s, to);
	}
}

void
charset_end(struct charset *c, struct buf *to)
{
	if (c->n)
		charset_put(to, REPLACEMENT);
	if (c->kind == ICONV)
		iconv_close(c->iconv);
	*c = (struct charset){.kind = ASCII};
}
