/* SPDX-License-Identifier: ISC */
/* The MIME tree, built line by line.  Open parts form a chain from the current
 * one to the message; the open multiparts among them also lie on a stack with
 * their boundaries.  Sizes and line counts are differences of running counts
 * taken where a part starts and ends, so nesting costs nothing per line. */
#include "msg/part.h"

#include <string.h>

#include "base/ascii.h"
#include "msg/header.h"
#include "msg/param.h"

#define BOUNDARY_MAX 256 /* RFC 2046 5.1.1 says 70 */

/* A place at a line's start, with what lies before it. */
struct mark {
	size_t at;
	size_t lines;
	size_t bare; /* LFs without CR */
};

struct frame {
	uint32_t part;
	uint32_t last; /* its youngest child */
	size_t n;
	char boundary[BOUNDARY_MAX];
};

struct walk {
	struct part_tree *t;
	struct arena *a;      /* where the tree lives */
	struct arena scratch; /* for the parameters of one field */
	size_t cap;
	uint32_t current;
	bool in_header;
	size_t nframes;
	struct frame frames[PART_DEPTH];
};

static uint32_t
new_part(struct walk *w, uint32_t parent, const struct mark *m)
{
	struct part_tree *t = w->t;
	uint32_t i = (uint32_t)t->n;

	if (t->n == w->cap) {
		struct part *old = t->parts;

		w->cap = w->cap ? w->cap * 2 : 8;
		t->parts = arena_array(w->a, w->cap, sizeof(*old));
		if (t->n)
			memcpy(t->parts, old, t->n * sizeof(*old));
	}
	t->parts[t->n++] = (struct part){
	    .parent = parent,
	    .first = PART_NONE,
	    .next = PART_NONE,
	    .depth = parent == PART_NONE ? 0 : t->parts[parent].depth + 1,
	    .header = m->at,
	    .header_lf = m->bare,
	};
	w->current = i;
	w->in_header = true;
	return i;
}

static bool
room_below(const struct walk *w, const struct part *p)
{
	return w->t->n < PART_MAX && p->depth < PART_DEPTH;
}

static struct str
field(const struct part_tree *t, const struct part *p, struct str name)
{
	struct str value;

	header_find(part_header(t, p), name, &value);
	return value;
}

static void
set_type(struct part *p, struct str type, struct str subtype)
{
	p->type = type;
	p->subtype = subtype;
	p->declared = false;
}

/* Take up the boundary parameter; false when there is none to go by. */
static bool
push_frame(struct walk *w, uint32_t i, struct str params)
{
	struct frame *f = &w->frames[w->nframes];
	struct param_list l;
	const struct param *p;
	struct str b;

	arena_reset(&w->scratch);
	param_parse(&l, params, &w->scratch);
	p = param_find(&l, STR("boundary"));
	b = p ? p->value : STR("");
	/* Blanks at its end may have been lost on the way (RFC 2046 5.1.1). */
	while (b.n && ascii_isspace(b.p[b.n - 1]))
		b.n--;
	if (b.n == 0 || b.n > BOUNDARY_MAX)
		return false;
	f->part = i;
	f->last = PART_NONE;
	f->n = b.n;
	memcpy(f->boundary, b.p, b.n);
	w->nframes++;
	return true;
}

/* Read what the part says it is; *params gets the parameters' text. */
static void
read_type(struct walk *w, struct part *p, struct str *params)
{
	struct part_tree *t = w->t;
	struct str value;

	*params = STR("");
	if (header_find(part_header(t, p), STR("Content-Type"), &value)) {
		p->declared = param_type(value, &p->type, &p->subtype, params);
		if (!p->declared)
			set_type(p, STR("text"), STR("plain"));
	} else if (p->parent != PART_NONE &&
		   t->parts[p->parent].kind == PART_MULTIPART &&
		   str_ieq(t->parts[p->parent].subtype, STR("digest"))) {
		set_type(p, STR("message"), STR("rfc822"));
	} else {
		set_type(p, STR("text"), STR("plain"));
	}
}

/* The header of the current part ends before m. */
static void
end_header(struct walk *w, const struct mark *m)
{
	uint32_t i = w->current;
	struct part *p = &w->t->parts[i];
	struct str params;

	w->in_header = false;
	p->body = m->at;
	p->header_lf = m->bare - p->header_lf;
	p->body_lf = m->bare;
	p->lines = m->lines;
	read_type(w, p, &params);
	if (str_ieq(p->type, STR("multipart"))) {
		if (!room_below(w, p))
			set_type(p, STR("application"), STR("octet-stream"));
		else if (push_frame(w, i, params))
			p->kind = PART_MULTIPART;
		else
			set_type(p, STR("text"), STR("plain"));
	} else if (str_ieq(p->type, STR("message")) &&
		   str_ieq(p->subtype, STR("rfc822"))) {
		/* Only as it stands can it be read (RFC 2046 5.2.1). */
		if (!room_below(w, p) || part_encoding(w->t, p) != PART_PLAIN) {
			set_type(p, STR("application"), STR("octet-stream"));
			return;
		}
		p->kind = PART_MESSAGE;
		p->first = (uint32_t)w->t->n;
		new_part(w, i, m);
	}
}

/* End the current part and those around it up to, not including, `until`.
 * cut is m without the line end before it, which belongs to the boundary. */
static void
close_parts(struct walk *w, uint32_t until, const struct mark *m,
    const struct mark *cut)
{
	size_t inner = 0;

	while (w->in_header)
		end_header(w, m);
	for (uint32_t i = w->current; i != until;) {
		struct part *p = &w->t->parts[i];
		/* An empty body's boundary uses the header's line end. */
		bool whole = p->body > cut->at || inner > cut->at;
		const struct mark *e = whole ? m : cut;

		p->end = e->at;
		p->body_lf = e->bare - p->body_lf;
		p->lines = e->lines - p->lines;
		inner = p->end;
		i = p->parent;
	}
	w->current = until;
}

