/* SPDX-License-Identifier: ISC */
/* Looking for text in mail.  Everything is brought to lower-case UTF-8 first:
 * transfer encoding, then character set, then case, a chunk at a time, with the
 * end of what was searched kept in front of what comes next. */
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

#define CHUNK 16384 /* octets of the stored text at a time */

/* ------------------------------------------------------------ case */

/* clang-format off */
/* Ranges of capitals: by adding `add`, or, when it is 0, of pairs where the
 * capital comes first and is even (odd for `odd`). */
static const struct {
	uint32_t first, last;
	uint32_t add;
	bool odd;
} capitals[] = {
    {'A', 'Z', 32, false},
    {0xc0, 0xd6, 32, false},      /* Latin-1 */
    {0xd8, 0xde, 32, false},
    {0x100, 0x12f, 0, false},     /* Latin Extended-A */
    {0x132, 0x137, 0, false},
    {0x139, 0x148, 0, true},
    {0x14a, 0x177, 0, false},
    {0x179, 0x17e, 0, true},
    {0x388, 0x38a, 37, false},    /* Greek */
    {0x391, 0x3a1, 32, false},
    {0x3a3, 0x3ab, 32, false},
    {0x400, 0x40f, 80, false},    /* Cyrillic */
    {0x410, 0x42f, 32, false},
    {0x460, 0x481, 0, false},
    {0x48a, 0x4bf, 0, false},
    {0x4c1, 0x4ce, 0, true},
    {0x4d0, 0x52f, 0, false},
    {0x531, 0x556, 48, false},    /* Armenian */
    {0x1e00, 0x1e95, 0, false},   /* Latin Extended Additional */
    {0x1ea0, 0x1eff, 0, false},
    {0xff21, 0xff3a, 32, false},  /* full-width letters */
};

/* Single ones, final sigma among them. */
static const uint32_t singles[][2] = {{0x178, 0xff}, {0x386, 0x3ac},
    {0x38c, 0x3cc}, {0x38e, 0x3cd}, {0x38f, 0x3ce}, {0x3c2, 0x3c3},
    {0x4c0, 0x4cf}, {0x17f, 's'}};
/* clang-format on */

static uint32_t
lower(uint32_t c)
{
	for (size_t i = 0; i < sizeof(capitals) / sizeof(*capitals); i++) {
		if (c < capitals[i].first)
			break;
		if (c > capitals[i].last)
			continue;
		if (capitals[i].add)
			return c + capitals[i].add;
		return c % 2 == capitals[i].odd ? c + 1 : c;
	}
	for (size_t i = 0; i < sizeof(singles) / sizeof(*singles); i++)
		if (c == singles[i][0])
			return singles[i][1];
	return c;
}

static size_t
lower_ascii(struct str s, struct buf *to)
{
	size_t n = 0;
	char *p;

	while (n < s.n && !ascii_ishigh(s.p[n]))
		n++;
	p = n ? buf_room(to, n) : NULL;
	for (size_t i = 0; p && i < n; i++)
		p[i] = ascii_lower(s.p[i]);
	return n;
}

void
text_lower(struct str s, struct buf *to)
{
	for (;;) {
		uint32_t code;
		size_t n;

		s = str_from(s, lower_ascii(s, to));
		if (s.n == 0)
			return;
		n = charset_utf8(s, &code);
		charset_put(to, lower(code));
		s = str_from(s, n ? n : s.n);
	}
}

/* ---------------------------------------------------------- matching */

struct text_needle
text_needle(struct str utf8, struct arena *a)
{
	struct text_needle n;
	struct buf b;

	buf_init(&b, 4 * utf8.n + 4);
	text_lower(utf8, &b);
	n.lower = arena_str(a, buf_slice(&b));
	buf_free(&b);
	return n;
}

static bool
has(struct text_needle n, struct str lowered)
{
	return n.lower.n == 0 ||
	       (lowered.n >= n.lower.n &&
		   memmem(lowered.p, lowered.n, n.lower.p, n.lower.n) != NULL);
}

bool
text_in(struct text_needle n, struct str utf8)
{
	struct buf b;
	bool found = false;
	size_t keep = n.lower.n;

	buf_init(&b, SIZE_MAX / 2);
	while (!found && utf8.n) {
		size_t k = utf8.n < CHUNK ? utf8.n : CHUNK;

		/* Do not cut a character in two. */
		while (k < utf8.n && k > CHUNK - 4 &&
		       ((unsigned char)utf8.p[k] & 0xc0) == 0x80)
			k--;
		text_lower(str_to(utf8, k), &b);
		found = has(n, buf_slice(&b));
		if (b.n > keep)
			buf_eat(&b, b.n - keep);
		utf8 = str_from(utf8, k);
	}
	buf_free(&b);
	return found || n.lower.n == 0;
}

