/* SPDX-License-Identifier: ISC */
/* SEARCH's keys to a tree: a table of the keys and the kinds of their
 * arguments.  Nesting and number are bounded.  Pure; RFC 3501 6.4.4, 9. */
#include "proto/imap_search.h"

#include "msg/flags.h"
#include "proto/imap_token.h"

enum args { NONE, FLAG, UNFLAG, TEXT, HEADER, FIELD, DATE, SIZE, UIDS, WORD };

struct key {
	const char *name;
	enum imap_key key;
	enum args args;
	unsigned flag;     /* FLAG and UNFLAG */
	const char *field; /* HEADER */
};

/* clang-format off */
static const struct key keys[] = {
	{ "ALL",        KEY_ALL,        NONE,   0,             NULL },
	{ "ANSWERED",   KEY_FLAG,       FLAG,   FLAG_ANSWERED, NULL },
	{ "BCC",        KEY_HEADER,     HEADER, 0,             "Bcc" },
	{ "BEFORE",     KEY_BEFORE,     DATE,   0,             NULL },
	{ "BODY",       KEY_BODY,       TEXT,   0,             NULL },
	{ "CC",         KEY_HEADER,     HEADER, 0,             "Cc" },
	{ "DELETED",    KEY_FLAG,       FLAG,   FLAG_DELETED,  NULL },
	{ "DRAFT",      KEY_FLAG,       FLAG,   FLAG_DRAFT,    NULL },
	{ "FLAGGED",    KEY_FLAG,       FLAG,   FLAG_FLAGGED,  NULL },
	{ "FROM",       KEY_HEADER,     HEADER, 0,             "From" },
	{ "HEADER",     KEY_HEADER,     FIELD,  0,             NULL },
	{ "KEYWORD",    KEY_KEYWORD,    WORD,   0,             NULL },
	{ "LARGER",     KEY_LARGER,     SIZE,   0,             NULL },
	{ "ON",         KEY_ON,         DATE,   0,             NULL },
	{ "RECENT",     KEY_RECENT,     NONE,   0,             NULL },
	{ "SEEN",       KEY_FLAG,       FLAG,   FLAG_SEEN,     NULL },
	{ "SENTBEFORE", KEY_SENTBEFORE, DATE,   0,             NULL },
	{ "SENTON",     KEY_SENTON,     DATE,   0,             NULL },
	{ "SENTSINCE",  KEY_SENTSINCE,  DATE,   0,             NULL },
	{ "SINCE",      KEY_SINCE,      DATE,   0,             NULL },
	{ "SMALLER",    KEY_SMALLER,    SIZE,   0,             NULL },
	{ "SUBJECT",    KEY_HEADER,     HEADER, 0,             "Subject" },
	{ "TEXT",       KEY_TEXT,       TEXT,   0,             NULL },
	{ "TO",         KEY_HEADER,     HEADER, 0,             "To" },
	{ "UID",        KEY_UID,        UIDS,   0,             NULL },
	{ "UNANSWERED", KEY_FLAG,       UNFLAG, FLAG_ANSWERED, NULL },
	{ "UNDELETED",  KEY_FLAG,       UNFLAG, FLAG_DELETED,  NULL },
	{ "UNDRAFT",    KEY_FLAG,       UNFLAG, FLAG_DRAFT,    NULL },
	{ "UNFLAGGED",  KEY_FLAG,       UNFLAG, FLAG_FLAGGED,  NULL },
	{ "UNSEEN",     KEY_FLAG,       UNFLAG, FLAG_SEEN,     NULL },
};
/* clang-format on */

struct parser {
	struct scan *s;
	struct arena *a;
	unsigned depth;
	unsigned count;
};

static struct imap_search *one(struct parser *p);

static struct imap_search *
node(struct parser *p, enum imap_key key)
{
	struct imap_search *k = arena_alloc(p->a, sizeof(*k));

	if (++p->count > IMAP_SEARCH_KEYS)
		scan_fail(p->s, "too many search keys");
	k->key = key;
	return k;
}

static struct imap_search *
negate(struct parser *p, struct imap_search *k)
{
	struct imap_search *no = node(p, KEY_NOT);

	no->a = k;
	no->cost = k->cost;
	return no;
}

/* Keys separated by one space, up to the end or a ')'. */
static struct imap_search *
list(struct parser *p)
{
	struct imap_search *all = node(p, KEY_AND);
	struct imap_search *first[COSTS] = {NULL};
	struct imap_search **last[COSTS];
	struct imap_search **end = &all->a;

	for (size_t i = 0; i < COSTS; i++)
		last[i] = &first[i];
	do {
		struct imap_search *k = one(p);

		*last[k->cost] = k;
		last[k->cost] = &k->next;
	} while (!p->s->bad && scan_try(p->s, ' '));
	for (size_t i = 0; i < COSTS; i++)
		if (first[i]) {
			*end = first[i];
			end = last[i];
			all->cost = (enum imap_cost)i;
		}
	return all;
}

static struct imap_search *
parenthesis(struct parser *p)
{
	struct imap_search *k = list(p);

	scan_need(p->s, ')', "')' expected");
	return k;
}

