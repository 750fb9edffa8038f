/* SPDX-License-Identifier: ISC */
/* What IMAP tells of a message without sending it: its envelope and its
 * structure.  One pass over each header collects the fields wanted; the tree of
 * parts is walked along its links, without recursion. */
#include "proto/imap_body.h"

#include "base/ascii.h"
#include "msg/addr.h"
#include "msg/header.h"
#include "msg/param.h"

#define STRING_MAX 65536 /* a single field's text */
#define QUOTED_MAX 1000  /* longer strings are literals: lines stay short */

void
imap_body_string(struct buf *to, struct str s)
{
	bool quoted = s.n <= QUOTED_MAX;

	for (size_t i = 0; i < s.n && quoted; i++)
		quoted =
		    !ascii_ishigh(s.p[i]) && s.p[i] != '\r' && s.p[i] != '\n';
	if (quoted)
		buf_chr(to, '"');
	else
		buf_fmt(to, "{%zu}\r\n", s.n);
	while (s.n) {
		size_t n = 0;

		while (n < s.n && s.p[n] != '\0' &&
		       (!quoted || (s.p[n] != '"' && s.p[n] != '\\')))
			n++;
		buf_str(to, str_to(s, n));
		if (n < s.n && s.p[n] != '\0')
			buf_chr(to, '\\');
		if (n < s.n)
			buf_chr(to, s.p[n] ? s.p[n] : '?');
		s = str_from(s, n + 1);
	}
	if (quoted)
		buf_chr(to, '"');
}

static void
put_nstring(struct buf *to, struct str s)
{
	if (s.n)
		imap_body_string(to, s);
	else
		buf_z(to, "NIL");
}

/* Fields looked for in one header: value.p is NULL for those not there. */
struct wanted {
	const char *name;
	struct str value;
};

static void
collect(struct str text, struct wanted *w, size_t n)
{
	struct header h = header_make(text);
	struct header_field f;

	while (header_next(&h, &f)) {
		for (size_t i = 0; i < n && f.name.n; i++)
			if (!w[i].value.p && str_ieq(f.name, str_z(w[i].name)))
				w[i].value = f.value;
	}
}

/* A field's text: NIL when it is absent, "" when it is empty. */
static void
put_field(struct buf *to, struct str value)
{
	struct buf b;

	if (!value.p) {
		buf_z(to, "NIL");
		return;
	}
	buf_init(&b, STRING_MAX);
	header_unfold(str_to(value, STRING_MAX), &b);
	imap_body_string(to, buf_slice(&b));
	buf_free(&b);
}

/* ---------------------------------------------------------- envelope */

/* In a group's start the mailbox is its name and the host NIL; in its end both
 * are NIL.  So a mailbox must have neither NIL. */
static void
put_address(struct buf *to, const struct addr *a)
{
	buf_chr(to, '(');
	put_nstring(to, a->name);
	buf_chr(to, ' ');
	put_nstring(to, a->route);
	buf_chr(to, ' ');
	if (a->kind == ADDR_END)
		buf_z(to, "NIL");
	else
		imap_body_string(to, a->mailbox);
	buf_chr(to, ' ');
	if (a->kind == ADDR_BOX)
		imap_body_string(to, a->host);
	else
		buf_z(to, "NIL");
	buf_chr(to, ')');
}

/* Append value's addresses; *n counts them across several fields. */
static void
put_list(struct buf *to, struct str value, struct arena *a, size_t *n)
{
	struct addr_list l;

	arena_reset(a);
	addr_parse(&l, value, a);
	for (size_t i = 0; i < l.n; i++) {
		buf_z(to, (*n)++ ? "" : "(");
		put_address(to, &l.addrs[i]);
	}
}

static void
put_addresses(struct buf *to, struct str value, struct arena *a)
{
	size_t n = 0;

	put_list(to, value, a, &n);
	buf_z(to, n ? ")" : "NIL");
}

/* Append those of all fields of that name (RFC 5322 4.5.3). */
static void
put_all_addresses(
    struct buf *to, struct str text, struct str name, struct arena *a)
{
	struct header h = header_make(text);
	struct header_field f;
	size_t n = 0;

	while (n < ADDR_MAX && header_next_named(&h, name, &f))
		put_list(to, f.value, a, &n);
	buf_z(to, n ? ")" : "NIL");
}

/* Like put_addresses(), but with those of From instead of none. */
static void
put_or_from(struct buf *to, struct str value, struct str from, struct arena *a)
{
	struct addr_list l;

	arena_reset(a);
	addr_parse(&l, value, a);
	put_addresses(to, l.n ? value : from, a);
}

