/* SPDX-License-Identifier: ISC */
/* The tokens of IMAP commands.  Pure; RFC 3501 9, RFC 7888, RFC 3516. */
#include "proto/imap_token.h"

#include <string.h>

#include "base/ascii.h"
#include "base/num.h"
#include "msg/date.h"

#define LITERAL_MAX ((uint64_t)INT64_MAX)

int
imap_literal_tail(struct str line, struct imap_literal *l)
{
	size_t open = str_rfind(line, '{');
	struct str digits;

	*l = (struct imap_literal){0, false, false};
	if (line.n < 2 || line.p[line.n - 1] != '}' || open == line.n)
		return 0;
	/* A literal starts a token: "x{5}" is a malformed atom. */
	l->binary = open > 0 && line.p[open - 1] == '~';
	digits = str_make(line.p + open + 1, line.n - open - 2);
	if (digits.n && digits.p[digits.n - 1] == '+') {
		l->nonsync = true;
		digits.n--;
	}
	return num_scan(digits, LITERAL_MAX, &l->n) < 0 ? -1 : 1;
}

bool
imap_is_atom_char(char c)
{
	return c > ' ' && c < 0x7f && !strchr("(){%*\"\\]", c);
}

bool
imap_is_astring_char(char c)
{
	return imap_is_atom_char(c) || c == ']';
}

static bool
is_list_char(char c)
{
	return imap_is_astring_char(c) || c == '%' || c == '*';
}

/* The longest run of octets that ok() accepts. */
static struct str
run(struct scan *s, bool (*ok)(char))
{
	struct str rest = scan_rest(s);
	size_t n = 0;

	while (n < rest.n && ok(rest.p[n]))
		n++;
	if (!s->bad)
		s->p += n;
	return str_to(rest, n);
}

bool
imap_tag(struct scan *s, struct str *tag)
{
	*tag = run(s, imap_is_astring_char);
	if (tag->n == 0 || str_has(*tag, '+'))
		return scan_fail(s, "invalid tag");
	return true;
}

bool
imap_sp(struct scan *s)
{
	return scan_need(s, ' ', "space expected");
}

bool
imap_atom(struct scan *s, struct str *out)
{
	*out = run(s, imap_is_atom_char);
	return !s->bad && (out->n > 0 || scan_fail(s, "atom expected"));
}

bool
imap_number(struct scan *s, uint32_t *v)
{
	uint64_t n;

	if (!scan_num(s, UINT32_MAX, &n))
		return false;
	*v = (uint32_t)n;
	return true;
}

bool
imap_nz_number(struct scan *s, uint32_t *v)
{
	return imap_number(s, v) &&
	       (*v > 0 || scan_fail(s, "number must not be 0"));
}

bool
imap_at_string(const struct scan *s)
{
	int c = scan_peek(s);

	return c == '"' || c == '{' || c == '~';
}

/* Copy a quoted string's inside without its backslashes. */
static struct str
unescape(struct arena *a, struct str in)
{
	char *to = arena_alloc(a, in.n);
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\\')
			i++;
		to[n++] = in.p[i];
	}
	return str_make(to, n);
}

static bool
quoted(struct scan *s, struct arena *a, struct str *out)
{
	struct str rest;
	bool escapes = false;
	size_t n = 0;

	scan_try(s, '"');
	rest = scan_rest(s);
	for (; n < rest.n && rest.p[n] != '"'; n++) {
		char c = rest.p[n];

		if (c == '\0' || c == '\r' || c == '\n')
			return scan_fail(s, "control character in a string");
		if (c != '\\')
			continue;
		escapes = true;
		n++;
		if (n == rest.n || (rest.p[n] != '"' && rest.p[n] != '\\'))
			return scan_fail(s, "bad escape in a string");
	}
	if (n == rest.n)
		return scan_fail(s, "string without its end");
	s->p += n + 1;
	*out = str_to(rest, n);
	if (escapes)
		*out = unescape(a, *out);
	return true;
}

static bool
literal(struct scan *s, struct str *out)
{
	uint64_t n;

	scan_try(s, '~');
	if (!scan_need(s, '{', "string expected") ||
	    !scan_num(s, LITERAL_MAX, &n))
		return false;
	scan_try(s, '+');
	if (!scan_need(s, '}', "'}' expected") ||
	    !scan_need(s, '\r', "line end expected") ||
	    !scan_need(s, '\n', "line end expected") ||
	    !scan_take(s, (size_t)n, out))
		return false;
	return !str_has(*out, '\0') || scan_fail(s, "NUL in a literal");
}

bool
imap_string(struct scan *s, struct arena *a, struct str *out)
{
	*out = STR("");
	if (s->bad)
		return false;
	if (scan_peek(s) == '"')
		return quoted(s, a, out);
	if (imap_at_string(s))
		return literal(s, out);
	return scan_fail(s, "string expected");
}

bool
imap_astring(struct scan *s, struct arena *a, struct str *out)
{
	if (imap_at_string(s) && scan_peek(s) != '~')
		return imap_string(s, a, out);
	*out = run(s, imap_is_astring_char);
	return !s->bad && (out->n > 0 || scan_fail(s, "string expected"));
}

bool
imap_nstring(struct scan *s, struct arena *a, struct str *out)
{
	if (scan_try_word(s, STR("NIL"))) {
		*out = (struct str){NULL, 0};
		return true;
	}
	return imap_string(s, a, out);
}

bool
imap_list_mailbox(struct scan *s, struct arena *a, struct str *out)
{
	if (imap_at_string(s) && scan_peek(s) != '~')
		return imap_string(s, a, out);
	*out = run(s, is_list_char);
	return !s->bad && (out->n > 0 || scan_fail(s, "mailbox expected"));
}

static bool
flag(struct scan *s, struct str *out)
{
	const char *start = s->p;

	scan_try(s, '\\');
	if (!imap_atom(s, out))
		return scan_fail(s, "flag expected");
	*out = str_make(start, (size_t)(s->p - start));
	return true;
}

bool
imap_flags_bare(
    struct scan *s, struct arena *a, size_t max, struct str **flags, size_t *n)
{
	*flags = arena_array(a, max, sizeof(**flags));
	*n = 0;
	do {
		if (*n == max)
			return scan_fail(s, "too many flags");
		if (!flag(s, &(*flags)[*n]))
			return false;
		++*n;
	} while (scan_try(s, ' '));
	return true;
}

bool
imap_flag_list(
    struct scan *s, struct arena *a, size_t max, struct str **flags, size_t *n)
{
	*flags = NULL;
	*n = 0;
	if (!scan_need(s, '(', "'(' expected"))
		return false;
	if (scan_try(s, ')'))
		return true;
	return imap_flags_bare(s, a, max, flags, n) &&
	       scan_need(s, ')', "')' expected");
}

bool
imap_date_time(struct scan *s, int64_t *seconds)
{
	struct str text;
	int zone;

	if (!scan_need(s, '"', "date expected"))
		return false;
	text = scan_until(s, '"');
	if (!scan_need(s, '"', "bad date"))
		return false;
	return date_parse_imap(text, seconds, &zone) == 0 ||
	       scan_fail(s, "bad date");
}

/* What an unquoted date consists of. */
static bool
is_date_char(char c)
{
	return ascii_isalnum(c) || c == '-';
}

bool
imap_date(struct scan *s, int64_t *days)
{
	bool quotes = scan_try(s, '"');
	struct str text = run(s, is_date_char);

	if (s->bad || date_parse_day(text, days) < 0)
		return scan_fail(s, "bad date");
	return !quotes || scan_need(s, '"', "bad date");
}
