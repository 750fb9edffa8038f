/* SPDX-License-Identifier: ISC */
/* What the client is told: the view in step with the index. */
#include <stdlib.h>

#include "base/fail.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"

#define CHANGED_MANY 4096

static void
note(void *arg, uint32_t r)
{
	struct mailbox *m = arg;

	if (r < m->total && !mailbox_list_has(&m->holes, r))
		mailbox_list_add(&m->changed, r);
}

/* Too many changes to be listed: look at every record. */
static void
walk(struct mailbox *m)
{
	struct index_record rec;

	for (uint32_t r = 0; r < m->total; r++) {
		if (!index_get(&m->index, r, &rec))
			return;
		if (rec.modseq > m->seen_modseq)
			note(m, r);
	}
}

void
mailbox_collect_bad(struct mailbox *m)
{
	struct index_record rec;

	for (uint32_t r = 0; r < m->total; r++)
		if (index_peek(&m->index, r, &rec) &&
		    rec.modseq > m->seen_modseq)
			note(m, r);
	mailbox_list_sort(&m->changed);
}

void
mailbox_collect(struct mailbox *m)
{
	struct index *x = &m->index;

	if (!m->opened || !index_look(x) || x->head.changes == m->seen_changes)
		return;
	if (!index_changed(x, m->seen_changes, m, note))
		walk(m);
	if (x->bad)
		return;
	m->seen_changes = x->head.changes;
	m->seen_modseq = x->head.modseq;
	if (m->changed.n > CHANGED_MANY)
		mailbox_list_sort(&m->changed);
}

/* The view as it was before it grew. */
struct extent {
	size_t n, holes;
	uint32_t total, uidnext;
};

static struct extent
extent(const struct mailbox *m)
{
	return (struct extent){m->n, m->holes.n, m->total, m->uidnext_told};
}

/* Undo grow(): nothing of it was told, so nothing of it may be told to have
 * gone when the index is made anew. */
static void
shrink(struct mailbox *m, const struct extent *was)
{
	m->n = was->n;
	m->holes.n = was->holes;
	m->total = was->total;
	m->uidnext_told = was->uidnext;
}

/* Let the view grow.  What came and went unseen never was. */
static void
grow(struct mailbox *m)
{
	struct index_record rec;

	if (!index_look(&m->index))
		return;
	while (m->total < m->index.head.count) {
		if (!index_get(&m->index, m->total, &rec))
			break;
		if (rec.flags & INDEX_DEAD)
			mailbox_list_add(&m->holes, m->total);
		else
			m->n++;
		if (!(rec.flags & INDEX_DEAD) && rec.flags & INDEX_IN_NEW) {
			mailbox_list_add(&m->recent, rec.uid);
			mailbox_list_sort(&m->recent);
		}
		m->total++;
		m->uidnext_told = rec.uid + 1;
	}
}

static void
drop_recent(struct mailbox *m, uint32_t uid)
{
	size_t at = mailbox_list_below(&m->recent, uid);

	if (!mailbox_list_has(&m->recent, uid))
		return;
	m->recent.n--;
	for (; at < m->recent.n; at++)
		m->recent.v[at] = m->recent.v[at + 1];
}

/* What changed, divided; all in falling order but kept. */
struct division {
	size_t *seqs; /* of the dead to tell, with their UIDs and records */
	uint32_t *uids, *dead;
	size_t ndead;
	uint32_t *kept; /* the dead not to be told yet */
	size_t nkept;
	uint32_t *living;
	size_t nliving;
};

static bool
divide(struct mailbox *m, bool expunge, struct division *d)
{
	size_t n = m->changed.n;

	d->seqs = arena_array(&m->reported, n, sizeof(*d->seqs));
	d->uids = arena_array(&m->reported, n, sizeof(*d->uids));
	d->dead = arena_array(&m->reported, n, sizeof(*d->dead));
	d->kept = arena_array(&m->reported, n, sizeof(*d->kept));
	d->living = arena_array(&m->reported, n, sizeof(*d->living));
	for (size_t k = n; k-- > 0;) {
		uint32_t r = m->changed.v[k];
		struct index_record rec;

		if (!index_get(&m->index, r, &rec))
			return false;
		if (!(rec.flags & INDEX_DEAD)) {
			d->living[d->nliving++] = r;
		} else if (!expunge) {
			d->kept[d->nkept++] = r;
		} else {
			d->seqs[d->ndead] =
			    r - mailbox_list_below(&m->holes, r) + 1;
			d->uids[d->ndead] = rec.uid;
			d->dead[d->ndead++] = r;
		}
	}
	return true;
}