void
imap_body_envelope(struct buf *to, struct str text)
{
	enum { DATE, SUBJECT, FROM, SENDER, REPLY_TO, IN_REPLY_TO, ID, N };
	struct wanted w[N] = {[DATE] = {"Date", {0}},
	    [SUBJECT] = {"Subject", {0}},
	    [FROM] = {"From", {0}},
	    [SENDER] = {"Sender", {0}},
	    [REPLY_TO] = {"Reply-To", {0}},
	    [IN_REPLY_TO] = {"In-Reply-To", {0}},
	    [ID] = {"Message-ID", {0}}};
	size_t start = to->n;
	bool over = to->over;
	struct arena a;

	arena_init(&a, 8 << 20);
	collect(text, w, N);
	buf_chr(to, '(');
	put_field(to, w[DATE].value);
	buf_chr(to, ' ');
	put_field(to, w[SUBJECT].value);
	buf_chr(to, ' ');
	put_addresses(to, w[FROM].value, &a);
	buf_chr(to, ' ');
	put_or_from(to, w[SENDER].value, w[FROM].value, &a);
	buf_chr(to, ' ');
	put_or_from(to, w[REPLY_TO].value, w[FROM].value, &a);
	buf_chr(to, ' ');
	put_all_addresses(to, text, STR("To"), &a);
	buf_chr(to, ' ');
	put_all_addresses(to, text, STR("Cc"), &a);
	buf_chr(to, ' ');
	put_all_addresses(to, text, STR("Bcc"), &a);
	buf_chr(to, ' ');
	put_field(to, w[IN_REPLY_TO].value);
	buf_chr(to, ' ');
	put_field(to, w[ID].value);
	buf_chr(to, ')');
	arena_free(&a);
	if (over || !to->over)
		return;
	to->over = false;
	to->n = start;
	buf_z(to, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
}

/* --------------------------------------------------------- structure */

enum {
	TYPE,
	CONTENT_ID,
	DESCRIPTION,
	ENCODING,
	MD5,
	DISPOSITION,
	LANGUAGE,
	LOCATION,
	FIELDS
};

struct writer {
	struct buf *to;
	const struct part_tree *t;
	bool extended;
	struct arena a; /* for one field */
};

/* "(name value …)" or NIL.  Continuations are joined (RFC 2231 6); a value that
 * tells its character set keeps the "*" that says so. */
static void
put_params(struct writer *w, struct str rest)
{
	struct param_list l;

	arena_reset(&w->a);
	param_parse(&l, rest, &w->a);
	for (size_t i = 0; i < l.n; i++) {
		const struct param *p = &l.params[i];
		struct str name = p->name;

		buf_chr(w->to, i ? ' ' : '(');
		/* The "*" follows the name where it was written. */
		if (p->extended)
			name = str_make(name.p, name.n + 1);
		imap_body_string(w->to, name);
		buf_chr(w->to, ' ');
		imap_body_string(w->to, p->value);
	}
	buf_z(w->to, l.n ? ")" : "NIL");
}

static void
put_type_params(struct writer *w, const struct part *p, struct str value)
{
	struct str type, subtype, rest;

	if (p->declared && param_type(value, &type, &subtype, &rest))
		put_params(w, rest);
	else if (str_ieq(p->type, STR("text")))
		buf_z(w->to, "(\"CHARSET\" \"US-ASCII\")"); /* RFC 2045 5.2 */
	else
		buf_z(w->to, "NIL");
}

static void
put_disposition(struct writer *w, struct str value)
{
	struct str token, rest;

	if (!param_token(value, &token, &rest)) {
		buf_z(w->to, "NIL");
		return;
	}
	buf_chr(w->to, '(');
	imap_body_string(w->to, token);
	buf_chr(w->to, ' ');
	put_params(w, rest);
	buf_chr(w->to, ')');
}

/* One tag or a list of them (RFC 3282). */
static void
put_languages(struct writer *w, struct str value)
{
	struct str tag, rest = value;
	size_t n = 0;

	while (n < PARAM_MAX && param_token(rest, &tag, &rest)) {
		buf_chr(w->to, n++ ? ' ' : '(');
		imap_body_string(w->to, tag);
		rest = str_trim(rest);
		if (!str_starts(rest, STR(",")))
			break;
		rest = str_from(rest, 1);
	}
	buf_z(w->to, n ? ")" : "NIL");
}

/* What body-ext-1part and body-ext-mpart have in common. */
static void
put_extension(struct writer *w, const struct wanted *f)
{
	buf_chr(w->to, ' ');
	put_disposition(w, f[DISPOSITION].value);
	buf_chr(w->to, ' ');
	put_languages(w, f[LANGUAGE].value);
	buf_chr(w->to, ' ');
	put_field(w->to, f[LOCATION].value);
}

static void
fields(const struct writer *w, const struct part *p, struct wanted f[FIELDS])
{
	static const char *const names[FIELDS] = {"Content-Type", "Content-ID",
	    "Content-Description", "Content-Transfer-Encoding", "Content-MD5",
	    "Content-Disposition", "Content-Language", "Content-Location"};

	for (size_t i = 0; i < FIELDS; i++)
		f[i] = (struct wanted){names[i], {NULL, 0}};
	collect(part_header(w->t, p), f, FIELDS);
}

/* body-fields of RFC 3501 9, after the type. */
static void
put_fields(struct writer *w, const struct part *p, const struct wanted *f)
{
	struct str token, rest;

	imap_body_string(w->to, p->type);
	buf_chr(w->to, ' ');
	imap_body_string(w->to, p->subtype);
	buf_chr(w->to, ' ');
	put_type_params(w, p, f[TYPE].value);
	buf_chr(w->to, ' ');
	put_field(w->to, f[CONTENT_ID].value);
	buf_chr(w->to, ' ');
	put_field(w->to, f[DESCRIPTION].value);
	buf_chr(w->to, ' ');
	if (param_token(f[ENCODING].value, &token, &rest))
		imap_body_string(w->to, token);
	else
		buf_z(w->to, "\"7BIT\"");
	buf_chr(w->to, ' ');
	buf_num(w->to, part_body_wire(p));
}

/* What comes before the parts inside, if any may. */
static void
begin(struct writer *w, const struct part *p)
{
	struct wanted f[FIELDS];

	buf_chr(w->to, '(');
	if (p->kind == PART_MULTIPART) {
		/* The grammar wants at least one part. */
		if (p->first == PART_NONE)
			buf_z(w->to, "(\"TEXT\" \"PLAIN\" (\"CHARSET\" "
				     "\"US-ASCII\") NIL NIL \"7BIT\" 0 0)");
		return;
	}
	fields(w, p, f);
	put_fields(w, p, f);
	if (p->kind == PART_MESSAGE) {
		buf_chr(w->to, ' ');
		imap_body_envelope(
		    w->to, part_header(w->t, &w->t->parts[p->first]));
		buf_chr(w->to, ' ');
	}
}

static void
end(struct writer *w, const struct part *p)
{
	struct wanted f[FIELDS];

	buf_z(w->to, p->kind == PART_LEAF ? "" : " ");
	if (p->kind == PART_MULTIPART)
		imap_body_string(w->to, p->subtype);
	else if (p->kind == PART_MESSAGE)
		buf_num(w->to, p->lines);
	else if (str_ieq(p->type, STR("text")))
		buf_fmt(w->to, " %zu", p->lines);
	if (w->extended) {
		fields(w, p, f);
		buf_chr(w->to, ' ');
		if (p->kind == PART_MULTIPART)
			put_type_params(w, p, f[TYPE].value);
		else
			put_field(w->to, f[MD5].value);
		put_extension(w, f);
	}
	buf_chr(w->to, ')');
}

static void
put_tree(struct writer *w)
{
	const struct part *parts = w->t->parts;
	uint32_t i = 0;

	for (;;) {
		begin(w, &parts[i]);
		if (parts[i].first != PART_NONE) {
			i = parts[i].first;
			continue;
		}
		end(w, &parts[i]);
		while (parts[i].parent != PART_NONE &&
		       parts[i].next == PART_NONE) {
			i = parts[i].parent;
			end(w, &parts[i]);
		}
		if (parts[i].parent == PART_NONE)
			return;
		i = parts[i].next;
	}
}

void
imap_body_structure(struct buf *to, const struct part_tree *t, bool extended)
{
	struct writer w = {.to = to, .t = t, .extended = extended};
	size_t start = to->n;
	bool over = to->over;

	arena_init(&w.a, 1 << 20);
	put_tree(&w);
	arena_free(&w.a);
	if (over || !to->over)
		return;
	to->over = false;
	to->n = start;
	buf_fmt(to,
	    "(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL NIL \"7BIT\" %zu",
	    part_body_wire(&t->parts[0]));
	buf_z(to, extended ? " NIL NIL NIL NIL)" : ")");
}
