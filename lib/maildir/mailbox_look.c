/* SPDX-License-Identifier: ISC */
/* Keeping the index in step with the disk.
 *
 * The index says what cur/ looked like at a modification time.  Our own
 * renames change that time; a foreign program's change in the same tick of the
 * kernel's clock would leave no trace of its own.  So after ours the index is
 * trusted, but only for a while (head.again_ns), which is long enough that
 * reading cur/ anew costs one or two hundredths of the time at most. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"

#define OWN_COSTS 64    /* again_ns lies so many readings ahead */
#define FOREIGN_COSTS 8 /* when the stamp was young without our doing */
#define POLL_COSTS 4    /* or so many, when the client asks */
#define AGAIN_MOST_NS 600000000000
#define AGAIN_LEAST_MS 5         /* no busy waiting when a look fails */
#define BOOT_NS 2000000000       /* starting a machine takes longer */
#define GRAIN_MOST_NS 2000000000 /* see files_grain_ns() */
#define SMALL 200 /* messages: cur/ is read sooner than it is thought about */
#define COST_MOST_NS 2000000000
#define TRIES 8

static bool
is_deleted(const struct mailbox *m)
{
	struct stat st;

	return fstat(m->cur, &st) == 0 && st.st_nlink == 0;
}

int
mailbox_lock(struct mailbox *m)
{
	for (int i = 0; i < TRIES; i++) {
		bool outer = m->index.locked == 0;
		int r = index_lock(&m->index);

		if (r < 0)
			return -1;
		if (r > 0) {
			if (outer)
				mailbox_collect(m);
			return 0;
		}
		if (!mailbox_adopt(m) && mailbox_look(m) < 0)
			return -1;
	}
	errno = m->deleted ? ESTALE : EAGAIN;
	return fail("lock ", INDEX);
}

void
mailbox_unlock(struct mailbox *m)
{
	if (m->index.locked == 1) {
		m->seen_changes = m->index.head.changes;
		m->seen_modseq = m->index.head.modseq;
	}
	index_unlock(&m->index);
}

static int64_t
grain(struct mailbox *m)
{
	if (!m->grain_ns)
		m->grain_ns = files_grain_ns(m->cur);
	return m->grain_ns;
}

void
mailbox_index_touched(
    struct index *x, int cur, int64_t grain_ns, int64_t before)
{
	struct index_head *h = &x->head;
	int64_t wait = h->cost_ns * OWN_COSTS;

	/* Else there was a foreign change, which must be looked at. */
	if (h->cur_mtime_ns != before)
		return;
	h->cur_mtime_ns = files_mtime_ns(cur);
	if (!h->again_ns)
		h->again_ns =
		    files_clock_ns() + (wait > grain_ns ? wait : grain_ns);
}

void
mailbox_touched(struct mailbox *m, int64_t before)
{
	mailbox_index_touched(&m->index, m->cur, grain(m), before);
}

/* ----------------------------------------------------------- a full look */

/* When to read cur/ again that was seen like this just now. */
static int64_t
again(struct mailbox *m, const struct files_seen *seen, int64_t cost)
{
	int64_t trusted = seen->mtime_ns + grain(m);
	int64_t soon = files_clock_ns() + cost * FOREIGN_COSTS;

	if (seen->looked_ns >= trusted)
		return 0;
	return soon > trusted ? soon : trusted;
}

static void
stamp(struct mailbox *m, const struct look *l, int64_t start)
{
	struct index_head *h = &m->index.head;
	struct stat st;

	if (fstat(m->cur, &st) == 0) {
		h->cur_dev = st.st_dev;
		h->cur_ino = st.st_ino;
	}
	h->cost_ns = files_clock_ns() - start;
	/* Whatever it had to wait for. */
	if (h->cost_ns < 0 || h->cost_ns > COST_MOST_NS)
		h->cost_ns = h->cost_ns < 0 ? 0 : COST_MOST_NS;
	h->cur_mtime_ns = l->files.cur.mtime_ns;
	h->again_ns = again(m, &l->files.cur, h->cost_ns);
	h->new = l->files.new;
	h->list = m->settled = l->list.stamp;
	h->boot_ns = index_boot_ns();
	h->uidvalidity = l->uidvalidity;
	if (l->uidnext > h->uidnext)
		h->uidnext = l->uidnext;
}

