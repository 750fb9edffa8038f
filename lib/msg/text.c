/* SPDX-License-Identifier: ISC */
/* Looking for text in mail: transfer encoding, then character set, then fold,
 * a chunk at a time, with the end of what was looked through kept in front of
 * what comes next.  Most mail is ASCII or UTF-8 as it stands, which is folded
 * from where it lies. */
#define _GNU_SOURCE /* memmem(): linear time whatever the needle */
#include "msg/text.h"

#include <string.h>

#include "base/ascii.h"
#include "msg/b64.h"
#include "msg/charset.h"
#include "msg/header.h"
#include "msg/param.h"
#include "msg/qp.h"
#include "msg/word.h"

#define CHUNK 8192          /* octets of the stored text at a time */
#define FIELD_MAX (1 << 20) /* of one field with encoded words */

void
text_init(struct text *t)
{
	*t = (struct text){0};
	buf_init(&t->octets, FIELD_MAX);
	buf_init(&t->utf8, 4 * FIELD_MAX);
	buf_init(&t->folded, SIZE_MAX / 2);
	arena_init(&t->arena, 1 << 20);
}

void
text_free(struct text *t)
{
	buf_free(&t->octets);
	buf_free(&t->utf8);
	buf_free(&t->folded);
	arena_free(&t->arena);
}

struct str
text_needle(struct str utf8, struct arena *a)
{
	struct buf b;
	struct str needle;

	buf_init(&b, SIZE_MAX / 2);
	fold_text(utf8, &b);
	needle = arena_str(a, buf_slice(&b));
	buf_free(&b);
	return needle;
}

/* ------------------------------------------------------------- one text */

static bool
has(struct str s, struct str needle)
{
	return s.n >= needle.n && memmem(s.p, s.n, needle.p, needle.n) != NULL;
}

static void
begin(struct text *t, struct str needle)
{
	t->needle = needle;
	t->found = needle.n == 0;
	fold_begin(&t->fold);
	buf_reset(&t->folded);
}

/* What cannot be the start of a match any more is let go. */
static void
look(struct text *t)
{
	size_t keep = t->needle.n - 1;

	t->found = has(buf_slice(&t->folded), t->needle);
	if (t->folded.n > keep)
		buf_eat(&t->folded, t->folded.n - keep);
}

static void
feed(struct text *t, struct str utf8)
{
	while (utf8.n && !t->found) {
		fold_feed(&t->fold, str_to(utf8, CHUNK), &t->folded);
		utf8 = str_from(utf8, CHUNK);
		if (t->folded.n >= CHUNK + t->needle.n)
			look(t);
	}
}

static bool
end(struct text *t)
{
	if (!t->found) {
		fold_end(&t->fold, &t->folded);
		look(t);
	}
	return t->found;
}

bool
text_in(struct text *t, struct str needle, struct str utf8)
{
	begin(t, needle);
	feed(t, utf8);
	return end(t);
}

/* --------------------------------------------------------------- headers */

/* ISO-2022-JP without a label, as old Japanese programs send it. */
static bool
has_escapes(struct str s)
{
	return str_has(s, '\x1b') &&
	       (has(s, STR("\x1b$B")) || has(s, STR("\x1b$@")));
}

static bool
is_coded(struct str s)
{
	return has(s, STR("=?")) || has_escapes(s);
}

/* A field or its value; white space is folded, so that its line ends need no
 * care. */
static void
feed_field(struct text *t, struct str s)
{
	struct charset c;

	buf_reset(&t->utf8);
	if (has(s, STR("=?"))) {
		word_decode(str_to(s, FIELD_MAX), &t->utf8);
		s = buf_slice(&t->utf8);
	} else if (has_escapes(s)) {
		charset_begin(&c, STR("iso-2022-jp"));
		charset_feed(&c, str_to(s, FIELD_MAX), &t->utf8);
		charset_end(&c, &t->utf8);
		s = buf_slice(&t->utf8);
	}
	feed(t, s);
	feed(t, STR("\n"));
}

bool
text_in_field(
    struct text *t, struct str needle, struct str text, struct str name)
{
	struct header h = header_make(text);
	struct header_field f;

