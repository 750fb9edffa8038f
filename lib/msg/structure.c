/* SPDX-License-Identifier: ISC */
/* What IMAP tells of a message without sending it.  One pass over each header
 * collects the fields wanted; the tree of parts is walked along its links,
 * without recursion. */
#include "msg/structure.h"

#include <string.h>

#include "base/varint.h"
#include "msg/addr.h"
#include "msg/header.h"
#include "msg/nstring.h"
#include "msg/param.h"

/* ---------------------------------------------------------- envelope */

/* In a group's start the mailbox is its name and the host NIL; in its end both
 * are NIL.  So a mailbox must have neither NIL. */
static void
put_address(struct buf *to, const struct addr *a)
{
	buf_chr(to, '(');
	nstring_or_nil(to, a->name);
	buf_chr(to, ' ');
	nstring_or_nil(to, a->route);
	buf_chr(to, ' ');
	if (a->kind == ADDR_END)
		buf_str(to, STR("NIL"));
	else
		nstring_string(to, a->mailbox);
	buf_chr(to, ' ');
	if (a->kind == ADDR_BOX)
		nstring_string(to, a->host);
	else
		buf_str(to, STR("NIL"));
	buf_chr(to, ')');
}

/* Append value's addresses; *n counts them across several fields. */
static void
put_list(struct buf *to, struct str value, struct arena *a, size_t *n)
{
	struct addr_list l;

	if (value.n == 0)
		return;
	arena_reset(a);
	addr_parse(&l, value, a);
	for (size_t i = 0; i < l.n; i++) {
		if ((*n)++ == 0)
			buf_chr(to, '(');
		put_address(to, &l.addrs[i]);
	}
}

static void
put_addresses(struct buf *to, struct str value, struct arena *a)
{
	size_t n = 0;

	put_list(to, value, a, &n);
	buf_str(to, n ? STR(")") : STR("NIL"));
}

/* Append those of all fields of that name (RFC 5322 4.5.3). */
static void
put_all_addresses(struct buf *to, struct str text,
    const struct nstring_wanted *w, struct arena *a)
{
	struct header h = header_make(text);
	struct header_field f;
	size_t n = 0;

	if (!w->more) {
		put_addresses(to, w->value, a);
		return;
	}
	while (n < ADDR_MAX && header_next_named(&h, w->name, &f))
		put_list(to, f.value, a, &n);
	buf_str(to, n ? STR(")") : STR("NIL"));
}

/* Where the addresses of From are in the buffer. */
struct from {
	size_t at, n;
};

/* Like put_addresses(), but with those of From instead of none. */
static void
put_or_from(struct buf *to, struct str value, struct from f, struct arena *a)
{
	size_t n = 0;

	put_list(to, value, a, &n);
	if (n)
		buf_chr(to, ')');
	else if (buf_room(to, f.n))
		memcpy(to->p + to->n - f.n, to->p + f.at, f.n);
}