static void
note_recent(struct mailbox *m, const struct look *l)
{
	for (size_t i = 0; i < l->files.n; i++)
		if (l->order[i]->recent && !l->order[i]->in_new)
			mailbox_list_add(&m->recent, l->order[i]->uid);
	mailbox_list_sort(&m->recent);
}

/* The look is taken: put it into the index.  The lock is held if there is an
 * index to lock. */
static void
use(struct mailbox *m, struct look *l, int64_t start)
{
	mailbox_load_words(m);
	if (m->index.locked && m->opened) {
		/* Our own changes so far are no news to us. */
		m->seen_changes = m->index.head.changes;
		m->seen_modseq = m->index.head.modseq;
	}
	mailbox_merge(m, l);
	stamp(m, l, start);
	note_recent(m, l);
	m->uidvalidity = l->uidvalidity;
	if (m->index.head.uidnext > m->uidnext)
		m->uidnext = m->index.head.uidnext;
	m->stale = false;
	if (m->opened)
		mailbox_collect(m);
}

static int
look(struct mailbox *m)
{
	int64_t start = files_clock_ns();
	struct arena memory;
	struct look l;
	int r;

	arena_init_large(&memory, LOOK_MEMORY);
	r = look_take(&l, m->home, m->fd, m->cur, m->new, &memory, !m->readonly,
	    index_is_open(&m->index) ? &m->index : NULL, m->opened);
	if (r == 0) {
		if (m->opened && m->uidvalidity != l.uidvalidity)
			mailbox_lose_all(m);
		else
			use(m, &l, start);
		look_free(&l);
	} else if (is_deleted(m)) {
		mailbox_lose_all(m);
		r = 0;
	}
	arena_free(&memory);
	return r;
}

int
mailbox_look(struct mailbox *m)
{
	int nested = m->index.locked, r = 0;

	if (m->deleted)
		return 0;
	/* Of others' index, or of ours, or (damaged, deleted) of none. */
	for (int i = 0; i < TRIES && index_is_open(&m->index); i++) {
		r = index_lock(&m->index);
		if (r < 0)
			return -1;
		if (r > 0 && !nested && m->opened)
			mailbox_collect(m);
		if (r > 0 || !mailbox_adopt(m))
			break;
	}
	r = look(m);
	while (m->index.locked > nested)
		mailbox_unlock(m);
	return r;
}

/* ------------------------------------------------------------ renewing */

/* Whether new/ may have changed since it was read: it has another stamp, or
 * had such a young one that a later change may have left the same. */
static bool
new_changed(struct mailbox *m, const struct files_seen *seen)
{
	int64_t mtime = files_mtime_ns(m->new);
	int64_t age = seen->looked_ns - mtime;

	if (mtime == -1 || mtime != seen->mtime_ns)
		return true;
	/* Looking again is in vain before the stamp would be another. */
	return age < GRAIN_MOST_NS && age < grain(m) &&
	       (grain(m) < GRAIN_MOST_NS ||
		   files_clock_ns() - mtime >= grain(m));
}

/* Whether cur/ is to be read again, though its stamp agrees. */
static bool
is_due(struct mailbox *m, int64_t now)
{
	const struct index_head *h = &m->index.head;
	int64_t age = now - h->cur_mtime_ns;

	if (!h->again_ns)
		return false;
	if (now >= h->again_ns || h->again_ns - now > AGAIN_MOST_NS)
		return true;
	if (age < grain(m))
		return h->count - h->dead <= SMALL;
	return m->polled && age >= h->cost_ns * POLL_COSTS;
}

enum state { SAME, NEW_MAIL, CHANGED };

/* How the disk differs from what the index says.  trust: usable() has just
 * looked at the stamp of cur/. */
static enum state
compare(struct mailbox *m, bool trust)
{
	const struct index_head *h = &m->index.head;

	if (m->stale || (!trust && files_mtime_ns(m->cur) != h->cur_mtime_ns))
		return CHANGED;
	if (is_due(m, files_clock_ns()))
		return CHANGED;
	if (new_changed(m, &h->new) || (!m->readonly && h->in_new))
		return NEW_MAIL;
	return SAME;
}

/* Under the lock. */
static int
bring_up(struct mailbox *m, bool trust)
{
	enum state state = compare(m, trust);
	int r = state == SAME ? 1 : 0;

	if (state == NEW_MAIL)
		r = mailbox_take_new(m);
	if (r == 0)
		return mailbox_look(m);
	return r < 0 ? -1 : 0;
}

