/* SPDX-License-Identifier: ISC */
/* FETCH's items to a struct.  Pure; RFC 3501 6.4.5, 9. */
#include "proto/imap_fetch.h"

#include "base/ascii.h"
#include "proto/imap_token.h"
#include "proto/imap_write.h"

#define FAST (FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE)
#define ALL (FAST | FETCH_ENVELOPE)
#define FULL (ALL | FETCH_BODY)

static size_t
count(struct str text, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == c;
	return n;
}

/* A word of the grammar: letters, digits, '.'. */
static struct str
word(struct scan *s)
{
	struct str rest = scan_rest(s);
	size_t n = 0;

	while (n < rest.n && (ascii_isalnum(rest.p[n]) || rest.p[n] == '.'))
		n++;
	if (!s->bad)
		s->p += n;
	return str_to(rest, n);
}

/* "(From Subject)" */
static bool
field_list(struct scan *s, struct arena *a, struct imap_section *sec)
{
	struct str rest = scan_rest(s);
	size_t max = 1 + count(str_to(rest, str_find(rest, ')')), ' ');

	if (!imap_sp(s) || !scan_need(s, '(', "'(' expected"))
		return false;
	sec->fields = arena_array(a, max, sizeof(*sec->fields));
	do {
		if (sec->nfields == max)
			return scan_fail(s, "too many fields");
		if (!imap_astring(s, a, &sec->fields[sec->nfields++]))
			return false;
	} while (scan_try(s, ' '));
	return scan_need(s, ')', "')' expected");
}

/* "1.2.3" in front of a section's text.  *more: a "." came behind it. */
static bool
part_path(struct scan *s, struct arena *a, struct imap_section *sec, bool *more)
{
	sec->path = arena_array(a, IMAP_SECTION_DEPTH, sizeof(*sec->path));
	*more = false;
	while (scan_peek(s) >= '0' && scan_peek(s) <= '9') {
		if (sec->depth == IMAP_SECTION_DEPTH)
			return scan_fail(s, "section too deep");
		if (!imap_nz_number(s, &sec->path[sec->depth++]))
			return false;
		*more = scan_try(s, '.');
		if (!*more)
			break;
	}
	return true;
}

static bool
section_text(struct scan *s, struct arena *a, struct imap_section *sec)
{
	struct str w = word(s);

	if (str_ieq(w, STR("HEADER")))
		sec->kind = SECTION_HEADER;
	else if (str_ieq(w, STR("TEXT")))
		sec->kind = SECTION_TEXT;
	else if (str_ieq(w, STR("MIME")) && sec->depth > 0)
		sec->kind = SECTION_MIME;
	else if (str_ieq(w, STR("HEADER.FIELDS")))
		sec->kind = SECTION_FIELDS;
	else if (str_ieq(w, STR("HEADER.FIELDS.NOT")))
		sec->kind = SECTION_FIELDS_NOT;
	else
		return scan_fail(s, "unknown section");
	if (sec->kind == SECTION_FIELDS || sec->kind == SECTION_FIELDS_NOT)
		return field_list(s, a, sec);
	return true;
}

/* What is between the brackets, and "<from.count>" behind them. */
static bool
section(struct scan *s, struct arena *a, struct imap_section *sec)
{
	bool more;

	if (!part_path(s, a, sec, &more))
		return false;
	if ((more || (sec->depth == 0 && scan_peek(s) != ']')) &&
	    !section_text(s, a, sec))
		return false;
	if (!scan_need(s, ']', "']' expected"))
		return false;
	if (!scan_try(s, '<'))
		return true;
	sec->partial = true;
	return imap_number(s, &sec->from) &&
	       scan_need(s, '.', "partial range expected") &&
	       imap_nz_number(s, &sec->count) &&
	       scan_need(s, '>', "'>' expected");
}

static struct imap_section *
add(struct scan *s, struct arena *a, struct imap_fetch *f)
{
	if (!f->sections)
		f->sections =
		    arena_array(a, IMAP_SECTIONS_MAX, sizeof(*f->sections));
	if (f->n == IMAP_SECTIONS_MAX) {
		scan_fail(s, "too many sections");
		return NULL;
	}
	return &f->sections[f->n++];
}

