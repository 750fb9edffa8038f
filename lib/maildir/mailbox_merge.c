/* SPDX-License-Identifier: ISC */
/* What a look saw, put into the index: in place where that can be, else into
 * a new one. */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/now.h"
#include "maildir/keywords.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"

#define DEAD_MOST 1000 /* remembered at least */
#define AHEAD 8        /* files */

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
fresh(const struct file *file, int64_t now)
{
	return (struct index_record){.uid = file->uid,
	    .flags = file->in_new ? INDEX_IN_NEW : 0,
	    .keywords = file->keywords,
	    /* Until it is measured: what the UID list says. */
	    .date_s = (int64_t)file->wire_size,
	    .saved_s = name_saved(files_name(file), now)};
}

static struct str
uidl_of(const struct file *file)
{
	return file->uidl ? str_make(file->uidl, file->uidl_n) : STR("");
}

/* Set what the file says but for its name.  */
static void
place(struct index_record *rec, const struct file *file)
{
	rec->flags &= (uint16_t) ~(INDEX_DEAD | INDEX_IN_NEW);
	if (file->in_new)
		rec->flags |= INDEX_IN_NEW;
	rec->keywords = (rec->keywords & KEYWORDS_LETTER_BITS) | file->keywords;
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
		if (rec->flags == old.flags && rec->keywords == old.keywords)
			return true;
	} else if (!index_set_name(x, rec, files_name(file))) {
		return false;
	}
	index_put(x, r, rec, mailbox_differs(rec, &old));
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
	int64_t now = now_wall_s();

	for (; j < l->files.n; j++) {
		const struct file *file = l->order[j];
		struct index_record rec = fresh(file, now);

		if (!index_append(x, &rec, files_name(file), uidl_of(file)))
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
		const struct file *file = j < l->files.n ? l->order[j] : NULL;
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
	int64_t now;                        /* seconds since 1970 */
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
		str_copy(name, sizeof(name), files_name(file));
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
	if (mailbox_differs(&s->b.list[n], &old))
		s->b.list[n].modseq = s->modseq;
}

static void
add_file(struct source *s, const struct file *file)
{
	struct index_record rec = fresh(file, s->now);

	rec.modseq = s->modseq;
	index_build_add(&s->b, &rec, files_name(file), uidl_of(file));
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

/* Ask for what is needed soon: they lie anywhere in memory. */
static const struct file *
next_file(const struct look *l, size_t j)
{
	if (j + 2 * AHEAD < l->files.n) {
		__builtin_prefetch(l->order[j + 2 * AHEAD]);
		__builtin_prefetch(l->order[j + AHEAD]->name);
	}
	return l->order[j];
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
			file = next_file(s->look, j);
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

/* How many records it will have. */
static size_t
about(const struct source *s)
{
	size_t n = s->old ? s->old->head.count : 0;

	if (s->look && s->look->files.n > n)
		n = s->look->files.n;
	return n + n / 8;
}

/* Make x, which is closed, the index merged from these. */
static void
make(struct source *s, struct index *x)
{
	struct index_head *h = &s->b.head;
	struct index clock = {.head.modseq = s->old ? s->old->head.modseq : 0};

	index_build_init(&s->b, about(s));
	s->modseq = index_next_modseq(&clock);
	s->now = now_wall_s();
	if (s->old) {
		*h = s->old->head;
		/* Without a look the view is not on the old index: what it has
		 * not told yet is not known here. */
		s->forget = s->look ? forget_up_to(s->old) : 0;
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

void
mailbox_add_dead(struct mailbox *m, struct index *x,
    const struct mailbox_list *uids, struct index *to)
{
	struct source s = {.m = m, .old = x, .missing = uids};

	make(&s, to);
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
		mailbox_collect_last(m);
	gaps = m->opened && mailbox_has_gaps(m);
	/* Where records cannot be read, the UID list tells what they were.  So
	 * that they are as many as its lines, a new index has those of the
	 * dead, too. */
	if (!s.old && l->list.n <= l->files.n + DEAD_MOST)
		gaps = true;
	for (size_t i = 0; gaps && i < l->list.n; i++)
		if (!l->list.list[i].of)
			mailbox_list_add(&lines, l->list.list[i].uid);
	s.missing = &lines;
	make(&s, &x);
	mailbox_list_free(&lines);
	if (m->opened) {
		mailbox_put_view(m, &x);
		return;
	}
	m->index.locked = 0;
	index_close(&m->index);
	m->index = x;
}