void
mailbox_poll(struct mailbox *m)
{
	m->polled = true;
}

int
mailbox_renew(struct mailbox *m)
{
	int r;

	if (m->deleted)
		return 0;
	if (is_deleted(m))
		return mailbox_look(m);
	if (!index_replaced(&m->index) && index_look(&m->index) &&
	    compare(m, false) == SAME) {
		m->polled = false;
		return 0;
	}
	if (mailbox_lock(m) < 0)
		return m->deleted ? 0 : -1;
	r = bring_up(m, false);
	m->polled = false;
	/* What was found is news, but for what others will see as ours. */
	mailbox_collect(m);
	mailbox_unlock(m);
	return r;
}

/* Whether the index is one of this folder that may be trusted. */
static bool
usable(struct mailbox *m)
{
	const struct index_head *h = &m->index.head;
	int64_t shift = index_boot_ns() - h->boot_ns;
	struct stat st;

	/* After a power cut its pages may be of any age. */
	return shift < BOOT_NS && shift > -BOOT_NS && fstat(m->cur, &st) == 0 &&
	       st.st_dev == h->cur_dev && st.st_ino == h->cur_ino &&
	       (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec ==
	           h->cur_mtime_ns &&
	       uidlist_fresh(&h->list, m->fd);
}

int
mailbox_begin(struct mailbox *m)
{
	int r = 0;

	for (int i = 0; i < TRIES && r == 0; i++) {
		if (!index_is_open(&m->index) &&
		    index_open(&m->index, m->index_dir, m->index_name) == 0)
			return mailbox_look(m);
		r = index_lock(&m->index);
		if (r == 0)
			index_close(&m->index);
	}
	if (r <= 0)
		return r < 0 ? -1 : mailbox_look(m);
	m->uidvalidity = m->index.head.uidvalidity;
	m->uidnext = m->index.head.uidnext;
	return usable(m) ? bring_up(m, true) : mailbox_look(m);
}

int
mailbox_settle_uids(struct mailbox *m)
{
	const struct uidlist_stamp *list = &m->index.head.list;

	if (list->mtime_ns == m->settled.mtime_ns &&
	    list->size == m->settled.size)
		return 0;
	if (uidlist_settle(list, m->fd) < 0)
		return -1;
	m->settled = *list;
	return 0;
}

int
mailbox_missed(struct mailbox *m, size_t i)
{
	m->stale = true;
	if (mailbox_look(m) < 0)
		return m->deleted ? 0 : -1;
	return !mailbox_gone(m, i);
}

void
mailbox_renamed(struct mailbox *m, size_t i, const char *name)
{
	struct index_record rec;
	uint32_t r = mailbox_get(m, i, &rec);

	if (r == INDEX_NONE)
		return;
	rec.flags &= (uint16_t)~INDEX_IN_NEW;
	if (index_set_name(&m->index, &rec, str_z(name)))
		index_put(&m->index, r, &rec, true);
	else
		(void)!mailbox_missed(m, i); /* a greater index is due */
}

void
mailbox_removed(struct mailbox *m, size_t i)
{
	struct index_record rec;
	uint32_t r = mailbox_get(m, i, &rec);

	if (r == INDEX_NONE)
		return;
	rec.flags &= (uint16_t)~INDEX_IN_NEW;
	rec.flags |= INDEX_DEAD;
	index_put(&m->index, r, &rec, true);
	mailbox_list_add(&m->changed, r);
}

void
mailbox_settle(struct mailbox *m)
{
	int64_t age;

	if (m->deleted || !index_look(&m->index) || !m->index.head.again_ns)
		return;
	age = files_clock_ns() - m->index.head.cur_mtime_ns;
	if (age >= 0 && age < grain(m)) {
		struct timespec pause = {.tv_nsec = grain(m) - age};

		if (grain(m) > 100000000)
			return;
		nanosleep(&pause, NULL);
	}
	mailbox_look(m);
}

int64_t
mailbox_again(const struct mailbox *m)
{
	int64_t at = m->index.head.again_ns, left = at - files_clock_ns();

	if (m->deleted || !at)
		return NOW_NEVER;
	if (left < 0 || left > AGAIN_MOST_NS)
		left = 0;
	return now_ms() + left / 1000000 + AGAIN_LEAST_MS;
}
