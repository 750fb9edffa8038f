/* SPDX-License-Identifier: ISC */
/* What stands at the end of the buffer tells whether a comma is due: values
 * end in none of the octets after which there is none. */
#include "base/json.h"

#include "base/utf8.h"

static void
comma(struct buf *b)
{
	char last = b->n ? b->p[b->n - 1] : '\n';

	if (last != '{' && last != '[' && last != ':' && last != '\n')
		buf_chr(b, ',');
}

void
json_begin(struct buf *b, char open)
{
	comma(b);
	buf_chr(b, open);
}

void
json_end(struct buf *b, char close)
{
	buf_chr(b, close);
}

/* One character of n octets.  Control characters, those of C1 (0xc2 and their
 * own value) too, are escaped: the text may go to a terminal. */
static void
character(struct buf *b, const char *p, size_t n)
{
	if (!utf8_plain(p, n)) {
		buf_fmt(b, "\\u%04x", (unsigned)(unsigned char)p[n - 1]);
		return;
	}
	if (*p == '"' || *p == '\\')
		buf_chr(b, '\\');
	buf_put(b, p, n);
}

static void
quoted(struct buf *b, struct str s)
{
	buf_chr(b, '"');
	while (s.n > 0) {
		size_t n = utf8_len(s);

		if (n > 0)
			character(b, s.p, n);
		else
			buf_z(b, "\xef\xbf\xbd");
		s = str_from(s, n ? n : 1);
	}
	buf_chr(b, '"');
}

void
json_key(struct buf *b, struct str key)
{
	comma(b);
	quoted(b, key);
	buf_chr(b, ':');
}

void
json_str(struct buf *b, struct str s)
{
	comma(b);
	quoted(b, s);
}

void
json_num(struct buf *b, int64_t v)
{
	comma(b);
	buf_fmt(b, "%lld", (long long)v);
}

void
json_bool(struct buf *b, bool v)
{
	comma(b);
	buf_z(b, v ? "true" : "false");
}

void
json_key_str(struct buf *b, const char *key, struct str s)
{
	json_key(b, str_z(key));
	json_str(b, s);
}

void
json_key_num(struct buf *b, const char *key, int64_t v)
{
	json_key(b, str_z(key));
	json_num(b, v);
}
