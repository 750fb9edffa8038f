/* SPDX-License-Identifier: ISC */
/* Cursor over a slice with a sticky reason for failure.  Pure. */
#include "base/scan.h"

#include "base/ascii.h"
#include "base/num.h"

struct scan
scan_make(struct str s)
{
	if (!s.p)
		s = STR("");
	return (struct scan){s.p, s.p + s.n, NULL};
}

bool
scan_fail(struct scan *s, const char *why)
{
	if (!s->bad)
		s->bad = why;
	return false;
}

bool
scan_end(const struct scan *s)
{
	return !s->bad && s->p == s->end;
}

bool
scan_finish(struct scan *s)
{
	if (s->bad)
		return false;
	return s->p == s->end || scan_fail(s, "unexpected text at the end");
}

int
scan_peek(const struct scan *s)
{
	if (s->bad || s->p == s->end)
		return -1;
	return (unsigned char)*s->p;
}

bool
scan_try(struct scan *s, char c)
{
	if (scan_peek(s) != (unsigned char)c)
		return false;
	s->p++;
	return true;
}

bool
scan_try_word(struct scan *s, struct str word)
{
	if (s->bad || !str_istarts(scan_rest(s), word))
		return false;
	s->p += word.n;
	return true;
}

bool
scan_need(struct scan *s, char c, const char *why)
{
	return scan_try(s, c) || scan_fail(s, why);
}

bool
scan_take(struct scan *s, size_t n, struct str *out)
{
	if (s->bad)
		return false;
	if (n > (size_t)(s->end - s->p))
		return scan_fail(s, "text ends too early");
	*out = str_make(s->p, n);
	s->p += n;
	return true;
}

struct str
scan_until(struct scan *s, char stop)
{
	struct str rest = scan_rest(s);
	struct str out = str_to(rest, str_find(rest, stop));

	s->p += out.n;
	return out;
}

bool
scan_num(struct scan *s, uint64_t max, uint64_t *v)
{
	struct str rest = scan_rest(s);
	size_t n = 0;

	if (s->bad)
		return false;
	while (n < rest.n && ascii_isdigit(rest.p[n]))
		n++;
	if (n == 0)
		return scan_fail(s, "number expected");
	if (num_scan(str_to(rest, n), max, v) < 0)
		return scan_fail(s, "number too large");
	s->p += n;
	return true;
}

bool
scan_netstr(struct scan *s, size_t max, struct str *out)
{
	uint64_t n;

	return scan_num(s, max, &n) && scan_need(s, ':', "':' expected") &&
	       scan_take(s, (size_t)n, out) &&
	       scan_need(s, ',', "',' expected");
}

size_t
scan_blanks(struct scan *s)
{
	size_t n = 0;

	while (scan_try(s, ' ') || scan_try(s, '\t'))
		n++;
	return n;
}

struct str
scan_rest(const struct scan *s)
{
	if (s->bad)
		return STR("");
	return str_make(s->p, (size_t)(s->end - s->p));
}