/* The open multipart whose boundary starts this line: the longest that fits
 * and of equal ones the innermost; nframes when there is none. */
static size_t
match(const struct walk *w, struct str line)
{
	size_t best = w->nframes, longest = 0;

	for (size_t i = w->nframes; i-- > 0;) {
		const struct frame *f = &w->frames[i];

		if (f->n > longest && f->n <= line.n &&
		    f->boundary[0] == line.p[0] &&
		    memcmp(f->boundary, line.p, f->n) == 0) {
			best = i;
			longest = f->n;
		}
	}
	return best;
}

/* Returns whether the line at m was a boundary. */
static bool
boundary(struct walk *w, struct str line, const struct mark *m)
{
	struct mark cut = *m;
	size_t k;
	struct frame *f;

	if (!w->nframes || line.n < 3 || line.p[0] != '-' || line.p[1] != '-')
		return false;
	line = str_from(line, 2);
	k = match(w, line);
	if (k == w->nframes)
		return false;
	f = &w->frames[k];
	line = str_from(line, f->n);
	if (!str_starts(line, STR("--")) && w->t->n >= PART_MAX)
		return false;
	cut.at--;
	cut.lines--;
	if (cut.at && w->t->text.p[cut.at - 1] == '\r')
		cut.at--;
	else
		cut.bare--;
	close_parts(w, f->part, m, &cut);
	w->nframes = str_starts(line, STR("--")) ? k : k + 1;
	return true;
}

/* A part starts behind the boundary line of the innermost open multipart. */
static void
next_part(struct walk *w, const struct mark *m)
{
	struct frame *f = &w->frames[w->nframes - 1];
	uint32_t i = new_part(w, f->part, m);
	struct part *parts = w->t->parts;

	if (f->last == PART_NONE)
		parts[f->part].first = i;
	else
		parts[f->last].next = i;
	f->last = i;
}

/* Pass over the line at m. */
static void
skip_line(struct str text, size_t n, struct mark *m)
{
	size_t end = m->at + n;

	if (text.p[end - 1] == '\n') {
		m->lines++;
		if (n < 2 || text.p[end - 2] != '\r')
			m->bare++;
	}
	m->at = end;
}

static void
one_line(struct walk *w, struct mark *m)
{
	struct str rest = str_from(w->t->text, m->at);
	size_t n = str_find(rest, '\n');
	struct str line = str_to(rest, n < rest.n ? n + 1 : n);
	bool empty = str_eq(line, STR("\n")) || str_eq(line, STR("\r\n"));
	bool hit = boundary(w, line, m);

	skip_line(w->t->text, line.n, m);
	if (hit && w->nframes && w->frames[w->nframes - 1].part == w->current)
		next_part(w, m);
	else if (empty && w->in_header)
		end_header(w, m);
}

void
part_parse(struct part_tree *t, struct str text, struct arena *a)
{
	struct walk w = {.t = t, .a = a};
	struct mark m = {0};

	*t = (struct part_tree){.text = text};
	arena_init(&w.scratch, 1 << 20);
	new_part(&w, PART_NONE, &m);
	while (m.at < text.n)
		one_line(&w, &m);
	close_parts(&w, PART_NONE, &m, &m);
	arena_free(&w.scratch);
}

/* ------------------------------------------------------------ asking */

static const struct part *
child(const struct part_tree *t, const struct part *p, uint32_t number)
{
	uint32_t i = p->first;

	if (number == 0)
		return NULL;
	while (i != PART_NONE && --number)
		i = t->parts[i].next;
	return i == PART_NONE ? NULL : &t->parts[i];
}

/* Part `number` of a whole message, its header being at p. */
static const struct part *
part_of_message(
    const struct part_tree *t, const struct part *p, uint32_t number)
{
	if (p->kind == PART_MULTIPART)
		return child(t, p, number);
	return number == 1 ? p : NULL;
}

const struct part *
part_find(const struct part_tree *t, const uint32_t *numbers, size_t n)
{
	const struct part *p = &t->parts[0];

	for (size_t i = 0; i < n && p; i++) {
		if (i == 0)
			p = part_of_message(t, p, numbers[i]);
		else if (p->kind == PART_MULTIPART)
			p = child(t, p, numbers[i]);
		else if (p->kind == PART_MESSAGE)
			p = part_of_message(t, &t->parts[p->first], numbers[i]);
		else
			p = NULL;
	}
	return p;
}

struct str
part_header(const struct part_tree *t, const struct part *p)
{
	return str_make(t->text.p + p->header, p->body - p->header);
}

struct str
part_body(const struct part_tree *t, const struct part *p)
{
	return str_make(t->text.p + p->body, p->end - p->body);
}

size_t
part_header_wire(const struct part *p)
{
	return p->body - p->header + p->header_lf;
}

size_t
part_body_wire(const struct part *p)
{
	return p->end - p->body + p->body_lf;
}

enum part_encoding
part_encoding(const struct part_tree *t, const struct part *p)
{
	struct str word, rest;
	struct str value = field(t, p, STR("Content-Transfer-Encoding"));

	if (!param_token(value, &word, &rest))
		return PART_PLAIN;
	if (str_ieq(word, STR("base64")))
		return PART_BASE64;
	if (str_ieq(word, STR("quoted-printable")))
		return PART_QP;
	return PART_PLAIN;
}
