/* SPDX-License-Identifier: ISC */
/* LIST (RFC 3501 6.3.8; RFC 5258, 5819, 6154) and LSUB (6.3.9). */
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "list_args.h"
#include "proto/imap_match.h"
#include "proto/imap_write.h"
#include "status.h"
#include "table.h"

/* A mailbox, or a name that is only subscribed to. */
struct entry {
	struct folder folder;
	bool absent; /* no such mailbox */
	bool subscribed;
	bool below; /* something below it is selected by the options */
};

struct listing {
	struct entry *e;
	size_t n;
	size_t folders; /* the first ones: INBOX, then sorted by name */
	struct str *subs;
	size_t nsubs;
};

static bool
matches(const struct list_args *l, struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (imap_match(l->patterns[i], name, IMAP_DELIMITER))
			return true;
	return false;
}

/* The entry of a mailbox, or NULL. */
static struct entry *
find(const struct listing *t, struct str name)
{
	size_t lo = 1, hi = t->folders;

	if (t->folders > 0 && str_eq(t->e[0].folder.name, name))
		return &t->e[0];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = str_cmp(name, t->e[mid].folder.name);

		if (c == 0)
			return &t->e[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* The entry of a name that is no mailbox; made when there is none. */
static struct entry *
absent(struct listing *t, struct str name)
{
	struct entry *e;

	for (size_t i = t->folders; i < t->n; i++)
		if (str_eq(t->e[i].folder.name, name))
			return &t->e[i];
	e = &t->e[t->n++];
	*e = (struct entry){.folder.name = name, .absent = true};
	return e;
}

/* Tell all parents of name that something below them is selected; those of a
 * subscription without mailbox may not exist either (RFC 5258 3.1). */
static void
mark_parents(struct listing *t, struct str name)
{
	for (;;) {
		size_t dot = str_rfind(name, IMAP_DELIMITER);
		struct entry *e;

		if (dot == name.n)
			return;
		name = str_to(name, dot);
		e = find(t, name);
		if (!e)
			e = absent(t, name);
		e->below = true;
	}
}

/* How many entries the subscriptions and their parents are at most. */
static size_t
count_levels(const struct str *subs, size_t n)
{
	size_t levels = n;

	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; at < subs[i].n; at++)
			levels += subs[i].p[at] == IMAP_DELIMITER;
	return levels;
}

/* Mailboxes and subscriptions, put together. */
static int
gather(struct imap *s, struct listing *t)
{
	struct folder *folders;

	if (folder_list(&s->home, &s->arena, &folders, &t->folders) < 0 ||
	    folder_subscribed(&s->home, &s->arena, &t->subs, &t->nsubs) < 0)
		return -1;
	t->e = arena_array(&s->arena,
	    t->folders + count_levels(t->subs, t->nsubs), sizeof(*t->e));
	for (size_t i = 0; i < t->folders; i++)
		t->e[i].folder = folders[i];
	t->n = t->folders;
	for (size_t i = 0; i < t->nsubs; i++) {
		struct entry *e = find(t, t->subs[i]);

		if (!e) {
			e = &t->e[t->n++];
			e->folder.name = t->subs[i];
			e->absent = true;
		}
		e->subscribed = true;
	}
	return 0;
}

/* ---------------------------------------------------------------- LIST */

static bool
selected(const struct list_args *l, const struct entry *e)
{
	if ((l->options & LIST_SUBSCRIBED) && !e->subscribed)
		return false;
	if ((l->options & LIST_SPECIAL) && e->folder.special.n == 0)
		return false;
	return !e->absent || (l->options & LIST_SUBSCRIBED);
}

static void
attribute(struct buf *b, const char *name)
{
	if (b->p[b->n - 1] != '(')
		buf_chr(b, ' ');
	buf_z(b, name);
}

static void
put_entry(
    struct imap *s, const struct entry *e, bool show_subscribed, bool childinfo)
{
	struct buf *b = &s->text;

	buf_z(b, "* LIST (");
	if (e->absent)
		attribute(b, "\\NonExistent");
	else if (e->folder.noselect)
		attribute(b, "\\Noselect");
	if (!e->absent)
		attribute(b,
		    e->folder.children ? "\\HasChildren" : "\\HasNoChildren");
	if (e->subscribed && show_subscribed)
		attribute(b, "\\Subscribed");
	if (e->folder.special.n) {
		attribute(b, "");
		buf_str(b, e->folder.special);
	}
	buf_z(b, ") \".\" ");
	imap_put_astring(b, e->folder.name);
	if (childinfo)
		buf_z(b, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
	buf_z(b, "\r\n");
}

static void
list_one(struct imap *s, const struct list_args *l, const struct entry *e)
{
	bool below = (l->options & LIST_RECURSIVE) && e->below;

	if (!matches(l, e->folder.name) || (!selected(l, e) && !below))
		return;
	put_entry(s, e, l->options & LIST_SHOW_SUBSCRIBED,
	    below && (l->options & LIST_SUBSCRIBED));
	imap_flush_text(s);
	if (l->status == 0 || e->absent || e->folder.noselect)
		return;
	if (status_send(s, e->folder.name, l->status) < 0)
		log_event("failed", "what", fail_last(), NULL);
}

enum reply
cmd_list(struct imap *s, struct scan *args)
{
	struct list_args l;
	struct listing t = {0};

	if (!list_args_scan(s, args, &l))
		return imap_bad(s, args->bad);
	if (l.root) {
		out_z(&s->serve.out, "* LIST (\\Noselect) \".\" \"\"\r\n");
		return REPLY_OK;
	}
	if (gather(s, &t) < 0)
		return imap_fail(s);
	for (size_t i = 0; (l.options & LIST_RECURSIVE) && i < t.n; i++)
		if (selected(&l, &t.e[i]))
			mark_parents(&t, t.e[i].folder.name);
	for (size_t i = 0; i < t.n; i++)
		list_one(s, &l, &t.e[i]);
	return REPLY_OK;
}

/* ---------------------------------------------------------------- LSUB */

static void
put_lsub(struct imap *s, const char *attributes, struct str name)
{
	buf_fmt(&s->text, "* LSUB (%s) \".\" ", attributes);
	imap_put_astring(&s->text, name);
	buf_z(&s->text, "\r\n");
}

/* Whether an earlier subscription below parent has brought it up already; all
 * of these are neighbours, as the names are sorted. */
static bool
said(const struct list_args *l, const struct listing *t, size_t i,
    struct str parent)
{
	while (i-- > 0) {
		struct str name = t->subs[i];

		if (!str_starts(name, parent) || name.n <= parent.n ||
		    name.p[parent.n] != IMAP_DELIMITER)
			return false;
		if (!matches(l, name))
			return true;
	}
	return false;
}

static bool
subscribed(const struct listing *t, struct str name)
{
	for (size_t i = 0; i < t->nsubs; i++)
		if (str_eq(t->subs[i], name))
			return true;
	return false;
}

/* With "%", "a" stands for a subscribed "a.b" when it is not subscribed to
 * itself: once, with \Noselect (6.3.9). */
static void
lsub_parents(struct imap *s, const struct list_args *l, const struct listing *t,
    size_t i)
{
	struct str name = t->subs[i];
	size_t dot = str_rfind(name, IMAP_DELIMITER);

	while (dot < name.n) {
		name = str_to(name, dot);
		if (matches(l, name) && !subscribed(t, name) &&
		    !said(l, t, i, name))
			put_lsub(s, "\\Noselect", name);
		dot = str_rfind(name, IMAP_DELIMITER);
	}
}

enum reply
cmd_lsub(struct imap *s, struct scan *args)
{
	struct list_args l;
	struct listing t = {0};

	if (!list_args_scan(s, args, &l))
		return imap_bad(s, args->bad);
	if (gather(s, &t) < 0)
		return imap_fail(s);
	for (size_t i = 0; i < t.nsubs; i++) {
		const struct entry *e = find(&t, t.subs[i]);
		struct str special = e ? e->folder.special : STR("");
		bool parent = e && e->folder.noselect;

		if (!matches(&l, t.subs[i]))
			lsub_parents(s, &l, &t, i);
		else if (special.n)
			put_lsub(s, arena_z(&s->arena, special), t.subs[i]);
		else
			put_lsub(s, parent ? "\\Noselect" : "", t.subs[i]);
	}
	imap_flush_text(s);
	return REPLY_OK;
}