void
structure_envelope(struct buf *to, struct str text, struct arena *scratch)
{
	enum {
		DATE,
		SUBJECT,
		FROM,
		SENDER,
		REPLY_TO,
		TO,
		CC,
		BCC,
		IN_REPLY_TO,
		ID,
		N
	};
	struct nstring_wanted w[N] = {[DATE] = NSTRING_WANTED("Date"),
	    [SUBJECT] = NSTRING_WANTED("Subject"),
	    [FROM] = NSTRING_WANTED("From"),
	    [SENDER] = NSTRING_WANTED("Sender"),
	    [REPLY_TO] = NSTRING_WANTED("Reply-To"),
	    [TO] = NSTRING_WANTED("To"),
	    [CC] = NSTRING_WANTED("Cc"),
	    [BCC] = NSTRING_WANTED("Bcc"),
	    [IN_REPLY_TO] = NSTRING_WANTED("In-Reply-To"),
	    [ID] = NSTRING_WANTED("Message-ID")};
	size_t start = to->n;
	bool over = to->over;
	struct from from;

	nstring_collect(text, w, N);
	buf_chr(to, '(');
	nstring_field(to, w[DATE].value);
	buf_chr(to, ' ');
	nstring_field(to, w[SUBJECT].value);
	buf_chr(to, ' ');
	from.at = to->n;
	put_addresses(to, w[FROM].value, scratch);
	from.n = to->n - from.at;
	buf_chr(to, ' ');
	put_or_from(to, w[SENDER].value, from, scratch);
	buf_chr(to, ' ');
	put_or_from(to, w[REPLY_TO].value, from, scratch);
	buf_chr(to, ' ');
	put_all_addresses(to, text, &w[TO], scratch);
	buf_chr(to, ' ');
	put_all_addresses(to, text, &w[CC], scratch);
	buf_chr(to, ' ');
	put_all_addresses(to, text, &w[BCC], scratch);
	buf_chr(to, ' ');
	nstring_field(to, w[IN_REPLY_TO].value);
	buf_chr(to, ' ');
	nstring_field(to, w[ID].value);
	buf_chr(to, ')');
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
	struct buf *extra; /* pairs: octets of BODY, octets of extension data */
	size_t done;       /* what these pairs speak of so far */
	struct nstring_wanted f[FIELDS];
	const struct part *f_of; /* the part whose fields these are */
	struct arena *a;         /* for one field */
};

/* "(name value …)" or NIL.  Continuations are joined (RFC 2231 6); a value that
 * tells its character set keeps the "*" that says so. */
static void
put_params(struct writer *w, struct str rest)
{
	struct param_list l;

	arena_reset(w->a);
	param_parse(&l, rest, w->a);
	for (size_t i = 0; i < l.n; i++) {
		const struct param *p = &l.params[i];
		struct str name = p->name;

		buf_chr(w->to, i ? ' ' : '(');
		/* The "*" follows the name where it was written. */
		if (p->extended)
			name = str_make(name.p, name.n + 1);
		nstring_string(w->to, name);
		buf_chr(w->to, ' ');
		nstring_string(w->to, p->value);
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
	nstring_string(w->to, token);
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
		nstring_string(w->to, tag);
		rest = str_trim(rest);
		if (!str_starts(rest, STR(",")))
			break;
		rest = str_from(rest, 1);
	}
	buf_z(w->to, n ? ")" : "NIL");
}

/* The fields of a part; of a leaf they are asked for twice. */
static const struct nstring_wanted *
fields(struct writer *w, const struct part *p)
{
	static const struct nstring_wanted wanted[FIELDS] = {
	    [TYPE] = NSTRING_WANTED("Content-Type"),
	    [CONTENT_ID] = NSTRING_WANTED("Content-ID"),
	    [DESCRIPTION] = NSTRING_WANTED("Content-Description"),
	    [ENCODING] = NSTRING_WANTED("Content-Transfer-Encoding"),
	    [MD5] = NSTRING_WANTED("Content-MD5"),
	    [DISPOSITION] = NSTRING_WANTED("Content-Disposition"),
	    [LANGUAGE] = NSTRING_WANTED("Content-Language"),
	    [LOCATION] = NSTRING_WANTED("Content-Location")};

	if (w->f_of != p) {
		memcpy(w->f, wanted, sizeof(wanted));
		nstring_collect(p->fields, w->f, FIELDS);
		w->f_of = p;
	}
	return w->f;
}

