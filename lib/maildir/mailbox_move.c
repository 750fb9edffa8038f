/* SPDX-License-Identifier: ISC */
/* The view put on another index: one that was written anew, or another
 * session's, UID by UID. */
#include <stdlib.h>

#include "base/fail.h"
#include "base/now.h"
#include "io/lock.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"

#define LAST_WAIT_S 1

bool
mailbox_differs(const struct index_record *a, const struct index_record *b)
{
	return ((a->flags ^ b->flags) & (FLAG_SETTABLE | INDEX_DEAD)) ||
	       a->keywords != b->keywords;
}

/* Records from, … to - 1 of the view could not be read; they lie between the
 * UIDs low and high. */
struct gap {
	uint32_t from, to, low, high;
};

/* They are all that there are between the two, if these are as many; or else
 * all that live, if these are as many as messages of the view. */
static bool
guess(struct mailbox *m, struct index *x, uint32_t *uids, const struct gap *g,
    bool living)
{
	struct index_record rec;
	uint32_t i = g->from;

	for (uint32_t r = index_find(x, g->low + 1); r < x->head.count; r++) {
		if (!index_get(x, r, &rec) || rec.uid >= g->high)
			break;
		if (living && rec.flags & INDEX_DEAD)
			continue;
		while (living && i < g->to && mailbox_list_has(&m->holes, i))
			i++;
		if (i == g->to)
			return false;
		uids[i++] = rec.uid;
	}
	while (living && i < g->to && mailbox_list_has(&m->holes, i))
		i++;
	return i == g->to;
}

static bool
fill_gap(
    struct mailbox *m, struct index *x, uint32_t *uids, const struct gap *g)
{
	return g->from == g->to || guess(m, x, uids, g, false) ||
	       guess(m, x, uids, g, true);
}

/* The UIDs of the view's m->total records (but for some of the holes).  False:
 * some cannot be told. */
static bool
all_uids(struct mailbox *m, struct index *x, uint32_t *uids)
{
	struct index_record rec;
	struct gap g = {0};

	for (uint32_t r = 0; r < m->total; r++) {
		if (!index_peek(&m->index, r, &rec))
			continue;
		uids[r] = rec.uid;
		g.to = r;
		g.high = rec.uid;
		if (!fill_gap(m, x, uids, &g))
			return false;
		g.low = rec.uid;
		g.from = r + 1;
	}
	g.to = m->total;
	g.high = m->uidnext_told;
	return fill_gap(m, x, uids, &g);
}

/* Whether records of the view cannot be read. */
bool
mailbox_has_gaps(const struct mailbox *m)
{
	struct index_record rec;

	for (uint32_t r = 0; r < m->total; r++)
		if (!index_peek(&m->index, r, &rec))
			return true;
	return false;
}

/* The UIDs of its messages, without the holes. */
static bool
view_uids(struct mailbox *m, struct index *x, uint32_t *uids)
{
	size_t hole = 0, kept = 0;

	if (!all_uids(m, x, uids))
		return false;
	for (uint32_t r = 0; r < m->total; r++) {
		if (hole < m->holes.n && m->holes.v[hole] == r)
			hole++;
		else
			uids[kept++] = uids[r];
	}
	return true;
}

/* Whether record r of ours and its successor say the same. */
static bool
unchanged(struct mailbox *m, size_t i, const struct index_record *new)
{
	struct index_record old;

	return index_peek(&m->index, mailbox_at(m, i), &old) &&
	       !mailbox_differs(&old, new);
}

/* Whether it says that a message lives of which ours says that it is gone.  Who
 * made it had read the directory just before we removed the file. */
static bool
revived(struct mailbox *m, size_t i, const struct index_record *rec)
{
	struct index_record old;

	return !(rec->flags & INDEX_DEAD) &&
	       index_peek(&m->index, mailbox_at(m, i), &old) &&
	       old.flags & INDEX_DEAD;
}

struct moving {
	struct mailbox_list holes, changed, missing;
	uint32_t total;
	bool revived; /* some were */
};

