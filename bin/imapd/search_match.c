/* SPDX-License-Identifier: ISC */
/* SEARCH's keys against one message.  They come in the order of what they
 * cost, so that a message is opened only when nothing cheaper has decided, and
 * read to its end only when its header has not. */
#include "search_match.h"

#include "msg/date.h"
#include "msg/header.h"
#include "msg/kept.h"
#include "msg/part.h"

#define HEADER_USUAL 8192 /* octets that hold the whole header, mostly */

/* The message being looked at; opened and read when first needed. */
struct subject {
	struct search *search;
	struct imap *s;
	size_t i;
	struct mail mail;
	struct mailbox_text stored;
	bool open;
	struct part_tree tree;
	bool parsed;
	struct digest digest;
	bool digested;
	int trouble; /* 0; 1 it is gone; -1 failed */
};

static bool match(struct subject *m, const struct imap_search *k);

/* ----------------------------------------------------------- preparing */

static bool
prepare_one(struct imap *s, struct scan *args, struct imap_search *k)
{
	struct mailbox *m = &s->box;
	int keyword;

	switch (k->key) {
	case KEY_SEQ:
		imap_set_resolve(&k->set, (uint32_t)m->n);
		return imap_set_last(&k->set) <= m->n ||
		       scan_fail(args, "no such message");
	case KEY_UID:
		imap_set_resolve(&k->set, m->n ? mailbox_uid(m, m->n - 1) : 0);
		return true;
	case KEY_KEYWORD:
		keyword = mailbox_keyword(&s->box, k->text, false);
		k->flag = keyword < 0 ? 0 : UINT64_C(1) << keyword;
		return true;
	case KEY_HEADER:
	case KEY_BODY:
	case KEY_TEXT:
		k->text = text_needle(k->text, &s->arena);
		return true;
	default:
		return true;
	}
}

static bool
prepare(struct imap *s, struct scan *args, struct imap_search *k)
{
	for (; k; k = k->next) {
		if (!prepare_one(s, args, k) || !prepare(s, args, k->a) ||
		    !prepare(s, args, k->b))
			return false;
	}
	return true;
}

bool
search_begin(struct search *h, struct imap *s, struct scan *args,
    struct imap_search *keys)
{
	h->s = s;
	h->keys = keys;
	text_init(&h->text);
	return prepare(s, args, keys);
}

void
search_end(struct search *h)
{
	mailbox_digests_done(&h->s->box);
	text_free(&h->text);
}

/* ------------------------------------------------------------ matching */

static void
close_text(struct subject *m)
{
	if (m->open)
		mailbox_read_end(&m->stored);
	m->open = false;
}

/* Read up to `most` octets of it, unless that has been done. */
static bool
open_text(struct subject *m, size_t most)
{
	int r;

	if (m->trouble || (m->open && (m->stored.whole || most != SIZE_MAX)))
		return !m->trouble;
	close_text(m);
	r = mailbox_read_start(&m->s->box, m->i, most, &m->stored);
	m->open = r > 0;
	m->trouble = r > 0 ? 0 : r == 0 ? 1 : -1;
	return m->open;
}

/* What is kept of every message; NULL when it cannot be had. */
static const struct digest *
digest(struct subject *m)
{
	int r;

	if (m->digested || m->trouble)
		return m->trouble ? NULL : &m->digest;
	r = mailbox_digest(&m->s->box, m->i, false, &m->digest);
	m->digested = r > 0;
	m->trouble = r > 0 ? 0 : r == 0 ? 1 : -1;
	return m->digested ? &m->digest : NULL;
}

/* The header, or of it at least the fields called name: where they come from
 * for all keys that ask for it. */
