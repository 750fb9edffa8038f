/* SPDX-License-Identifier: ISC */
/* Walking the fields of a header, and the lexical bits that all structured
 * fields share: comments and quoted strings. */
#include "msg/header.h"

#include "base/ascii.h"

/* The length of the first line of s with its end, if any. */
static size_t
line_size(struct str s)
{
	size_t n = str_find(s, '\n');

	return n < s.n ? n + 1 : s.n;
}

static bool
empty_line(struct str s)
{
	return s.n && (s.p[0] == '\n' ||
			  (s.p[0] == '\r' && s.n > 1 && s.p[1] == '\n'));
}

size_t
header_size(struct str text)
{
	struct str rest = text;

	while (rest.n && !empty_line(rest))
		rest = str_from(rest, line_size(rest));
	return text.n - rest.n + (rest.n ? line_size(rest) : 0);
}

struct header
header_make(struct str text)
{
	return (struct header){text};
}

/* s without one line end at its end. */
static struct str
chomp(struct str s)
{
	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_iscntrl(s.p[i]) || s.p[i] == ' ')
			return false;
	return s.n > 0;
}

static struct str
trim_right(struct str s)
{
	while (s.n && ascii_isblank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The length of the field that s begins with, its folds included; *first gets
 * that of its first line. */
static size_t
field_size(struct str s, size_t *first)
{
	size_t n = *first = line_size(s);

	while (n < s.n && ascii_isblank(s.p[n]))
		n += line_size(str_from(s, n));
	return n;
}

int
header_next(struct header *h, struct header_field *f)
{
	struct str rest = h->rest;
	size_t first, colon, n;

	if (rest.n == 0 || empty_line(rest))
		return 0;
	n = field_size(rest, &first);
	colon = str_find(str_to(rest, first), ':');
	f->whole = str_to(rest, n);
	f->name = trim_right(str_to(rest, colon));
	f->value = chomp(f->whole);
	if (colon < first && is_name(f->name))
		f->value = str_from(f->value, colon + 1);
	else
		f->name = STR("");
	h->rest = str_from(rest, n);
	return 1;
}

/* Whether s begins with "NAME:", perhaps with blanks before the colon. */
static bool
has_name(struct str s, struct str name)
{
	if (!str_istarts(s, name))
		return false;
	for (s = str_from(s, name.n); s.n && ascii_isblank(s.p[0]);)
		s = str_from(s, 1);
	return s.n && s.p[0] == ':';
}

int
header_next_named(struct header *h, struct str name, struct header_field *f)
{
	size_t first;

	while (h->rest.n && !empty_line(h->rest)) {
		if (has_name(h->rest, name) && header_next(h, f))
			return 1;
		h->rest = str_from(h->rest, field_size(h->rest, &first));
	}
	return 0;
}

int
header_find(struct str text, struct str name, struct str *value)
{
	struct header h = header_make(text);
	struct header_field f;
	int found = header_next_named(&h, name, &f);

	*value = found ? f.value : STR("");
	return found;
}

void
header_unfold(struct str value, struct buf *to)
{
	struct str s = str_trim(value);

	while (s.n) {
		size_t n = line_size(s);
		struct str line = str_to(s, n);

		if (n && s.p[n - 1] == '\n')
			line = chomp(line);
		buf_str(to, line);
		s = str_from(s, n);
	}
}

static bool
among(struct str name, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(name, names[i]))
			return true;
	return false;
}

void
header_subset(struct str text, const struct str *names, size_t n, bool not,
    struct buf *to)
{
	struct header h = header_make(text);
	struct header_field f;

	while (header_next(&h, &f)) {
		bool named = f.name.n && among(f.name, names, n);

		if (named != not )
			header_crlf(f.whole, to);
	}
	if (h.rest.n)
		buf_z(to, "\r\n");
}

void
header_crlf(struct str s, struct buf *to)
{
	while (s.n) {
		size_t n = str_find(s, '\n');

		buf_str(to, str_to(s, n));
		if (n == s.n)
			return;
		if (n == 0 || s.p[n - 1] != '\r')
			buf_chr(to, '\r');
		buf_chr(to, '\n');
		s = str_from(s, n + 1);
	}
}

/* Pass over one comment; its nesting is a number, not a depth of calls. */
static struct str
take_comment(struct scan *s)
{
	const char *start = ++s->p;
	size_t depth = 1;

	for (; s->p < s->end; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		else if (*s->p == '(')
			depth++;
		else if (*s->p == ')' && --depth == 0)
			break;
	}
	if (s->p == s->end)
		return str_make(start, (size_t)(s->end - start));
	return str_make(start, (size_t)(s->p++ - start));
}

bool
header_cfws(struct scan *s, struct str *comment)
{
	const char *start = s->p;
	int c;

	while ((c = scan_peek(s)) >= 0) {
		struct str text;

		if (c != '(' && !ascii_isspace((char)c))
			break;
		if (c != '(') {
			s->p++;
			continue;
		}
		text = take_comment(s);
		if (comment)
			*comment = text;
	}
	return s->p > start;
}

void
header_quoted(struct scan *s, struct buf *to)
{
	scan_try(s, '"');
	while (!s->bad && s->p < s->end && *s->p != '"') {
		const char *start = s->p;

		while (s->p < s->end && *s->p != '"' && *s->p != '\\' &&
		       *s->p != '\r' && *s->p != '\n')
			s->p++;
		buf_put(to, start, (size_t)(s->p - start));
		if (s->p == s->end || *s->p == '"')
			break;
		if (*s->p++ == '\\' && s->p < s->end)
			buf_chr(to, *s->p++);
	}
	scan_try(s, '"');
}
