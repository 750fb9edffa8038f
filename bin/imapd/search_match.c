/* SPDX-License-Identifier: ISC */
/* SEARCH's keys against one message.  Lists are looked through twice: first
 * the keys that need no more than what is known of every message, then those
 * that must read it. */
#include "search_match.h"

#include "msg/date.h"
#include "msg/header.h"
#include "msg/part.h"
#include "msg/text.h"

/* The message being looked at; opened and read when first needed. */
struct subject {
	struct imap *s;
	size_t i;
	struct mail mail;
	struct mailbox_text stored;
	bool open;
	struct part_tree tree;
	bool parsed;
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
		k->text = text_needle(k->text, &s->arena).lower;
		return true;
	default:
		return true;
	}
}

bool
search_prepare(struct imap *s, struct scan *args, struct imap_search *k)
{
	for (; k; k = k->next) {
		if (!prepare_one(s, args, k) ||
		    !search_prepare(s, args, k->a) ||
		    !search_prepare(s, args, k->b))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------ matching */

static bool
open_text(struct subject *m)
{
	int r;

	if (m->open || m->trouble)
		return m->open;
	r = mailbox_read(&m->s->box, m->i, &m->stored);
	m->open = r > 0;
	m->trouble = r > 0 ? 0 : r == 0 ? 1 : -1;
	return m->open;
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

/* The day of the Date field as written, whatever its zone; false when the
 * message has none that can be read. */
static bool
sent_day(struct subject *m, int64_t *day)
{
	struct str value;
	int64_t utc;
	int zone;

	if (!open_text(m) ||
	    !header_find(m->stored.text, STR("Date"), &value) ||
	    date_parse(value, &utc, &zone) < 0)
		return false;
	*day = date_day(utc, zone);
	return true;
}

static bool
match_sent(struct subject *m, const struct imap_search *k)
{
	int64_t day;

	if (!sent_day(m, &day))
		return false;
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
	const struct text_needle needle = {k->text};

	if (!open_text(m))
		return false;
	if (k->key == KEY_HEADER)
		return text_in_field(needle, m->stored.text, k->field);
	if (k->key == KEY_BODY)
		return text_in_body(needle, tree(m));
	return text_in_message(needle, tree(m));
}

static bool
match_list(struct subject *m, const struct imap_search *list)
{
	for (const struct imap_search *k = list; k; k = k->next)
		if (!k->reads && !match(m, k))
			return false;
	for (const struct imap_search *k = list; k; k = k->next)
		if (k->reads && !match(m, k))
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
search_match(struct imap *s, const struct imap_search *keys, size_t i)
{
	struct subject m = {
	    .s = s,
	    .i = i,
	};
	bool found;

	mailbox_mail(&s->box, i, &m.mail);
	found = !m.mail.gone && match(&m, keys);

	if (m.open)
		mailbox_read_end(&m.stored);
	arena_reset(&s->message);
	if (m.trouble)
		return m.trouble < 0 ? -1 : 0;
	return found;
}
