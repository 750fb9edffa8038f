/* SPDX-License-Identifier: ISC */
/* The MIME tree, built line by line.  Open parts form a chain from the current
 * one to the message; the open multiparts among them also lie on a stack with
 * their boundaries.  Sizes and line counts are differences of running counts
 * taken where a part starts and ends, so nesting costs nothing per line. */
#include "msg/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/lines.h"
#include "msg/header.h"
#include "msg/kept.h"
#include "msg/param.h"

#define BOUNDARY_MAX 256 /* RFC 2046 5.1.1 says 70 */
#define TYPE_MAX 127     /* RFC 6838 4.2 */
#define LINE_START 300   /* octets that tell what a line is */

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

struct part_walk {
	struct arena scratch; /* for the parameters of one field */
	struct buf fields;    /* of the header being read */

	/* from here on: of the text being read */
	struct part_tree *t;
	struct arena *a; /* where the tree lives */
	size_t budget;   /* octets of fields that may still be kept */
	size_t cap;
	uint32_t current;
	bool in_header;
	bool keeping; /* the field being read is kept */

	/* The line being read: it is looked at (`known`) when its end has come
	 * or LINE_START octets of it. */
	struct mark m;
	size_t passed; /* octets of it behind us */
	bool known;
	bool opens, ends; /* a part starts, the header ends behind it */
	bool cr;          /* the last octet was a CR */
	bool crlf;        /* the line before ended in CRLF */
	size_t nstart;
	char start[LINE_START];

	size_t nframes;
	struct frame frames[PART_DEPTH];
};

static uint32_t
new_part(struct part_walk *w, uint32_t parent, const struct mark *m)
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
	w->keeping = false;
	return i;
}

static bool
room_below(const struct part_walk *w, const struct part *p)
{
	return w->t->n < PART_MAX && p->depth < PART_DEPTH;
}

/* Take over the fields collected, as far as there is room. */
static void
keep_fields(struct part_walk *w, struct part *p)
{
	if (w->fields.n > w->budget) {
		p->cut = true;
		buf_reset(&w->fields);
	}
	p->fields = arena_str(w->a, buf_slice(&w->fields));
	w->budget -= w->fields.n;
	buf_reset(&w->fields);
}

static enum part_encoding
read_encoding(const struct part *p)
{
	struct str value, word, rest;

	header_find(p->fields, STR("Content-Transfer-Encoding"), &value);
	if (!param_token(value, &word, &rest))
		return PART_PLAIN;
	if (str_ieq(word, STR("base64")))
		return PART_BASE64;
	if (str_ieq(word, STR("quoted-printable")))
		return PART_QP;
	return PART_PLAIN;
}

/* Whatever its Content-Type says. */
static void
set_type(struct part *p, struct str type, struct str subtype)
{
	p->type = str_to(type, TYPE_MAX);
	p->subtype = str_to(subtype, TYPE_MAX);
	p->declared = false;
}

/* Take up the boundary parameter; false when there is none to go by. */
static bool
push_frame(struct part_walk *w, uint32_t i, struct str params)
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

static bool
in_digest(const struct part_tree *t, const struct part *p)
{
	return p->parent != PART_NONE &&
	       t->parts[p->parent].kind == PART_MULTIPART &&
	       str_ieq(t->parts[p->parent].subtype, STR("digest"));
}

/* Read what the part says it is; *params gets the parameters' text. */
static void
read_type(struct part_walk *w, struct part *p, struct str *params)
{
	struct str value, type, subtype;
	bool told = header_find(p->fields, STR("Content-Type"), &value);

	*params = STR("");
	if (told && param_type(value, &type, &subtype, params)) {
		set_type(p, type, subtype);
		p->declared = true;
	} else if (!told && in_digest(w->t, p)) {
		set_type(p, STR("message"), STR("rfc822"));
	} else {
		set_type(p, STR("text"), STR("plain"));
	}
}

