/* SPDX-License-Identifier: ISC */
/* SMTP command lines, RFC 5321 4.1.  Pure: states are the session's matter. */
#include "proto/smtp_cmd.h"

#include <string.h>

#include "base/ascii.h"
#include "msg/charset.h"

bool
smtp_cmd_split(struct str line, struct str *verb, struct str *args)
{
	size_t n;

	for (size_t i = 0; i < line.n; i++)
		if (ascii_iscntrl(line.p[i]) && line.p[i] != '\t')
			return false;
	if (!charset_is_utf8(line))
		return false;
	while (line.n && ascii_isblank(line.p[line.n - 1]))
		line.n--;
	for (n = 0; n < line.n && !ascii_isblank(line.p[n]); n++)
		;
	*verb = str_to(line, n);
	while (n < line.n && ascii_isblank(line.p[n]))
		n++;
	*args = str_from(line, n);
	return verb->n > 0 && str_is_ascii(*verb);
}

bool
smtp_cmd_path(
    struct scan *s, struct str word, unsigned allow, struct smtp_path *p)
{
	if (!scan_try_word(s, word))
		return scan_fail(s, "FROM:<address> or TO:<address> expected");
	scan_blanks(s);
	return smtp_path_scan(s, allow, p);
}

static struct str
scan_keyword(struct scan *s)
{
	const char *start = s->p;

	while (scan_peek(s) >= 0 &&
	       (ascii_isalnum(*s->p) || (*s->p == '-' && s->p > start)))
		s->p++;
	return str_make(start, (size_t)(s->p - start));
}

static struct str
scan_value(struct scan *s)
{
	const char *start = s->p;

	while (scan_peek(s) > ' ' && scan_peek(s) != 0x7f && *s->p != '=')
		s->p++;
	return str_make(start, (size_t)(s->p - start));
}

int
smtp_cmd_param(struct scan *s, struct smtp_param *p)
{
	size_t blanks = scan_blanks(s);

	if (s->bad)
		return -1;
	if (scan_end(s))
		return 0;
	if (blanks == 0) {
		scan_fail(s, "unexpected text behind the address");
		return -1;
	}
	*p = (struct smtp_param){.keyword = scan_keyword(s)};
	p->has_value = scan_try(s, '=');
	if (p->has_value)
		p->value = scan_value(s);
	if (p->keyword.n == 0 || (p->has_value && p->value.n == 0) ||
	    (scan_peek(s) >= 0 && !ascii_isblank(*s->p))) {
		scan_fail(s, "bad parameter");
		return -1;
	}
	return 1;
}

bool
smtp_cmd_is_name(struct str s)
{
	if (s.n == 0 || s.n > SMTP_PATH_DOMAIN)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == 0 ||
		    (!ascii_isalnum(s.p[i]) && !strchr("-._:[]", s.p[i])))
			return false;
	return true;
}
