/* SPDX-License-Identifier: ISC */
/* Address lists.  The reader takes one lexical unit after another and builds
 * two readings of what it has seen since the last separator: `phrase`, all of
 * it as the words of a name, and `spec`, the last run of words and dots as a
 * local part.  '<', '@', ':' and the separators decide which one was meant.  No
 * recursion, no going back. */
#include "msg/addr.h"

#include <string.h>

#include "base/ascii.h"
#include "base/scan.h"
#include "msg/header.h"

#define ROUTE_MAX 1000 /* octets */
#define SMALL 1000     /* octets of a field */
#define LAST 4         /* entries kept free to end what is open */

struct reader {
	struct scan s;
	struct addr_list *l;
	struct arena *a;
	size_t cap;
	bool in_group;
	/* Of the address being read: */
	struct buf phrase, spec, host, route;
	struct buf quoted; /* room to work in */
	struct str comment;
	size_t before; /* octets of the phrase before the run in spec */
	bool space;    /* blanks came before the unit to be read */
	bool joined;   /* the last unit was a '.': the next belongs to it */
	bool in_angle, had_angle, had_at, any;
};

static void
clear(struct reader *r)
{
	buf_reset(&r->phrase);
	buf_reset(&r->spec);
	buf_reset(&r->host);
	buf_reset(&r->route);
	r->comment = STR("");
	r->before = 0;
	r->joined = r->in_angle = r->had_angle = r->had_at = r->any = false;
}

static void
add(struct reader *r, const struct addr *a)
{
	struct addr_list *l = r->l;

	if (l->n == r->cap) {
		struct addr *old = l->addrs;

		r->cap = r->cap ? r->cap * 2 : 4;
		l->addrs = arena_array(r->a, r->cap, sizeof(*old));
		if (l->n)
			memcpy(l->addrs, old, l->n * sizeof(*old));
	}
	l->addrs[l->n++] = *a;
}

static struct str
keep(struct reader *r, struct str s)
{
	return s.n ? arena_str(r->a, s) : STR("");
}

static struct str
keep_unfolded(struct reader *r, struct str s)
{
	buf_reset(&r->phrase);
	header_unfold(s, &r->phrase);
	return keep(r, buf_slice(&r->phrase));
}

/* An address ends here, if there was one. */
static void
finish_box(struct reader *r)
{
	struct addr a = {.kind = ADDR_BOX};

	if (!r->any) {
		clear(r);
		return;
	}
	a.route = keep(r, buf_slice(&r->route));
	a.mailbox = keep(r, buf_slice(&r->spec));
	a.host = keep(r, buf_slice(&r->host));
	if (r->had_angle)
		a.name = keep(r, str_trim(buf_slice(&r->phrase)));
	else if (r->had_at)
		a.name =
		    keep(r, str_trim(str_to(buf_slice(&r->phrase), r->before)));
	else
		a.mailbox = keep(r, str_trim(buf_slice(&r->phrase)));
	if (a.name.n == 0)
		a.name = keep_unfolded(r, r->comment);
	add(r, &a);
	clear(r);
}

static void
end_group(struct reader *r)
{
	finish_box(r);
	if (r->in_group)
		add(r, &(struct addr){.kind = ADDR_END});
	r->in_group = false;
}

/* What stands before ':' is a group's name; groups do not nest. */
static void
start_group(struct reader *r)
{
	struct addr a = {.kind = ADDR_GROUP};

	if (r->in_group)
		add(r, &(struct addr){.kind = ADDR_END});
	a.mailbox = keep(r, str_trim(buf_slice(&r->phrase)));
	add(r, &a);
	r->in_group = true;
	clear(r);
}

/* Add one unit, a word or a dot, where it belongs. */
static void
put_unit(struct reader *r, struct str unit, bool dot)
{
	bool glued = r->joined || dot;

	r->any = true;
	r->joined = dot;
	if (r->had_at) {
		buf_str(&r->host, unit);
		return;
	}
	if (!r->in_angle && !glued) {
		buf_reset(&r->spec);
		r->before = r->phrase.n;
	}
	if (r->in_angle && !glued && r->spec.n)
		buf_chr(&r->spec, ' ');
	buf_str(&r->spec, unit);
	if (r->in_angle)
		return;
	if (r->phrase.n && (r->space || !glued))
		buf_chr(&r->phrase, ' ');
	buf_str(&r->phrase, unit);
}

static bool
is_special(char c)
{
	switch (c) {
	case '<':
	case '>':
	case ':':
	case ';':
	case '@':
	case ',':
	case '.':
	case '"':
	case '(':
	case '[':
		return true;
	default:
		return ascii_isspace(c);
	}
}

