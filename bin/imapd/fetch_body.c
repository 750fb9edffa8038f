/* SPDX-License-Identifier: ISC */
/* Sections of messages.  A section is a slice of the stored text, but for
 * chosen header fields, which are copied.  Stored lines end in LF (or CRLF,
 * from other programs); all octets counted and sent here are those of the form
 * with CRLF, so the number announced is always the number sent. */
#include "fetch_body.h"

#include <string.h>

#include "base/crlf.h"
#include "msg/header.h"
#include "msg/kept.h"

/* Whether the fields wanted are in the digest. */
static bool
from_digest(const struct imap_section *sec)
{
	if (sec->depth || sec->kind != SECTION_FIELDS)
		return false;
	for (size_t i = 0; i < sec->nfields; i++)
		if (!kept_name(sec->fields[i]))
			return false;
	return true;
}

unsigned
fetch_needs(const struct imap_section *sections, size_t n)
{
	unsigned needs = 0;

	for (size_t i = 0; i < n; i++) {
		if (from_digest(&sections[i]))
			needs |= FETCH_NEEDS_HEADER;
		else
			needs |= FETCH_NEEDS_TEXT;
		if (sections[i].depth)
			needs |= FETCH_NEEDS_PARTS;
	}
	return needs;
}

/* The message's parts.  If another program changed the file since the digest
 * was made, the text tells. */
static const struct part_tree *
tree(struct imap *s, struct fetch_text *t)
{
	struct str text = t->stored.text;

	if (t->tree.parts)
		return &t->tree;
	if (t->digest.size == text.n &&
	    digest_tree(&t->digest, &t->tree, &s->message) == 0)
		t->tree.text = text;
	else
		part_parse(&t->tree, text, &s->message);
	return &t->tree;
}

/* --------------------------------------------- places in the CRLF form */

/* A place in a stored text: behind p octets of it, and, with mid, behind the
 * CR that is to be put before the LF that follows. */
struct place {
	size_t p;
	bool mid;
};

/* The next LF without CR from i on, or text.n. */
static size_t
bare_lf(struct str text, size_t i)
{
	while (i < text.n) {
		const char *lf = memchr(text.p + i, '\n', text.n - i);

		if (!lf)
			return text.n;
		i = (size_t)(lf - text.p);
		if (i == 0 || text.p[i - 1] != '\r')
			return i;
		i++;
	}
	return text.n;
}

/* The place behind `wire` octets of the CRLF form, at most its end. */
static struct place
find_place(struct str text, uint64_t wire)
{
	size_t at = 0; /* stored octets passed */

	while (at < text.n) {
		size_t lf = bare_lf(text, at);
		uint64_t plain = lf - at;

		if (wire <= plain)
			return (struct place){at + (size_t)wire, false};
		if (lf == text.n)
			break;
		if (wire == plain + 1)
			return (struct place){lf, true};
		wire -= plain + 2;
		at = lf + 1;
	}
	return (struct place){text.n, false};
}

/* Write what is between two places, the first before the second. */
static void
send_between(struct out *o, struct str text, struct place a, struct place b)
{
	if (a.mid) {
		out_chr(o, '\n');
		a.p++;
	}
	if (a.p < b.p) {
		o->cr = a.p > 0 && text.p[a.p - 1] == '\r';
		out_crlf(o, str_to(str_from(text, a.p), b.p - a.p));
	}
	if (b.mid)
		out_chr(o, '\r');
}

/* " {n}" and the octets; of a partial fetch those that exist (6.4.5). */
static void
send_literal(struct imap *s, struct str text, const struct imap_section *sec)
{
	struct out *o = &s->serve.out;
	uint64_t size = crlf_size(text);
	uint64_t from = 0, to = size;

	if (sec->partial) {
		from = sec->from < size ? sec->from : size;
		to = size - from > sec->count ? from + sec->count : size;
	}
	buf_fmt(&s->text, " {%llu}\r\n", (unsigned long long)(to - from));
	imap_flush_text(s);
	if (from == 0 && to == size) {
		o->cr = false;
		out_crlf(o, text);
	} else if (from < to) {
		send_between(
		    o, text, find_place(text, from), find_place(text, to));
	}
}

/* ------------------------------------------------------------ sections */

/* The header and body that the section is about; false when there are none.
 * Of message/rfc822 parts those of the message within, but for MIME. */
static bool
find_parts(struct imap *s, struct fetch_text *t, const struct imap_section *sec,
    struct str *header, struct str *body)
{
	struct str text = t->stored.text;
	const struct part_tree *parts;
	const struct part *p;

	if (sec->depth == 0) {
		size_t n = header_size(text);

		*header = str_to(text, n);
		*body = str_from(text, n);
		return true;
	}
	parts = tree(s, t);
	p = part_find(parts, sec->path, sec->depth);
	if (!p)
		return false;
	if (sec->kind != SECTION_ALL && sec->kind != SECTION_MIME) {
		if (p->kind != PART_MESSAGE || p->first == PART_NONE)
			return false;
		p = &parts->parts[p->first];
	}
	*header = part_header(parts, p);
	*body = part_body(parts, p);
	return true;
}

static void
send_fields(struct imap *s, struct str header, const struct imap_section *sec)
{
	struct buf b;

	/* Each LF may become two octets. */
	buf_init(&b, 2 * header.n + 2);
	header_subset(header, sec->fields, sec->nfields,
	    sec->kind == SECTION_FIELDS_NOT, &b);
	send_literal(s, buf_slice(&b), sec);
	buf_free(&b);
}

void
fetch_section(
    struct imap *s, struct fetch_text *t, const struct imap_section *sec)
{
	struct str header, body;

	imap_section_put(&s->text, sec);
	if (!t->read) {
		send_fields(s, t->digest.fields, sec);
		return;
	}
	if (!find_parts(s, t, sec, &header, &body)) {
		buf_z(&s->text, " NIL");
		return;
	}
	switch (sec->kind) {
	case SECTION_ALL:
		send_literal(s, sec->depth ? body : t->stored.text, sec);
		break;
	case SECTION_TEXT:
		send_literal(s, body, sec);
		break;
	case SECTION_HEADER:
	case SECTION_MIME:
		send_literal(s, header, sec);
		break;
	case SECTION_FIELDS:
	case SECTION_FIELDS_NOT:
		send_fields(s, header, sec);
		break;
	}
}
