/* SPDX-License-Identifier: ISC */
/* Quoting, and the fields whose text is quoted. */
#include "msg/nstring.h"

#include "base/ascii.h"
#include "msg/header.h"

#define STRING_MAX 65536 /* a single field's text */
#define QUOTED_MAX 1000  /* longer strings are literals: lines stay short */

/* What putting s between quotes would take. */
enum form { AS_IT_IS, WITH_BACKSLASHES, LITERAL };

static enum form
form(struct str s)
{
	enum form f = s.n <= QUOTED_MAX ? AS_IT_IS : LITERAL;

	for (size_t i = 0; i < s.n && f != LITERAL; i++) {
		char c = s.p[i];

		if (ascii_ishigh(c) || c == '\r' || c == '\n')
			f = LITERAL;
		else if (c == '"' || c == '\\' || c == '\0')
			f = WITH_BACKSLASHES;
	}
	return f;
}

static void
put_escaped(struct buf *to, struct str s, bool quoted)
{
	while (s.n) {
		size_t n = 0;

		while (n < s.n && s.p[n] != '\0' &&
		       (!quoted || (s.p[n] != '"' && s.p[n] != '\\')))
			n++;
		buf_str(to, str_to(s, n));
		if (n < s.n && s.p[n] != '\0')
			buf_chr(to, '\\');
		if (n < s.n)
			buf_chr(to, s.p[n] ? s.p[n] : '?');
		s = str_from(s, n + 1);
	}
}

void
nstring_string(struct buf *to, struct str s)
{
	enum form f = form(s);

	if (f == LITERAL)
		buf_fmt(to, "{%zu}\r\n", s.n);
	else
		buf_chr(to, '"');
	if (f == AS_IT_IS)
		buf_str(to, s);
	else
		put_escaped(to, s, f == WITH_BACKSLASHES);
	if (f != LITERAL)
		buf_chr(to, '"');
}

void
nstring_or_nil(struct buf *to, struct str s)
{
	if (s.n)
		nstring_string(to, s);
	else
		buf_str(to, STR("NIL"));
}

void
nstring_field(struct buf *to, struct str value)
{
	struct str s = str_trim(str_to(value, STRING_MAX));
	struct buf b;

	if (!value.p) {
		buf_str(to, STR("NIL"));
		return;
	}
	if (!str_has(s, '\n')) {
		nstring_string(to, s);
		return;
	}
	buf_init(&b, STRING_MAX);
	header_unfold(s, &b);
	nstring_string(to, buf_slice(&b));
	buf_free(&b);
}

void
nstring_collect(struct str text, struct nstring_wanted *w, size_t n)
{
	struct header h = header_make(text);
	struct header_field f;

	while (header_next(&h, &f)) {
		for (size_t i = 0; i < n && f.name.n; i++)
			if (f.name.n == w[i].name.n &&
			    str_ieq(f.name, w[i].name)) {
				w[i].more = w[i].value.p;
				if (!w[i].more)
					w[i].value = f.value;
			}
	}
}