static bool
header_text(struct subject *m, struct str name, struct str *header)
{
	if (kept_name(name)) {
		const struct digest *d = digest(m);

		if (d)
			*header = d->fields;
		if (!d || !d->cut)
			return d;
	}
	if (!open_text(m, HEADER_USUAL))
		return false;
	if (!m->stored.whole &&
	    header_size(m->stored.text) == m->stored.text.n &&
	    !open_text(m, SIZE_MAX))
		return false;
	*header = m->stored.text;
	return true;
}

static bool
measured(struct subject *m)
{
	int r = mailbox_measure(&m->s->box, m->i, &m->mail);

	if (r <= 0)
		m->trouble = r == 0 ? 1 : -1;
	return r > 0;
}

static const struct part_tree *
tree(struct subject *m)
{
	if (!m->parsed)
		part_parse(&m->tree, m->stored.text, &m->s->message);
	m->parsed = true;
	return &m->tree;
}

/* The day of the Date field as written, whatever its zone. */
static bool
match_sent(struct subject *m, const struct imap_search *k)
{
	const struct digest *d = digest(m);
	int64_t day;

	if (!d || !d->dated)
		return false;
	day = date_day(d->date_s, d->zone_min);
	if (k->key == KEY_SENTBEFORE)
		return day < k->day;
	return k->key == KEY_SENTON ? day == k->day : day >= k->day;
}

static bool
match_measure(struct subject *m, const struct imap_search *k)
{
	int64_t day;

	if (!measured(m))
		return false;
	day = date_day(m->mail.date_s, 0);
	switch (k->key) {
	case KEY_BEFORE:
		return day < k->day;
	case KEY_ON:
		return day == k->day;
	case KEY_SINCE:
		return day >= k->day;
	case KEY_LARGER:
		return m->mail.wire_size > k->size;
	default:
		return m->mail.wire_size < k->size;
	}
}

static bool
match_text(struct subject *m, const struct imap_search *k)
{
	struct text *t = &m->search->text;
	struct str header;

	if (k->key == KEY_HEADER)
		return header_text(m, k->field, &header) &&
		       text_in_field(t, k->text, header, k->field);
	if (!open_text(m, SIZE_MAX))
		return false;
	if (k->key == KEY_BODY)
		return text_in_body(t, k->text, tree(m));
	return text_in_message(t, k->text, tree(m));
}

static bool
match_list(struct subject *m, const struct imap_search *list)
{
	for (const struct imap_search *k = list; k; k = k->next)
		if (!match(m, k))
			return false;
	return true;
}

static bool
match(struct subject *m, const struct imap_search *k)
{
	switch (k->key) {
	case KEY_ALL:
		return true;
	case KEY_AND:
		return match_list(m, k->a);
	case KEY_OR:
		return match(m, k->a) || match(m, k->b);
	case KEY_NOT:
		return !match(m, k->a);
	case KEY_FLAG:
		return m->mail.flags & k->flag;
	case KEY_RECENT:
		return m->mail.recent;
	case KEY_KEYWORD:
		return m->mail.keywords & k->flag;
	case KEY_SEQ:
		return imap_set_has(&k->set, (uint32_t)m->i + 1);
	case KEY_UID:
		return imap_set_has(&k->set, m->mail.uid);
	case KEY_SENTBEFORE:
	case KEY_SENTON:
	case KEY_SENTSINCE:
		return match_sent(m, k);
	case KEY_HEADER:
	case KEY_BODY:
	case KEY_TEXT:
		return match_text(m, k);
	default:
		return match_measure(m, k);
	}
}

int
search_match(struct search *h, size_t i)
{
	struct subject m;
	bool found;

	/* Not all of it: most are decided by what is known of them. */
	m.search = h;
	m.s = h->s;
	m.i = i;
	m.open = m.parsed = m.digested = false;
	m.trouble = 0;
	mailbox_mail(&h->s->box, i, &m.mail);
	found = !m.mail.gone && match(&m, h->keys);
	close_text(&m);
	arena_reset(&h->s->message);
	if (m.trouble)
		return m.trouble < 0 ? -1 : 0;
	return found;
}
