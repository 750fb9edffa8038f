/* SPDX-License-Identifier: ISC */
/* Parameters in two steps: cut the field into pieces as they are written, then
 * join the pieces that RFC 2231 3 says belong together. */
#include "msg/param.h"

#include "base/ascii.h"
#include "base/num.h"
#include "base/scan.h"
#include "msg/charset.h"
#include "msg/header.h"
#include "msg/word.h"

/* One "name*index*=value" as written. */
struct piece {
	struct str name; /* up to the first '*' */
	int index;       /* -1 when it stands alone */
	bool extended;
	struct str value;
};

/* RFC 2045 5.1: token. */
static bool
is_token(char c)
{
	switch (c) {
	case '(':
	case ')':
	case '<':
	case '>':
	case '@':
	case ',':
	case ';':
	case ':':
	case '\\':
	case '"':
	case '/':
	case '[':
	case ']':
	case '?':
	case '=':
	case ' ':
		return false;
	default:
		return !ascii_iscntrl(c);
	}
}

static struct str
take_token(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && is_token(*s->p))
		s->p++;
	return str_make(start, (size_t)(s->p - start));
}

bool
param_token(struct str value, struct str *token, struct str *rest)
{
	struct scan s = scan_make(str_to(value, PARAM_TEXT));

	header_cfws(&s, NULL);
	*token = take_token(&s);
	*rest = scan_rest(&s);
	return token->n > 0;
}

bool
param_type(
    struct str value, struct str *type, struct str *subtype, struct str *rest)
{
	struct scan s = scan_make(str_to(value, PARAM_TEXT));

	header_cfws(&s, NULL);
	*type = take_token(&s);
	header_cfws(&s, NULL);
	*subtype = STR("");
	if (scan_try(&s, '/')) {
		header_cfws(&s, NULL);
		*subtype = take_token(&s);
	}
	*rest = scan_rest(&s);
	return type->n > 0 && subtype->n > 0;
}

static struct str
take_name(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p != '=' && *s->p != ';' && *s->p != '(' &&
	       !ascii_isspace(*s->p))
		s->p++;
	return str_make(start, (size_t)(s->p - start));
}

/* Up to a blank, a comment or ';'. */
static void
bare_word(struct scan *s)
{
	while (s->p < s->end && *s->p != ';' && !ascii_isspace(*s->p))
		s->p++;
}

/* A value without quotes ought to be one token, but names of files come with
 * blanks: go on while what follows looks like neither comment nor parameter. */
static struct str
take_bare(struct scan *s)
{
	const char *start = s->p;
	const char *stop;

	bare_word(s);
	stop = s->p;
	for (;;) {
		const char *word;

		while (s->p < s->end && ascii_isspace(*s->p))
			s->p++;
		word = s->p;
		bare_word(s);
		if (s->p == word || *word == '(' || *word == '"' ||
		    str_has(str_make(word, (size_t)(s->p - word)), '=')) {
			s->p = word;
			break;
		}
		stop = s->p;
	}
	return str_make(start, (size_t)(stop - start));
}

/* "filename*1*" says piece 1 of filename, extended (RFC 2231 4.1). */
static void
split_name(struct str written, struct piece *p)
{
	size_t star = str_find(written, '*');
	struct str rest = str_from(written, star + 1);
	uint64_t index;

	p->name = str_to(written, star);
	p->index = -1;
	p->extended =
	    star < written.n && (rest.n == 0 || str_ends(rest, STR("*")));
	if (rest.n && p->extended)
		rest.n--;
	if (rest.n == 0)
		return;
	if (num_scan(rest, PARAM_MAX, &index) == 0)
		p->index = (int)index;
	else
		*p = (struct piece){written, -1, false, p->value};
}

/* The next "name=value"; b is room to work in.  False at the end. */
static bool
next_piece(struct scan *s, struct piece *p, struct arena *a, struct buf *b)
{
	struct str name;

	for (;;) {
		while (header_cfws(s, NULL) || scan_try(s, ';'))
			;
		if (scan_end(s))
			return false;
		name = take_name(s);
		header_cfws(s, NULL);
		if (scan_try(s, '=') && name.n)
			break;
	}
	header_cfws(s, NULL);
	if (scan_peek(s) == '"') {
		buf_reset(b);
		header_quoted(s, b);
		p->value = arena_str(a, buf_slice(b));
	} else {
		p->value = take_bare(s);
	}
	split_name(name, p);
	return true;
}

