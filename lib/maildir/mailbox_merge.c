/* SPDX-License-Identifier: ISC */
/* What a look saw, put into the index: in place where that can be, else into
 * a new one, on which the view is put then. */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/now.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"

#define DEAD_MOST 1000 /* remembered at least */

/* --------------------------------------------------------- one message */

static bool
same_base(
    struct index *x, const struct index_record *rec, const struct file *file)
{
	char base[NAME_SIZE];

	return rec->base_n == file->base_n && index_base(x, rec, base) &&
	       memcmp(base, file->name, file->base_n) == 0;
}

static struct index_record
fresh(const struct file *file)
{
	return (struct index_record){.uid = file->uid,
	    .flags = file->in_new ? INDEX_IN_NEW : 0,
	    /* Until it is measured: what the UID list says. */
	    .date_s = (int64_t)file->wire_size,
	    .saved_s = name_saved(str_z(file->name))};
}

static struct str
uidl_of(const struct file *file)
{
	struct str uidl = file->uidl ? str_z(file->uidl) : STR("");

	return uidl.n <= 70 ? uidl : STR("");
}

/* Set what the file says but for its name.  */
static void
place(struct index_record *rec, const struct file *file)
{
	rec->flags &= (uint16_t) ~(INDEX_DEAD | INDEX_IN_NEW);
	if (file->in_new)
		rec->flags |= INDEX_IN_NEW;
}

/* Whether a client sees the difference. */
static bool
differs(const struct index_record *a, const struct index_record *b)
{
	return ((a->flags ^ b->flags) & (FLAG_SETTABLE | INDEX_DEAD)) ||
	       a->keywords != b->keywords;
}

/* -------------------------------------------------------------- in place */

/* The file of record r, of the same base.  False: no room. */
static bool
update(struct index *x, uint32_t r, struct index_record *rec,
    const struct file *file)
{
	struct index_record old = *rec;
	char name[NAME_SIZE];

	if (!index_name(x, rec, name))
		return false;
	place(rec, file);
	if (strcmp(name, file->name) == 0) {
		if (rec->flags == old.flags)
			return true;
	} else if (!index_set_name(x, rec, str_z(file->name))) {
		return false;
	}
	index_put(x, r, rec, differs(rec, &old));
	return !x->bad;
}

static void
die_in_place(struct index *x, uint32_t r, struct index_record *rec)
{
	rec->flags &= (uint16_t)~INDEX_IN_NEW;
	rec->flags |= INDEX_DEAD;
	index_put(x, r, rec, true);
}

static bool
append_rest(struct index *x, const struct look *l, size_t j)
{
	for (; j < l->files.n; j++) {
		const struct file *file = &l->files.list[j];
		struct index_record rec = fresh(file);

		if (!index_append(x, &rec, str_z(file->name), uidl_of(file)))
			return false;
	}
	return true;
}

/* False: it cannot be, or it is damaged; some of it may be done. */
static bool
merge_in_place(struct index *x, const struct look *l)
{
	uint32_t count = x->head.count;
	size_t j = 0;

	index_next_modseq(x);
	for (uint32_t r = 0; r < count; r++) {
		const struct file *file =
		    j < l->files.n ? &l->files.list[j] : NULL;
		struct index_record rec;

		if (!index_get(x, r, &rec) || (file && file->uid < rec.uid))
			return false;
		if (file && file->uid == rec.uid) {
			if (!same_base(x, &rec, file) ||
			    !update(x, r, &rec, file))
				return false;
			j++;
		} else if (!(rec.flags & INDEX_DEAD)) {
			die_in_place(x, r, &rec);
		}
	}
	if (!append_rest(x, l, j))
		return false;
	index_recount(x);
	return x->head.dead <= DEAD_MOST + x->head.count / 4;
}

/* ------------------------------------------------------- a new index */

/* What goes into it: records of the old one, files, and UIDs that the view
 * has and that one lacks. */
struct source {
	struct mailbox *m;
	struct index *old;       /* NULL: none */
	const struct look *look; /* NULL: the old records are right */
	const struct mailbox_list *missing; /* or NULL */
	uint64_t modseq;                    /* for what is new */
	uint64_t forget;                    /* dead ones up to this modseq go */
	struct index_build b;
};