static struct imap_search *
either(struct parser *p)
{
	struct imap_search *k = node(p, KEY_OR);
	struct imap_search *a, *b;

	imap_sp(p->s);
	a = one(p);
	imap_sp(p->s);
	b = one(p);
	k->a = a->cost <= b->cost ? a : b;
	k->b = a->cost <= b->cost ? b : a;
	k->cost = k->b->cost;
	return k;
}

static enum imap_cost
cost(enum imap_key key)
{
	switch (key) {
	case KEY_BEFORE:
	case KEY_ON:
	case KEY_SINCE:
	case KEY_LARGER:
	case KEY_SMALLER:
		return COST_MEASURE;
	case KEY_SENTBEFORE:
	case KEY_SENTON:
	case KEY_SENTSINCE:
	case KEY_HEADER:
		return COST_HEADER;
	case KEY_BODY:
	case KEY_TEXT:
		return COST_TEXT;
	default:
		return COST_KNOWN;
	}
}

static struct imap_search *
sequence(struct parser *p)
{
	struct imap_search *k = node(p, KEY_SEQ);

	imap_set_scan(p->s, p->a, &k->set);
	return k;
}

static struct imap_search *
plain(struct parser *p, const struct key *t)
{
	struct imap_search *k = node(p, t->key);

	k->flag = t->flag;
	k->cost = cost(t->key);
	if (t->args == UNFLAG)
		return negate(p, k);
	if (t->args == NONE || t->args == FLAG)
		return k;
	imap_sp(p->s);
	k->field = str_z(t->field);
	if (t->args == FIELD) {
		imap_astring(p->s, p->a, &k->field);
		imap_sp(p->s);
	}
	if (t->args == TEXT || t->args == HEADER || t->args == FIELD)
		imap_astring(p->s, p->a, &k->text);
	else if (t->args == DATE)
		imap_date(p->s, &k->day);
	else if (t->args == SIZE)
		imap_number(p->s, &k->size);
	else if (t->args == UIDS)
		imap_set_scan(p->s, p->a, &k->set);
	else
		imap_atom(p->s, &k->text);
	return k;
}

static struct imap_search *
named(struct parser *p)
{
	struct str name;

	if (!imap_atom(p->s, &name))
		scan_fail(p->s, "search key expected");
	if (str_ieq(name, STR("NOT"))) {
		imap_sp(p->s);
		return negate(p, one(p));
	}
	if (str_ieq(name, STR("OR")))
		return either(p);
	if (str_ieq(name, STR("NEW"))) { /* RECENT UNSEEN */
		struct imap_search *k = node(p, KEY_AND);

		k->a = node(p, KEY_RECENT);
		k->a->next = negate(p, node(p, KEY_FLAG));
		k->a->next->a->flag = FLAG_SEEN;
		return k;
	}
	if (str_ieq(name, STR("OLD")))
		return negate(p, node(p, KEY_RECENT));
	if (str_ieq(name, STR("UNKEYWORD"))) {
		static const struct key t = {"", KEY_KEYWORD, WORD, 0, NULL};

		return negate(p, plain(p, &t));
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_ieq(name, str_z(keys[i].name)))
			return plain(p, &keys[i]);
	scan_fail(p->s, "unknown search key");
	return node(p, KEY_ALL);
}

static struct imap_search *
one(struct parser *p)
{
	struct imap_search *k;
	int c = scan_peek(p->s);

	if (p->depth >= IMAP_SEARCH_DEPTH)
		scan_fail(p->s, "search keys nested too deep");
	if (p->s->bad)
		return node(p, KEY_ALL);
	p->depth++;
	if (scan_try(p->s, '('))
		k = parenthesis(p);
	else if (c == '*' || (c >= '0' && c <= '9'))
		k = sequence(p);
	else
		k = named(p);
	p->depth--;
	return k;
}

/* "(MIN MAX)" behind RETURN; "()" means ALL (RFC 4731 3.1). */
static bool
return_options(struct scan *s, unsigned *options)
{
	static const char *const names[] = {"MIN", "MAX", "ALL", "COUNT"};

	*options = SEARCH_RETURN;
	if (!imap_sp(s) || !scan_need(s, '(', "'(' expected"))
		return false;
	if (scan_try(s, ')')) {
		*options |= SEARCH_ALL;
		return true;
	}
	do {
		struct str name;
		unsigned i = 0;

		if (!imap_atom(s, &name))
			return false;
		while (i < 4 && !str_ieq(name, str_z(names[i])))
			i++;
		if (i == 4)
			return scan_fail(s, "unknown RETURN option");
		*options |= (unsigned)SEARCH_MIN << i;
	} while (scan_try(s, ' '));
	return scan_need(s, ')', "')' expected");
}

bool
imap_search_scan(struct scan *s, struct arena *a, struct imap_query *q)
{
	struct parser p = {s, a, 0, 0};

	*q = (struct imap_query){.charset = STR("US-ASCII")};
	if (scan_try_word(s, STR("RETURN")) &&
	    (!return_options(s, &q->options) || !imap_sp(s)))
		return false;
	if (scan_try_word(s, STR("CHARSET ")) &&
	    (!imap_astring(s, a, &q->charset) || !imap_sp(s)))
		return false;
	q->keys = list(&p);
	return !s->bad;
}