/* RFC 2231 7: attribute-char, and '%' and "'" which have done their work. */
static bool
is_extended(char c)
{
	return is_token(c) && !ascii_ishigh(c) && c != '*';
}

/* A plain piece amid extended ones means its octets themselves. */
static void
put_encoded(struct buf *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_extended(s.p[i]) && s.p[i] != '%' && s.p[i] != '\'')
			buf_chr(to, s.p[i]);
		else
			buf_fmt(to, "%%%02X", (unsigned)(unsigned char)s.p[i]);
	}
}

static const struct piece *
find_piece(const struct piece *pieces, size_t n, struct str name, int index)
{
	for (size_t i = 0; i < n; i++)
		if (pieces[i].index == index && str_ieq(pieces[i].name, name))
			return &pieces[i];
	return NULL;
}

/* The value that starts with piece 0 and ends before the first one missing. */
static struct str
join(const struct piece *pieces, size_t n, const struct piece *first,
    struct arena *a, struct buf *b)
{
	const struct piece *p = first;

	buf_reset(b);
	for (int k = 1; p; k++) {
		if (first->extended && !p->extended)
			put_encoded(b, p->value);
		else
			buf_str(b, p->value);
		p = find_piece(pieces, n, first->name, k);
	}
	return arena_str(a, buf_slice(b));
}

/* More parameters than this cannot be in it: each has its '='. */
static size_t
most(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < PARAM_MAX; i++)
		n += s.p[i] == '=';
	return n;
}

void
param_parse(struct param_list *l, struct str rest, struct arena *a)
{
	struct scan s = scan_make(str_to(rest, PARAM_TEXT));
	size_t n = 0, max = most(scan_rest(&s));
	struct piece *pieces = arena_array(a, max, sizeof(*pieces));
	struct buf b;

	buf_init(&b, 3 * PARAM_TEXT);
	while (n < max && next_piece(&s, &pieces[n], a, &b))
		n++;
	*l = (struct param_list){arena_array(a, n, sizeof(*l->params)), 0};
	for (size_t i = 0; i < n; i++) {
		const struct piece *p = &pieces[i];
		struct str value = p->value;

		/* Of two beginnings only one is joined: memory is bounded. */
		if (p->index > 0 ||
		    (p->index == 0 && find_piece(pieces, n, p->name, 0) != p))
			continue;
		if (p->index == 0)
			value = join(pieces, n, p, a, &b);
		l->params[l->n++] = (struct param){p->name, value, p->extended};
	}
	buf_free(&b);
}

const struct param *
param_find(const struct param_list *l, struct str name)
{
	const struct param *found = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct param *p = &l->params[i];

		if (str_ieq(p->name, name) &&
		    (!found || (p->extended && !found->extended)))
			found = p;
	}
	return found;
}

/* Undo %XX. */
static void
percent(struct str s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n ? ascii_xdigit(s.p[i + 1]) : -1;
		int low = i + 2 < s.n ? ascii_xdigit(s.p[i + 2]) : -1;

		if (s.p[i] == '%' && high >= 0 && low >= 0) {
			buf_chr(to, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_chr(to, s.p[i]);
		}
	}
}

void
param_utf8(const struct param *p, struct buf *to)
{
	struct str rest = p->value, set, language;
	struct charset c;
	struct buf octets;

	if (!p->extended) {
		word_decode(p->value, to);
		return;
	}
	if (!str_cut(&rest, '\'', &set) || !str_cut(&rest, '\'', &language)) {
		set = STR("utf-8");
		rest = p->value;
	}
	buf_init(&octets, rest.n);
	percent(rest, &octets);
	charset_begin(&c, set.n ? set : STR("utf-8"));
	charset_feed(&c, buf_slice(&octets), to);
	charset_end(&c, to);
	buf_free(&octets);
}