/* Find the view's UIDs among x's records.  False: x is damaged. */
static bool
find_view(
    struct mailbox *m, struct index *x, const uint32_t *uids, struct moving *v)
{
	struct index_record rec = {0};
	uint32_t r = 0;

	for (size_t i = 0; i < m->n; i++) {
		for (; r < x->head.count; r++) {
			if (!index_get(x, r, &rec))
				return false;
			if (rec.uid >= uids[i])
				break;
			mailbox_list_add(&v->holes, r);
		}
		if (r >= x->head.count || rec.uid != uids[i]) {
			mailbox_list_add(&v->missing, uids[i]);
			continue;
		}
		/* A death that was told is a hole: this one was not, whatever
		 * the old record says by now. */
		if (rec.flags & INDEX_DEAD || !unchanged(m, i, &rec) ||
		    mailbox_list_has(&m->changed, mailbox_at(m, i)))
			mailbox_list_add(&v->changed, r);
		v->revived = v->revived || revived(m, i, &rec);
		r++;
	}
	/* Behind the view's last message there may be told deaths. */
	for (; r < x->head.count; r++) {
		if (!index_get(x, r, &rec))
			return false;
		if (rec.uid >= m->uidnext_told)
			break;
		mailbox_list_add(&v->holes, r);
	}
	v->total = r;
	return true;
}

static void
moving_free(struct moving *v)
{
	mailbox_list_free(&v->holes);
	mailbox_list_free(&v->changed);
	mailbox_list_free(&v->missing);
}

/* Put the view on x, which becomes m->index; its lock is held.  False: x is
 * damaged, and closed. */
bool
mailbox_put_view(struct mailbox *m, struct index *x)
{
	uint32_t *uids = calloc((size_t)m->total + 1, sizeof(*uids));
	struct moving v = {0};
	bool ok;

	if (!uids)
		oom();
	mailbox_list_sort(&m->changed);
	if (!view_uids(m, x, uids)) {
		m->lost = true;
		mailbox_lose_all(m);
	}
	ok = m->deleted || find_view(m, x, uids, &v);
	if (ok && v.missing.n > 0) {
		struct index better;

		mailbox_add_dead(m, x, &v.missing, &better);
		index_close(x);
		*x = better;
		moving_free(&v);
		v = (struct moving){0};
		ok = find_view(m, x, uids, &v) && v.missing.n == 0;
	}
	free(uids);
	if (!ok || m->deleted) {
		index_close(x);
		moving_free(&v);
		return ok;
	}
	mailbox_list_free(&m->holes);
	mailbox_list_free(&m->changed);
	m->holes = v.holes;
	m->changed = v.changed;
	m->total = v.total;
	/* Before the next sync tells anything cur/ is read. */
	m->stale = m->stale || v.revived;
	mailbox_list_free(&v.missing);
	m->seen_changes = x->head.changes;
	m->seen_modseq = x->head.modseq;
	x->locked = m->index.locked > 1 ? m->index.locked : 1;
	m->index.locked = 0;
	index_close(&m->index);
	m->index = *x;
	return true;
}

void
mailbox_collect_last(struct mailbox *m)
{
	int fd = m->index.locked ? -1 : m->index.fd;

	if (fd >= 0 && lock_take(fd, true, now_plus_s(LAST_WAIT_S)) == 1)
		lock_release(fd);
	mailbox_collect(m);
	if (m->index.bad)
		mailbox_collect_bad(m);
}

bool
mailbox_adopt(struct mailbox *m)
{
	struct index x;
	bool ok;

	if (!index_replaced(&m->index) ||
	    index_open(&x, m->index_dir, m->index_name) == 0)
		return false;
	if (x.head.uidvalidity != m->uidvalidity || index_lock(&x) != 1) {
		index_close(&x);
		return false;
	}
	if (!m->opened) {
		index_close(&m->index);
		m->index = x;
		index_unlock(&m->index);
		return true;
	}
	mailbox_collect_last(m);
	if (mailbox_has_gaps(m)) {
		/* A full look tells more about these. */
		index_close(&x);
		return false;
	}
	ok = mailbox_put_view(m, &x) && !m->deleted;
	if (ok)
		index_unlock(&m->index);
	return ok;
}