bool
text_in_value(struct text_needle n, struct str value)
{
	struct buf b;
	bool found;

	/* Three octets for each that cannot be read. */
	buf_init(&b, 4 * value.n);
	word_decode(value, &b);
	found = text_in(n, buf_slice(&b));
	buf_free(&b);
	return found;
}

bool
text_in_field(struct text_needle n, struct str text, struct str name)
{
	struct header h = header_make(text);
	struct header_field f;

	while (header_next_named(&h, name, &f))
		if (text_in_value(n, f.value))
			return true;
	return false;
}

bool
text_in_header(struct text_needle n, struct str text)
{
	struct header h = header_make(text);
	struct header_field f;

	while (header_next(&h, &f))
		if (text_in_value(n, f.whole))
			return true;
	return n.lower.n == 0;
}

/* ------------------------------------------------------------ bodies */

/* One leaf on its way through: octets, then UTF-8, then lower case. */
struct stream {
	enum part_encoding encoding;
	struct b64 b64;
	struct qp qp;
	struct charset charset;
	struct buf octets, utf8, lower;
};

static void
begin_charset(
    struct charset *c, const struct part_tree *t, const struct part *p)
{
	struct arena a;
	struct str value, type, subtype, rest;
	struct param_list l = {0};
	const struct param *set;

	arena_init(&a, 1 << 20);
	header_find(part_header(t, p), STR("Content-Type"), &value);
	if (p->declared && param_type(value, &type, &subtype, &rest))
		param_parse(&l, rest, &a);
	set = param_find(&l, STR("charset"));
	/* Unlabelled 8-bit text is mostly UTF-8 today. */
	if (!set || str_ieq(set->value, STR("us-ascii")))
		charset_begin(c, STR("utf-8"));
	else
		charset_begin(c, set->value);
	arena_free(&a);
}

static void
begin(struct stream *s, const struct part_tree *t, const struct part *p)
{
	s->encoding = part_encoding(t, p);
	b64_begin(&s->b64);
	qp_begin(&s->qp);
	begin_charset(&s->charset, t, p);
	buf_init(&s->octets, 2 * CHUNK);
	buf_init(&s->utf8, 16 * CHUNK);
	buf_init(&s->lower, SIZE_MAX / 2);
}

static void
decode(struct stream *s, struct str chunk, bool last)
{
	buf_reset(&s->octets);
	buf_reset(&s->utf8);
	if (s->encoding == PART_BASE64) {
		b64_feed(&s->b64, chunk, &s->octets);
		if (last)
			b64_end(&s->b64, &s->octets);
		chunk = buf_slice(&s->octets);
	} else if (s->encoding == PART_QP) {
		qp_feed(&s->qp, chunk, &s->octets);
		if (last)
			qp_end(&s->qp, &s->octets);
		chunk = buf_slice(&s->octets);
	}
	charset_feed(&s->charset, chunk, &s->utf8);
	if (last)
		charset_end(&s->charset, &s->utf8);
	text_lower(buf_slice(&s->utf8), &s->lower);
}

/* What cannot be the start of a match any more is let go. */
static void
drop(struct stream *s, size_t keep)
{
	if (s->lower.n > keep)
		buf_eat(&s->lower, s->lower.n - keep);
}

static void
end(struct stream *s)
{
	charset_end(&s->charset, &s->utf8);
	buf_free(&s->octets);
	buf_free(&s->utf8);
	buf_free(&s->lower);
}

static bool
is_text(const struct part *p)
{
	return p->kind == PART_LEAF && (str_ieq(p->type, STR("text")) ||
					   str_ieq(p->type, STR("message")));
}

bool
text_in_leaf(
    struct text_needle n, const struct part_tree *t, const struct part *p)
{
	struct str body = part_body(t, p);
	bool found = n.lower.n == 0;
	struct stream s;

	if (!is_text(p))
		return false;
	begin(&s, t, p);
	for (bool last = false; !last && !found;) {
		struct str chunk = str_to(body, CHUNK);

		body = str_from(body, CHUNK);
		last = body.n == 0;
		decode(&s, chunk, last);
		found = has(n, buf_slice(&s.lower));
		drop(&s, n.lower.n);
	}
	end(&s);
	return found;
}

bool
text_in_body(struct text_needle n, const struct part_tree *t)
{
	if (n.lower.n == 0)
		return true;
	for (size_t i = 0; i < t->n; i++) {
		const struct part *p = &t->parts[i];

		if (i > 0 && text_in_header(n, part_header(t, p)))
			return true;
		if (text_in_leaf(n, t, p))
			return true;
	}
	return false;
}

bool
text_in_message(struct text_needle n, const struct part_tree *t)
{
	return text_in_header(n, part_header(t, &t->parts[0])) ||
	       text_in_body(n, t);
}