/* body-fields of RFC 3501 9, after the type. */
static void
put_fields(struct writer *w, const struct part *p)
{
	const struct nstring_wanted *f = fields(w, p);
	struct str token, rest;

	nstring_string(w->to, p->type);
	buf_chr(w->to, ' ');
	nstring_string(w->to, p->subtype);
	buf_chr(w->to, ' ');
	put_type_params(w, p, f[TYPE].value);
	buf_chr(w->to, ' ');
	nstring_field(w->to, f[CONTENT_ID].value);
	buf_chr(w->to, ' ');
	nstring_field(w->to, f[DESCRIPTION].value);
	buf_chr(w->to, ' ');
	if (param_token(f[ENCODING].value, &token, &rest))
		nstring_string(w->to, token);
	else
		buf_z(w->to, "\"7BIT\"");
	buf_chr(w->to, ' ');
	buf_num(w->to, part_body_wire(p));
}

/* body-ext-1part and body-ext-mpart of RFC 3501 9. */
static void
put_extension(struct writer *w, const struct part *p)
{
	const struct nstring_wanted *f = fields(w, p);
	size_t at = w->to->n;

	varint_put(w->extra, at - w->done);
	buf_chr(w->to, ' ');
	if (p->kind == PART_MULTIPART)
		put_type_params(w, p, f[TYPE].value);
	else
		nstring_field(w->to, f[MD5].value);
	buf_chr(w->to, ' ');
	put_disposition(w, f[DISPOSITION].value);
	buf_chr(w->to, ' ');
	put_languages(w, f[LANGUAGE].value);
	buf_chr(w->to, ' ');
	nstring_field(w->to, f[LOCATION].value);
	varint_put(w->extra, w->to->n - at);
	w->done = w->to->n;
}

/* What comes before the parts inside, if any may. */
static void
begin(struct writer *w, const struct part *p)
{
	buf_chr(w->to, '(');
	if (p->kind == PART_MULTIPART) {
		/* The grammar wants at least one part. */
		if (p->first == PART_NONE)
			buf_z(w->to, "(\"TEXT\" \"PLAIN\" (\"CHARSET\" "
				     "\"US-ASCII\") NIL NIL \"7BIT\" 0 0)");
		return;
	}
	put_fields(w, p);
	if (p->kind == PART_MESSAGE) {
		buf_chr(w->to, ' ');
		structure_envelope(w->to, w->t->parts[p->first].fields, w->a);
		buf_chr(w->to, ' ');
	}
}

static void
end(struct writer *w, const struct part *p)
{
	buf_z(w->to, p->kind == PART_LEAF ? "" : " ");
	if (p->kind == PART_MULTIPART)
		nstring_string(w->to, p->subtype);
	else if (p->kind == PART_MESSAGE)
		buf_num(w->to, p->lines);
	else if (str_ieq(p->type, STR("text")))
		buf_fmt(w->to, " %zu", p->lines);
	put_extension(w, p);
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
structure_put(struct buf *to, const struct part_tree *t, struct buf *extra,
    struct arena *scratch)
{
	struct writer w = {
	    .to = to, .t = t, .extra = extra, .done = to->n, .a = scratch};
	size_t start = to->n, start_extra = extra->n;
	bool over = to->over;
	size_t basic;

	put_tree(&w);
	if (over || !(to->over || extra->over))
		return;
	to->over = extra->over = false;
	to->n = start;
	extra->n = start_extra;
	buf_fmt(to,
	    "(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL NIL \"7BIT\" %zu",
	    part_body_wire(&t->parts[0]));
	basic = to->n - start;
	buf_z(to, " NIL NIL NIL NIL)");
	varint_put(extra, basic);
	varint_put(extra, to->n - start - basic - 1);
}

int
structure_basic(struct buf *to, struct str structure, struct str extra)
{
	struct scan s = scan_make(extra);
	size_t start = to->n;

	while (!scan_end(&s)) {
		uint64_t keep = varint_take(&s, structure.n);
		uint64_t drop = varint_take(&s, structure.n - keep);

		if (s.bad) {
			to->n = start;
			return -1;
		}
		buf_str(to, str_to(structure, (size_t)keep));
		structure = str_from(structure, (size_t)(keep + drop));
	}
	buf_str(to, structure);
	return 0;
}
