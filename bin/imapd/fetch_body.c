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

/* ------------------------------------------------------------- literals */

/* " {n}" for the octets that follow. */
static void
announce(struct imap *s, uint64_t n)
{
	buf_str(&s->text, STR(" {"));
	buf_num(&s->text, n);
	buf_str(&s->text, STR("}\r\n"));
	imap_flush_text(s);
}

/* The octets that exist of those asked for (RFC 3501 6.4.5).  last: where the
 * fetch before ended, and this one; of this text if its uid is right. */
static void
send_partial(struct imap *s, struct str text, const struct imap_section *sec,
    struct fetch_last *last)
{
	struct fetch_place from = {0}, to;
	uint64_t got, skip = sec->from;

	if (last->uid && last->wire <= skip) {
		from = last->place;
		skip -= last->wire;
	}
	from = fetch_place(text, from, skip, &got);
	if (got < skip)
		from = (struct fetch_place){text.n, false};
	to = fetch_place(text, from, sec->count, &got);
	announce(s, got);
	if (got)
		fetch_place_send(&s->serve.out, text, from, to);
	last->wire = sec->from + got;
	last->place = to;
}

static void
send_literal(struct imap *s, struct str text, const struct imap_section *sec)
{
	struct fetch_last none = {0};
	uint64_t size;

	if (sec->partial) {
		send_partial(s, text, sec, &none);
		return;
	}
	size = crlf_size(text);
	announce(s, size);
	s->serve.out.cr = false;
	if (size == text.n) /* CRLF already: as it stands, without a copy */
		out_str(&s->serve.out, text);
	else
		out_crlf(&s->serve.out, text);
}

/* The same for a slice of the message itself. */
static void
send_slice(struct imap *s, struct fetch_text *t, struct str text,
    const struct imap_section *sec)
{
	size_t at = (size_t)(text.p - t->stored.text.p);
	struct fetch_last *last = &s->last;

	if (!sec->partial) {
		send_literal(s, text, sec);
		return;
	}
	if (last->uid != t->uid || last->at != at || last->n != text.n)
		*last = (struct fetch_last){.at = at, .n = text.n};
	send_partial(s, text, sec, last);
	last->uid = t->uid;
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
		send_slice(s, t, sec->depth ? body : t->stored.text, sec);
		break;
	case SECTION_TEXT:
		send_slice(s, t, body, sec);
		break;
	case SECTION_HEADER:
	case SECTION_MIME:
		send_slice(s, t, header, sec);
		break;
	case SECTION_FIELDS:
	case SECTION_FIELDS_NOT:
		send_fields(s, header, sec);
		break;
	}
}