/* Copy a record with this name. */
static void
add_old(struct source *s, struct index_record *rec, const struct file *file)
{
	char name[NAME_SIZE] = "", uidl[NAME_SIZE];
	struct index_record old = *rec;
	uint32_t n = s->b.n;

	index_uidl(s->old, rec, uidl);
	if (file) {
		place(rec, file);
		str_copy(name, sizeof(name), str_z(file->name));
	} else if (!(rec->flags & INDEX_DEAD)) {
		if (!index_name(s->old, rec, name)) {
			/* Have it looked for. */
			s->b.head.cur_mtime_ns = 0;
			return;
		}
	} else if (!index_base(s->old, rec, name)) {
		name[0] = '\0';
	}
	index_build_add(&s->b, rec, str_z(name), str_z(uidl));
	/* The dead keep the flags they had. */
	if (rec->flags & INDEX_DEAD) {
		s->b.list[n].flags =
		    old.flags & (uint16_t) ~(INDEX_IN_NEW | INDEX_MADE);
		s->b.list[n].keywords = old.keywords;
	}
	if (differs(&s->b.list[n], &old))
		s->b.list[n].modseq = s->modseq;
}

static void
add_file(struct source *s, const struct file *file)
{
	struct index_record rec = fresh(file);

	rec.modseq = s->modseq;
	index_build_add(&s->b, &rec, str_z(file->name), uidl_of(file));
}

static void
add_missing(struct source *s, uint32_t uid)
{
	struct index_record rec = {
	    .uid = uid, .flags = INDEX_DEAD, .modseq = s->modseq};

	index_build_add(&s->b, &rec, STR(""), STR(""));
}

/* Whether this session still has to tell of the death of record r. */
static bool
untold(const struct source *s, uint32_t r)
{
	const struct mailbox *m = s->m;

	return s->old == &m->index && r < m->total &&
	       !mailbox_list_has(&m->holes, r);
}

/* Record r of the old index, whose file is this one, or is gone. */
static void
add_record(struct source *s, uint32_t r, struct index_record *rec,
    const struct file *file)
{
	bool dead = rec->flags & INDEX_DEAD;

	if (file && !same_base(s->old, rec, file)) {
		add_file(s, file);
		return;
	}
	if (!file && dead && rec->modseq <= s->forget && !untold(s, r))
		return;
	if (s->look && !file) {
		struct index_record gone = *rec;

		gone.flags |= INDEX_DEAD;
		if (!dead)
			gone.modseq = s->modseq;
		add_old(s, &gone, NULL);
		return;
	}
	add_old(s, rec, file);
}

/* Merge the three, all sorted by UID. */
static void
merge(struct source *s)
{
	uint32_t r = 0, count = s->old ? s->old->head.count : 0;
	size_t j = 0, k = 0;
	size_t nfiles = s->look ? s->look->files.n : 0;
	size_t nmissing = s->missing ? s->missing->n : 0;

	for (;;) {
		struct index_record rec = {.uid = UINT32_MAX};
		const struct file *file = NULL;
		uint32_t missing, uid;

		while (r < count && !index_peek(s->old, r, &rec))
			r++;
		if (r >= count)
			rec.uid = UINT32_MAX;
		if (j < nfiles)
			file = &s->look->files.list[j];
		missing = k < nmissing ? s->missing->v[k] : UINT32_MAX;
		uid = file && file->uid < rec.uid ? file->uid : rec.uid;
		uid = missing < uid ? missing : uid;
		if (uid == UINT32_MAX)
			return;
		if (file && file->uid != uid)
			file = NULL;
		if (rec.uid == uid)
			add_record(s, r++, &rec, file);
		else if (file)
			add_file(s, file);
		else
			add_missing(s, uid);
		j += file != NULL;
		k += missing == uid;
	}
}