	while (header_next_named(&h, name, &f)) {
		begin(t, needle);
		feed_field(t, str_trim(f.value));
		if (end(t))
			return true;
	}
	return false;
}

bool
text_in_header(struct text *t, struct str needle, struct str text)
{
	struct str all = str_to(text, header_size(text));
	struct header h = header_make(all);
	struct header_field f;

	begin(t, needle);
	if (!is_coded(all))
		feed(t, all);
	else
		while (!t->found && header_next(&h, &f))
			feed_field(t, f.whole);
	return end(t);
}

/* ---------------------------------------------------------------- bodies */

/* One leaf on its way to UTF-8. */
struct leaf {
	enum part_encoding encoding;
	struct b64 b64;
	struct qp qp;
	struct charset charset;
	bool plain; /* it is UTF-8 once the encoding is undone */
};

static void
begin_charset(struct text *t, struct leaf *l, const struct part_tree *tree,
    const struct part *p)
{
	struct str value, type, subtype, rest;
	struct param_list list = {0};
	const struct param *set;

	if (p->declared &&
	    header_find(part_header(tree, p), STR("Content-Type"), &value) &&
	    param_type(value, &type, &subtype, &rest))
		param_parse(&list, rest, &t->arena);
	set = param_find(&list, STR("charset"));
	charset_begin(&l->charset, set ? set->value : STR(""));
	arena_reset(&t->arena);
	l->plain = charset_is_plain(&l->charset);
	if (l->plain && l->encoding == PART_PLAIN &&
	    has_escapes(part_body(tree, p))) {
		charset_begin(&l->charset, STR("iso-2022-jp"));
		l->plain = false;
	}
}

/* The next chunk with its encoding undone. */
static struct str
decode(struct text *t, struct leaf *l, struct str chunk, bool last)
{
	if (l->encoding == PART_PLAIN)
		return chunk;
	buf_reset(&t->octets);
	if (l->encoding == PART_BASE64) {
		b64_feed(&l->b64, chunk, &t->octets);
		if (last)
			b64_end(&l->b64, &t->octets);
	} else {
		qp_feed(&l->qp, chunk, &t->octets);
		if (last)
			qp_end(&l->qp, &t->octets);
	}
	return buf_slice(&t->octets);
}

static void
feed_chunk(struct text *t, struct leaf *l, struct str chunk, bool last)
{
	chunk = decode(t, l, chunk, last);
	if (!l->plain) {
		buf_reset(&t->utf8);
		charset_feed(&l->charset, chunk, &t->utf8);
		if (last)
			charset_end(&l->charset, &t->utf8);
		chunk = buf_slice(&t->utf8);
	}
	feed(t, chunk);
}

static bool
in_leaf(struct text *t, struct str needle, const struct part_tree *tree,
    const struct part *p)
{
	struct str body = part_body(tree, p);
	struct leaf l = {.encoding = part_encoding(tree, p)};

	begin(t, needle);
	b64_begin(&l.b64);
	qp_begin(&l.qp);
	begin_charset(t, &l, tree, p);
	for (bool last = false; !last && !t->found;) {
		struct str chunk = str_to(body, CHUNK);

		body = str_from(body, CHUNK);
		last = body.n == 0;
		feed_chunk(t, &l, chunk, last);
	}
	return end(t);
}

static bool
is_text(const struct part *p)
{
	return p->kind == PART_LEAF && (str_ieq(p->type, STR("text")) ||
					   str_ieq(p->type, STR("message")));
}

bool
text_in_body(struct text *t, struct str needle, const struct part_tree *tree)
{
	if (needle.n == 0)
		return true;
	for (size_t i = 0; i < tree->n; i++) {
		const struct part *p = &tree->parts[i];

		if (i > 0 && text_in_header(t, needle, part_header(tree, p)))
			return true;
		if (is_text(p) && in_leaf(t, needle, tree, p))
			return true;
	}
	return false;
}

bool
text_in_message(struct text *t, struct str needle, const struct part_tree *tree)
{
	return text_in_header(t, needle, part_header(tree, &tree->parts[0])) ||
	       text_in_body(t, needle, tree);
}
