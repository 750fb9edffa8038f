/* SPDX-License-Identifier: ISC */
/* xtext and what is written in it, RFC 3461 4. */
#include "proto/smtp_dsn.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/scan.h"
#include "msg/charset.h"

static int
bad(void)
{
	errno = EINVAL;
	return -1;
}

int
smtp_dsn_notify(struct str value, unsigned *notify)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {
	    {"NEVER", SMTP_DSN_NEVER},
	    {"SUCCESS", SMTP_DSN_SUCCESS},
	    {"FAILURE", SMTP_DSN_FAILURE},
	    {"DELAY", SMTP_DSN_DELAY},
	};
	struct str word;

	*notify = 0;
	while (str_cut(&value, ',', &word)) {
		unsigned bit = 0;

		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (str_ieq(word, str_z(words[i].word)))
				bit = words[i].bit;
		if (!bit)
			return bad();
		*notify |= bit;
	}
	if (!*notify ||
	    ((*notify & SMTP_DSN_NEVER) && *notify != SMTP_DSN_NEVER))
		return bad();
	return 0;
}

int
smtp_dsn_ret(struct str value, char *ret)
{
	*ret = 0;
	if (str_ieq(value, STR("FULL")))
		*ret = 'F';
	else if (str_ieq(value, STR("HDRS")))
		*ret = 'H';
	return *ret ? 0 : bad();
}

static int
upper_xdigit(int c)
{
	return c < 0 || ascii_islower((char)c) ? -1 : ascii_xdigit((char)c);
}

/* hexchar: "+" and two digits, letters in upper case, for ASCII.  -1 when it
 * is none. */
static int
scan_hexchar(struct scan *s)
{
	struct str two;
	int high, low;

	if (!scan_take(s, 2, &two))
		return -1;
	high = upper_xdigit((unsigned char)two.p[0]);
	low = upper_xdigit((unsigned char)two.p[1]);
	return high < 0 || high > 7 || low < 0 ? -1 : high * 16 + low;
}

/* Whether c, decoded, may stand in a report's field (4.2, 4.4). */
static bool
is_printable(int c, bool utf8)
{
	return c >= 0x80 ? utf8 : c >= ' ' && c < 0x7f;
}

/* xtext; with utf8 its characters may be UTF-8 too, as in the unitext form of
 * RFC 6533 3, but not encoded by "+": those are ASCII. */
static int
decode(struct scan *s, bool utf8, struct buf *to)
{
	while (!scan_end(s)) {
		int c = scan_peek(s);

		s->p++;
		if (c == '+')
			c = scan_hexchar(s);
		else if (c == ' ' || c == '=')
			return bad();
		if (!is_printable(c, utf8))
			return bad();
		buf_chr(to, (char)c);
	}
	return to->over ? bad() : 0;
}

int
smtp_dsn_envid(struct str value, struct buf *to)
{
	struct scan s = scan_make(value);

	if (value.n == 0 || value.n > SMTP_DSN_ENVID)
		return bad();
	return decode(&s, false, to);
}

/* An atom of RFC 822, but for "+" and "=", which xtext and parameters need. */
static bool
is_type(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || (!ascii_isalnum(s.p[i]) &&
				   !strchr("!#$%&'*-/?^_`{|}~", s.p[i])))
			return false;
	return s.n > 0;
}

int
smtp_dsn_orcpt(struct str value, bool utf8, struct buf *to)
{
	struct scan s = scan_make(value);
	struct str type = scan_until(&s, ';');
	size_t at;

	if (value.n > SMTP_DSN_ORCPT || !is_type(type) || !scan_try(&s, ';') ||
	    scan_end(&s))
		return bad();
	for (size_t i = 0; i < type.n; i++)
		buf_chr(to, ascii_lower(type.p[i]));
	buf_chr(to, ';');
	at = to->n;
	if (decode(&s, utf8 && str_ieq(type, STR("utf-8")), to) < 0)
		return -1;
	return charset_is_utf8(str_from(buf_slice(to), at)) ? 0 : bad();
}

void
smtp_dsn_encode(struct str text, struct buf *to)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c > ' ' && c != 0x7f && c != '+' && c != '=') {
			buf_chr(to, (char)c);
			continue;
		}
		buf_chr(to, '+');
		buf_chr(to, digits[c >> 4]);
		buf_chr(to, digits[c & 15]);
	}
}