static bool
body_section(struct scan *s, struct arena *a, struct imap_fetch *f, bool peek)
{
	struct imap_section *sec = add(s, a, f);

	if (!sec)
		return false;
	sec->peek = peek;
	f->seen = f->seen || !peek;
	return section(s, a, sec);
}

/* RFC822, RFC822.HEADER, RFC822.TEXT: old names of sections. */
static bool
old_section(
    struct scan *s, struct arena *a, struct imap_fetch *f, struct str name)
{
	static const struct {
		const char *name;
		enum imap_section_kind kind;
		bool peek;
	} t[] = {
	    {"RFC822", SECTION_ALL, false},
	    {"RFC822.HEADER", SECTION_HEADER, true},
	    {"RFC822.TEXT", SECTION_TEXT, false},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct imap_section *sec;

		if (!str_ieq(name, str_z(t[i].name)))
			continue;
		sec = add(s, a, f);
		if (!sec)
			return false;
		sec->kind = t[i].kind;
		sec->peek = t[i].peek;
		sec->old = t[i].name;
		f->seen = f->seen || !sec->peek;
		return true;
	}
	return scan_fail(s, "unknown item");
}

static bool
find_word(struct str name, const char *const *names, const unsigned *values,
    size_t n, unsigned *items)
{
	for (size_t i = 0; i < n; i++) {
		if (str_ieq(name, str_z(names[i]))) {
			*items |= values[i];
			return true;
		}
	}
	return false;
}

static bool
item(struct scan *s, struct arena *a, struct imap_fetch *f, struct str name)
{
	static const char *const names[] = {"UID", "FLAGS", "INTERNALDATE",
	    "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE"};
	static const unsigned values[] = {FETCH_UID, FETCH_FLAGS,
	    FETCH_INTERNALDATE, FETCH_SIZE, FETCH_ENVELOPE,
	    FETCH_BODYSTRUCTURE};
	bool peek = str_ieq(name, STR("BODY.PEEK"));

	if (peek || str_ieq(name, STR("BODY"))) {
		if (scan_try(s, '['))
			return body_section(s, a, f, peek);
		f->items |= FETCH_BODY;
		return !peek || scan_fail(s, "'[' expected");
	}
	return find_word(name, names, values, 6, &f->items) ||
	       old_section(s, a, f, name);
}

bool
imap_fetch_scan(struct scan *s, struct arena *a, struct imap_fetch *f)
{
	static const char *const macros[] = {"ALL", "FAST", "FULL"};
	static const unsigned values[] = {ALL, FAST, FULL};
	struct str name;

	*f = (struct imap_fetch){0};
	if (scan_try(s, '(')) {
		do {
			if (!item(s, a, f, word(s)))
				return false;
		} while (scan_try(s, ' '));
		return scan_need(s, ')', "')' expected");
	}
	name = word(s);
	return find_word(name, macros, values, 3, &f->items) ||
	       item(s, a, f, name);
}

static void
put_fields(struct buf *b, const struct imap_section *sec)
{
	buf_z(b, " (");
	for (size_t i = 0; i < sec->nfields; i++) {
		if (i > 0)
			buf_chr(b, ' ');
		imap_put_astring(b, sec->fields[i]);
	}
	buf_chr(b, ')');
}

void
imap_section_put(struct buf *b, const struct imap_section *sec)
{
	static const char *const kinds[] = {
	    "", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"};

	if (sec->old) {
		buf_z(b, sec->old);
		return;
	}
	buf_z(b, "BODY[");
	for (size_t i = 0; i < sec->depth; i++) {
		if (i > 0)
			buf_chr(b, '.');
		buf_num(b, sec->path[i]);
	}
	if (sec->depth > 0 && sec->kind != SECTION_ALL)
		buf_chr(b, '.');
	buf_z(b, kinds[sec->kind]);
	if (sec->fields)
		put_fields(b, sec);
	buf_chr(b, ']');
	if (sec->partial) {
		buf_chr(b, '<');
		buf_num(b, sec->from);
		buf_chr(b, '>');
	}
}