/* The header of the current part ends before m. */
static void
end_header(struct part_walk *w, const struct mark *m)
{
	uint32_t i = w->current;
	struct part *p = &w->t->parts[i];
	struct str params;

	w->in_header = false;
	p->body = m->at;
	p->header_lf = m->bare - p->header_lf;
	p->body_lf = m->bare;
	p->lines = m->lines;
	keep_fields(w, p);
	p->encoding = read_encoding(p);
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
		if (!room_below(w, p) || p->encoding != PART_PLAIN) {
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
close_parts(struct part_walk *w, uint32_t until, const struct mark *m,
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
match(const struct part_walk *w, struct str line)
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
boundary(struct part_walk *w, struct str line, const struct mark *m)
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
	if (w->crlf)
		cut.at--;
	else
		cut.bare--;
	close_parts(w, f->part, m, &cut);
	w->nframes = str_starts(line, STR("--")) ? k : k + 1;
	return true;
}

/* A part starts behind the boundary line of the innermost open multipart. */
static void
next_part(struct part_walk *w, const struct mark *m)
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

/* ------------------------------------------------------------- lines */

static void
keep(struct part_walk *w, struct str s)
{
	size_t room = w->fields.max - w->fields.n;

	if (s.n > room)
		w->t->parts[w->current].cut = true;
	buf_str(&w->fields, str_to(s, room));
}

/* The line starts so; it is all of it when it ends in LF. */
static void
look(struct part_walk *w, struct str start)
{
	bool hit = boundary(w, start, &w->m);

	w->known = true;
	w->opens =
	    hit && w->nframes && w->frames[w->nframes - 1].part == w->current;
	w->ends = w->in_header && !hit &&
	          (str_eq(start, STR("\n")) || str_eq(start, STR("\r\n")));
	if (!w->in_header || hit)
		w->keeping = false;
	else if (w->ends || start.p[0] == ' ' || start.p[0] == '\t')
		w->keeping = w->keeping || w->ends;
	else
		w->keeping = kept_line(start);
}

/* Pass over a piece of a known line. */
static void
pass(struct part_walk *w, struct str s)
{
	if (s.n == 0)
		return;
	if (w->keeping)
		keep(w, s);
	w->passed += s.n;
	if (s.p[s.n - 1] != '\n')
		w->cr = s.p[s.n - 1] == '\r';
	else if (s.n > 1)
		w->cr = s.p[s.n - 2] == '\r';
}

static void
end_line(struct part_walk *w, bool lf)
{
	w->m.at += w->passed;
	w->crlf = lf && w->cr;
	if (lf) {
		w->m.lines++;
		w->m.bare += !w->crlf;
	}
	if (w->opens)
		next_part(w, &w->m);
	else if (w->ends)
		end_header(w, &w->m);
	w->known = w->opens = w->ends = w->cr = false;
	w->passed = w->nstart = 0;
}

/* Take s, which is a line or a piece of one, with its LF when `lf`. */
static void
take(struct part_walk *w, struct str s, bool lf)
{
	if (!w->known && (w->nstart || (!lf && s.n < LINE_START))) {
		struct str start = str_to(s, LINE_START - w->nstart);

		memcpy(w->start + w->nstart, start.p, start.n);
		w->nstart += start.n;
		s = str_from(s, start.n);
		if (!lf && w->nstart < LINE_START)
			return;
		look(w, str_make(w->start, w->nstart));
		pass(w, str_make(w->start, w->nstart));
	} else if (!w->known) {
		look(w, str_to(s, LINE_START));
	}
	pass(w, s);
	if (lf)
		end_line(w, true);
}

/* Pass over s, which starts a line or, where no boundary is waited for any
 * more, goes on where we were, and is of no interest but for its lines. */
static void
count(struct part_walk *w, struct str s)
{
	size_t bare;

	w->m.at += s.n;
	w->m.lines += lines_count(s, w->cr, &bare);
	w->m.bare += bare;
}

/* How much of s, which starts a line of a body, are lines without interest. */
static size_t
dull(const struct part_walk *w, struct str s)
{
	size_t n = s.n;

	if (w->nframes == 0)
		return n;
	if (s.p[0] == '-')
		return 0;
	n = lines_dashes(s);
	if (n == s.n)
		n = str_rfind(s, '\n');
	return n == s.n ? 0 : n + 1;
}

void
part_feed(struct part_walk *w, struct str piece)
{
	while (piece.n) {
		bool start = w->passed == 0 && w->nstart == 0;
		size_t n = 0;

		if (start && !w->in_header)
			n = dull(w, piece);
		if (n) {
			count(w, str_to(piece, n));
			w->crlf = n > 1 && piece.p[n - 2] == '\r';
			w->cr = piece.p[n - 1] == '\r';
		} else {
			n = str_find(piece, '\n');
			n += n < piece.n;
			take(w, str_to(piece, n), piece.p[n - 1] == '\n');
		}
		piece = str_from(piece, n);
	}
}

struct part_walk *
part_open(void)
{
	struct part_walk *w = calloc(1, sizeof(*w));

	if (!w)
		oom();
	arena_init(&w->scratch, 1 << 20);
	buf_init(&w->fields, PART_KEEP);
	return w;
}

void
part_close(struct part_walk *w)
{
	arena_free(&w->scratch);
	buf_free(&w->fields);
	free(w);
}

void
part_begin(struct part_walk *w, struct part_tree *t, struct arena *a)
{
	const size_t keep = offsetof(struct part_walk, t);

	/* The frames are set as they are opened. */
	memset((char *)w + keep, 0, offsetof(struct part_walk, frames) - keep);
	buf_reset(&w->fields);
	*t = (struct part_tree){.text = STR("")};
	w->t = t;
	w->a = a;
	w->budget = PART_FIELDS;
	new_part(w, PART_NONE, &w->m);
}

void
part_end(struct part_walk *w)
{
	if (w->nstart && !w->known) {
		look(w, str_make(w->start, w->nstart));
		pass(w, str_make(w->start, w->nstart));
	}
	if (w->passed)
		end_line(w, false);
	close_parts(w, PART_NONE, &w->m, &w->m);
}

bool
part_header_read(const struct part_walk *w)
{
	return w->current > 0 || !w->in_header;
}

void
part_parse(struct part_tree *t, struct str text, struct arena *a)
{
	struct part_walk *w = part_open();

	part_begin(w, t, a);
	t->text = text;
	part_feed(w, text);
	part_end(w);
	part_close(w);
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
	(void)t;
	return p->encoding;
}