static void
read_atom(struct reader *r)
{
	const char *start = r->s.p;

	while (r->s.p < r->s.end && !is_special(*r->s.p))
		r->s.p++;
	put_unit(r, str_make(start, (size_t)(r->s.p - start)), false);
}

static void
read_quoted(struct reader *r)
{
	buf_reset(&r->quoted);
	header_quoted(&r->s, &r->quoted);
	put_unit(r, buf_slice(&r->quoted), false);
}

/* "[10.0.0.1]": kept with its brackets. */
static void
read_literal(struct reader *r)
{
	struct str rest = scan_rest(&r->s);
	size_t n = str_find(rest, ']');

	n += n < rest.n;
	r->s.p += n;
	put_unit(r, str_to(rest, n), false);
}

/* "<@a,@b:local@host>": the route, which nobody follows any more. */
static void
read_route(struct reader *r)
{
	struct str rest = str_to(scan_rest(&r->s), ROUTE_MAX);
	size_t colon = str_find(rest, ':');

	if (rest.n == 0 || rest.p[0] != '@' || str_find(rest, '>') < colon ||
	    colon == rest.n)
		return;
	for (size_t i = 0; i < colon; i++)
		if (!ascii_isspace(rest.p[i]))
			buf_chr(&r->route, rest.p[i]);
	r->s.p += colon + 1;
}

static void
open_angle(struct reader *r)
{
	if (r->had_at) {
		buf_chr(&r->phrase, '@');
		buf_str(&r->phrase, buf_slice(&r->host));
	}
	buf_reset(&r->spec);
	buf_reset(&r->host);
	buf_reset(&r->route);
	r->any = r->in_angle = r->had_angle = r->joined = true;
	r->had_at = false;
	header_cfws(&r->s, NULL);
	read_route(r);
}

/* Behind '>' only a separator makes sense: the rest is passed over. */
static void
close_angle(struct reader *r)
{
	r->in_angle = false;
	for (;;) {
		int c;

		header_cfws(&r->s, &r->comment);
		c = scan_peek(&r->s);
		if (c < 0 || c == ',' || c == ';' || c == '<')
			return;
		r->s.p++;
	}
}

static void
at_sign(struct reader *r)
{
	r->any = r->had_at = true;
	/* A second '@': the first one belongs to the local part. */
	if (r->host.n) {
		buf_chr(&r->spec, '@');
		buf_str(&r->spec, buf_slice(&r->host));
		buf_reset(&r->host);
	}
}

static void
mark(struct reader *r, char c)
{
	r->s.p++;
	if (c == ',')
		finish_box(r);
	else if (c == ';')
		end_group(r);
	else if (c == ':' && !r->in_angle && !r->had_at)
		start_group(r);
	else if (c == '<')
		open_angle(r);
	else if (c == '>' && r->in_angle)
		close_angle(r);
	else if (c == '@')
		at_sign(r);
}

/* Room to work in: of most fields in the arena, which is faster. */
static void
begin_buf(struct reader *r, struct buf *b, size_t n)
{
	size_t size = 2 * n + 16;

	if (n <= SMALL)
		buf_fixed(b, arena_alloc(r->a, size), size);
	else
		buf_init(b, size);
}

static void
init(struct reader *r, struct addr_list *l, struct str value, struct arena *a)
{
	value = str_to(value, ADDR_TEXT);
	*l = (struct addr_list){0};
	*r = (struct reader){.s = scan_make(value), .l = l, .a = a};
	begin_buf(r, &r->phrase, value.n);
	begin_buf(r, &r->spec, value.n);
	begin_buf(r, &r->host, value.n);
	begin_buf(r, &r->route, value.n);
	begin_buf(r, &r->quoted, value.n);
	clear(r);
}

static void
end(struct reader *r, size_t n)
{
	if (n <= SMALL)
		return;
	buf_free(&r->phrase);
	buf_free(&r->spec);
	buf_free(&r->host);
	buf_free(&r->route);
	buf_free(&r->quoted);
}

void
addr_parse(struct addr_list *l, struct str value, struct arena *a)
{
	struct reader r;
	int c;

	init(&r, l, value, a);
	while (l->n < ADDR_MAX - LAST) {
		r.space = header_cfws(&r.s, &r.comment);
		c = scan_peek(&r.s);
		if (c < 0)
			break;
		if (c == '"')
			read_quoted(&r);
		else if (c == '[')
			read_literal(&r);
		else if (c == '.')
			put_unit(&r, str_make(r.s.p++, 1), true);
		else if (is_special((char)c))
			mark(&r, (char)c);
		else
			read_atom(&r);
	}
	end_group(&r);
	end(&r, value.n);
}
