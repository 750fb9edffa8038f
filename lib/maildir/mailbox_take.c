/* SPDX-License-Identifier: ISC */
/* New mail where nothing else has changed: only new/ is read, the UID list
 * gets lines, and the index records. */
#include <stdlib.h>

#include "base/fail.h"
#include "base/now.h"
#include "maildir/dotlock.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"

#define LIST_FEW 65536 /* octets that are always well */
#define LINE_MOST 1100 /* octets of four lines of the UID list */

/* A record of a message in new/ and its file, or none. */
static bool
take_known(struct mailbox *m, uint32_t r, struct index_record *rec,
    const struct files *f)
{
	char base[NAME_SIZE];
	struct file *file;
	struct index_record old = *rec;

	if (!index_base(&m->index, rec, base))
		return false;
	file = files_find(f, str_z(base));
	if (!file)
		return false;
	file->uid = rec->uid;
	if (file->in_new)
		return true;
	rec->flags &= (uint16_t)~INDEX_IN_NEW;
	mailbox_list_add(&m->recent, rec->uid);
	if (!index_set_name(&m->index, rec, str_z(file->name)))
		return false;
	index_put(&m->index, r, rec,
	    rec->keywords != old.keywords || (rec->flags ^ old.flags) & 0xff);
	return true;
}

/* Find the files of all records in new/, which are near the end. */
static bool
take_all_known(struct mailbox *m, const struct files *f)
{
	uint32_t left = m->index.head.in_new;

	for (uint32_t r = m->index.head.count; r-- > 0 && left > 0;) {
		struct index_record rec;

		if (!index_get(&m->index, r, &rec))
			return false;
		if (rec.flags & INDEX_DEAD || !(rec.flags & INDEX_IN_NEW))
			continue;
		left--;
		if (!take_known(m, r, &rec, f))
			return false;
	}
	return left == 0;
}

/* Append the n files to the index: their UIDs are durable. */
static bool
append_new(struct mailbox *m, struct file **order, size_t n)
{
	int64_t now = now_wall_s();
	bool ok = true;

	index_next_modseq(&m->index);
	for (size_t i = 0; i < n; i++) {
		struct str name = str_z(order[i]->name);
		struct index_record rec = {.uid = order[i]->uid,
		    .flags = order[i]->in_new ? INDEX_IN_NEW : 0,
		    .saved_s = name_saved(name, now)};

		ok = ok && index_append(&m->index, &rec, name, STR(""));
		if (!order[i]->in_new)
			mailbox_list_add(&m->recent, rec.uid);
	}
	return ok;
}

/* UIDs for the n files without one, as they arrived.  Returns 1; 0: this needs
 * a full look. */
static int
number_new(struct mailbox *m, struct file **order, size_t n)
{
	struct index_head *h = &m->index.head;
	struct dotlock lock;
	struct uidlist u;
	int r = 0;

	if (n > UIDLIST_UID_MAX - h->uidnext)
		return 0;
	if (dotlock_take(&lock, m->fd, UIDLIST_LOCK) < 0)
		return -1;
	uidlist_continue(&u, h->uidvalidity, h->uidnext, &h->list);
	if (uidlist_fresh(&h->list, m->fd)) {
		for (size_t i = 0; i < n; i++)
			order[i]->uid = uidlist_add(
			    &u, str_make(order[i]->name, order[i]->base_n));
		r = uidlist_save(&u, m->fd, 0) < 0 ? -1 : 1;
	}
	if (r > 0) {
		h->list = m->settled = u.stamp;
		h->uidnext = u.uidnext;
		r = append_new(m, order, n);
	}
	uidlist_free(&u);
	dotlock_release(&lock);
	return r;
}

static int
take(struct mailbox *m, struct files *f)
{
	struct file **order;
	size_t n;
	int r = 1;

	if (files_scan_new(f, m->cur, m->new, !m->readonly) < 0)
		return -1;
	if (!take_all_known(m, f))
		return 0;
	order = files_arrived(f, &n);
	if (n > 0)
		r = number_new(m, order, n);
	mailbox_list_sort(&m->recent);
	return r;
}

/* Whether more than three quarters of the UID list must be dead. */
static bool
list_is_long(const struct mailbox *m)
{
	const struct index_head *h = &m->index.head;
	uint64_t living = h->count - h->dead;

	return h->list.size > LIST_FEW + living * LINE_MOST;
}

/* Only new/ has changed: look at nothing else.  The lock is held.  Returns 1;
 * 0: this needs a full look; -1. */
int
mailbox_take_new(struct mailbox *m)
{
	int64_t before = files_mtime_ns(m->cur);
	struct arena memory;
	struct files f;
	int r;

	/* A list that is mostly of vanished messages is to be shrunk. */
	if (!uidlist_fresh(&m->index.head.list, m->fd) || list_is_long(m))
		return 0;
	arena_init_large(&memory, LOOK_MEMORY);
	files_init(&f, &memory);
	r = take(m, &f);
	if (r > 0) {
		m->index.head.new = f.new;
		if (files_mtime_ns(m->cur) != before)
			mailbox_touched(m, before);
		m->uidnext = m->index.head.uidnext;
	}
	arena_free(&memory);
	return r;
}