/* The dead that are told become holes.  `changed` is sorted. */
static void
report(struct mailbox *m, bool expunge, struct mailbox_changes *c)
{
	struct division d = {0};
	size_t *flagged;

	if (!divide(m, expunge, &d))
		return;
	m->changed.n = 0;
	for (size_t k = 0; k < d.nkept; k++)
		mailbox_list_add(&m->changed, d.kept[k]);
	for (size_t k = 0; k < d.ndead; k++) {
		mailbox_list_add(&m->holes, d.dead[k]);
		drop_recent(m, d.uids[k]);
	}
	mailbox_list_sort(&m->holes);
	m->n = m->total - m->holes.n;
	flagged = arena_array(&m->reported, d.nliving, sizeof(*flagged));
	for (size_t k = 0; k < d.nliving; k++) {
		uint32_t r = d.living[d.nliving - 1 - k];

		flagged[k] = r - mailbox_list_below(&m->holes, r);
	}
	*c = (struct mailbox_changes){.expunged = d.seqs,
	    .expunged_uid = d.uids,
	    .nexpunged = d.ndead,
	    .flagged = flagged,
	    .nflagged = d.nliving,
	    .exists = c->exists};
}

/* The mailbox is gone with all that was in it. */
static void
report_all(struct mailbox *m, struct mailbox_changes *c)
{
	size_t *seqs = arena_array(&m->reported, m->n, sizeof(*seqs));
	uint32_t *uids = arena_array(&m->reported, m->n, sizeof(*uids));

	for (size_t i = m->n; i-- > 0;) {
		struct index_record rec;

		seqs[c->nexpunged] = i + 1;
		if (index_peek(&m->index, mailbox_at(m, i), &rec))
			uids[c->nexpunged] = rec.uid;
		c->nexpunged++;
	}
	c->expunged = seqs;
	c->expunged_uid = uids;
	m->n = m->total = 0;
	m->holes.n = m->recent.n = m->changed.n = 0;
}

int
mailbox_sync(struct mailbox *m, bool expunge, struct mailbox_changes *c)
{
	int r = mailbox_renew(m);

	*c = (struct mailbox_changes){0};
	arena_reset(&m->reported);
	for (int i = 0; i < 3 && !m->deleted; i++) {
		struct extent was = extent(m);

		mailbox_collect(m);
		grow(m);
		c->exists = m->n > was.n;
		/* They may have keywords we do not know yet. */
		if ((m->changed.n > 0 || c->exists) &&
		    mailbox_load_words(m) < 0)
			r = -1;
		if (m->changed.n > 0 && !m->index.bad) {
			mailbox_list_sort(&m->changed);
			report(m, expunge, c);
		}
		if (!m->index.bad)
			break;
		shrink(m, &was);
		c->exists = false;
		r = mailbox_look(m);
	}
	if (c->exists && mailbox_settle_uids(m) < 0)
		r = -1;
	if (m->deleted && expunge)
		report_all(m, c);
	else if (!m->index.bad)
		m->modseq = m->index.head.modseq;
	c->keywords = m->new_words;
	m->new_words = false;
	index_rest_after_much(&m->index);
	return m->deleted ? 0 : r;
}

int
mailbox_vanished(struct mailbox *m, uint64_t modseq, struct arena *a,
    uint32_t **uids, size_t *n)
{
	struct index_record rec;

	*uids = NULL;
	*n = 0;
	if (!index_look(&m->index) || modseq < m->index.head.vanished_from)
		return 0;
	*uids = arena_array(a, m->holes.n, sizeof(**uids));
	for (size_t k = 0; k < m->holes.n; k++) {
		if (!index_get(&m->index, m->holes.v[k], &rec))
			return 0;
		if (rec.flags & INDEX_DEAD && rec.modseq > modseq)
			(*uids)[(*n)++] = rec.uid;
	}
	return 1;
}