static int
by_modseq(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Up to which modseq dead records are forgotten, so that not too many stay. */
static uint64_t
forget_up_to(const struct index *x)
{
	uint32_t most = DEAD_MOST + x->head.count / 8, n = 0;
	struct index_record rec;
	uint64_t *list, v;

	if (x->head.dead <= most)
		return 0;
	list = calloc(x->head.dead, sizeof(*list));
	if (!list)
		oom();
	for (uint32_t r = 0; r < x->head.count && n < x->head.dead; r++)
		if (index_peek(x, r, &rec) && rec.flags & INDEX_DEAD)
			list[n++] = rec.modseq;
	qsort(list, n, sizeof(*list), by_modseq);
	v = n > most ? list[n - most - 1] : 0;
	free(list);
	return v;
}

/* Make x, which is closed, the index merged from these. */
static void
make(struct source *s, struct index *x)
{
	struct index_head *h = &s->b.head;
	struct index clock = {.head.modseq = s->old ? s->old->head.modseq : 0};

	index_build_init(&s->b);
	s->modseq = index_next_modseq(&clock);
	if (s->old) {
		*h = s->old->head;
		s->forget = forget_up_to(s->old);
		if (s->forget > h->vanished_from)
			h->vanished_from = s->forget;
	} else {
		h->vanished_from = s->modseq;
	}
	h->modseq = s->modseq;
	merge(s);
	index_build_finish(&s->b, x, s->m->index_dir, s->m->index_name, true);
	index_build_free(&s->b);
}

/* --------------------------------------------- the view on another index */

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
static bool
has_gaps(const struct mailbox *m)
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
	       !differs(&old, new);
}

struct moving {
	struct mailbox_list holes, changed, missing;
	uint32_t total;
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
		if (!unchanged(m, i, &rec) ||
		    mailbox_list_has(&m->changed, mailbox_at(m, i)))
			mailbox_list_add(&v->changed, r);
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
static bool
put_view(struct mailbox *m, struct index *x)
{
	uint32_t *uids = calloc((size_t)m->total + 1, sizeof(*uids));
	struct moving v = {0};
	bool ok;

	if (!uids)
		oom();
	mailbox_list_sort(&m->changed);
	if (!view_uids(m, x, uids))
		mailbox_lose_all(m);
	ok = m->deleted || find_view(m, x, uids, &v);
	if (ok && v.missing.n > 0) {
		struct source s = {.m = m, .old = x, .missing = &v.missing};
		struct index better;

		make(&s, &better);
		index_close(x);
		*x = better;
		moving_free(&v);
		v = (struct moving){0};
		ok = find_view(m, x, uids, &v);
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
	mailbox_list_free(&v.missing);
	m->seen_changes = x->head.changes;
	m->seen_modseq = x->head.modseq;
	x->locked = m->index.locked > 1 ? m->index.locked : 1;
	m->index.locked = 0;
	index_close(&m->index);
	m->index = *x;
	return true;
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
	mailbox_collect(m);
	if (has_gaps(m)) {
		/* A full look tells more about these. */
		index_close(&x);
		return false;
	}
	ok = put_view(m, &x) && !m->deleted;
	if (ok)
		index_unlock(&m->index);
	return ok;
}

void
mailbox_merge(struct mailbox *m, struct look *l)
{
	struct source s = {.m = m, .look = l};
	struct mailbox_list lines = {0};
	struct index x;
	bool gaps;

	if (m->index.locked && !m->index.bad &&
	    m->index.head.uidvalidity == l->uidvalidity &&
	    merge_in_place(&m->index, l))
		return;
	if (index_is_open(&m->index) &&
	    m->index.head.uidvalidity == l->uidvalidity)
		s.old = &m->index;
	if (m->opened)
		mailbox_collect(m);
	gaps = m->opened && has_gaps(m);
	/* Where records cannot be read, the UID list tells what they were. */
	for (size_t i = 0; gaps && i < l->list.n; i++)
		mailbox_list_add(&lines, l->list.list[i].uid);
	s.missing = &lines;
	make(&s, &x);
	mailbox_list_free(&lines);
	if (m->opened) {
		put_view(m, &x);
		return;
	}
	m->index.locked = 0;
	index_close(&m->index);
	m->index = x;
}
