/* SPDX-License-Identifier: ISC */
/* The view: which records of the index are its messages, and what they say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/num.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"

/* ----------------------------------------------------- lists of numbers */

void
mailbox_list_add(struct mailbox_list *l, uint32_t v)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		uint32_t *more = realloc(l->v, room * sizeof(*more));

		if (!more)
			oom();
		l->v = more;
		l->room = room;
	}
	l->v[l->n++] = v;
}

void
mailbox_list_free(struct mailbox_list *l)
{
	free(l->v);
	*l = (struct mailbox_list){0};
}

static int
by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void
mailbox_list_sort(struct mailbox_list *l)
{
	size_t kept = 0;

	if (l->n < 2)
		return;
	qsort(l->v, l->n, sizeof(*l->v), by_value);
	for (size_t i = 1; i < l->n; i++)
		if (l->v[i] != l->v[kept])
			l->v[++kept] = l->v[i];
	l->n = kept + 1;
}

size_t
mailbox_list_below(const struct mailbox_list *l, uint32_t v)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->v[middle] < v)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
mailbox_list_has(const struct mailbox_list *l, uint32_t v)
{
	size_t at = mailbox_list_below(l, v);

	return at < l->n && l->v[at] == v;
}

/* --------------------------------------------------- from i to records */

/* Hole j has j holes before it, so v[j] - j messages. */
uint32_t
mailbox_at(const struct mailbox *m, size_t i)
{
	size_t low = 0, high = m->holes.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->holes.v[middle] - middle <= i)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint32_t)(i + low);
}

uint32_t
mailbox_get(struct mailbox *m, size_t i, struct index_record *rec)
{
	for (int tries = 0; tries < 3 && !m->deleted; tries++) {
		uint32_t r = mailbox_at(m, i);

		if (index_get(&m->index, r, rec))
			return r;
		if (mailbox_look(m) < 0)
			break;
	}
	*rec = (struct index_record){.flags = INDEX_DEAD};
	return INDEX_NONE;
}

bool
mailbox_file(struct mailbox *m, size_t i, char name[NAME_SIZE], int *dir)
{
	for (int tries = 0; tries < 3; tries++) {
		struct index_record rec;

		if (mailbox_get(m, i, &rec) == INDEX_NONE ||
		    rec.flags & INDEX_DEAD)
			return false;
		*dir = rec.flags & INDEX_IN_NEW ? m->new : m->cur;
		if (index_name(&m->index, &rec, name))
			return true;
		/* Its name is damaged: make the index anew. */
		if (mailbox_look(m) < 0)
			return false;
	}
	return false;
}

void
mailbox_lose_all(struct mailbox *m)
{
	m->deleted = true;
}

/* ------------------------------------------------------- what they say */

size_t
mailbox_recent(const struct mailbox *m)
{
	return m->recent.n;
}

size_t
mailbox_first_unseen(struct mailbox *m)
{
	struct index_record rec;
	uint32_t from;
	size_t i;

	if (!index_look(&m->index) || m->index.head.unseen == 0)
		return m->n;
	from = m->index.head.unseen_from;
	i = from < m->total ? from - mailbox_list_below(&m->holes, from) : m->n;
	for (; i < m->n; i++) {
		uint32_t r = mailbox_get(m, i, &rec);

		if (r == INDEX_NONE || !(rec.flags & (FLAG_SEEN | INDEX_DEAD)))
			break;
	}
	/* Spare the next one the walk. */
	if (i < m->n && mailbox_at(m, i) > from + 64 &&
	    index_lock(&m->index) == 1) {
		if (m->index.head.unseen_from == from)
			m->index.head.unseen_from = mailbox_at(m, i);
		index_unlock(&m->index);
	}
	return i;
}

void
mailbox_mail(struct mailbox *m, size_t i, struct mail *mail)
{
	struct index_record rec;

	mailbox_get(m, i, &rec);
	*mail = (struct mail){.uid = rec.uid,
	    .flags = rec.flags & FLAG_SETTABLE,
	    .keywords = rec.keywords & mailbox_words(m),
	    .modseq = rec.modseq,
	    .gone = rec.flags & INDEX_DEAD,
	    .measured = rec.flags & INDEX_MEASURED,
	    .saved_s = rec.saved_s};
	mail->recent = m->recent.n && mailbox_list_has(&m->recent, rec.uid);
	if (!mail->measured)
		return;
	mail->size = rec.size;
	mail->wire_size = rec.size + rec.wire_more;
	mail->date_s = rec.date_s;
}

uint32_t
mailbox_uid(struct mailbox *m, size_t i)
{
	struct index_record rec;

	mailbox_get(m, i, &rec);
	return rec.uid;
}

bool
mailbox_gone(struct mailbox *m, size_t i)
{
	struct index_record rec;

	mailbox_get(m, i, &rec);
	return rec.flags & INDEX_DEAD;
}

bool
mailbox_uidl(struct mailbox *m, size_t i, char to[NAME_SIZE])
{
	struct index_record rec;

	mailbox_get(m, i, &rec);
	index_uidl(&m->index, &rec, to);
	return to[0] != '\0';
}

void
mailbox_base(struct mailbox *m, size_t i, char to[NAME_SIZE])
{
	struct index_record rec;

	if (mailbox_get(m, i, &rec) == INDEX_NONE ||
	    !index_base(&m->index, &rec, to))
		to[0] = '\0';
}

void
mailbox_id(struct mailbox *m, size_t i, char to[MAILBOX_ID])
{
	char base[NAME_SIZE];

	to[0] = '\0';
	mailbox_base(m, i, base);
	if (base[0])
		snprintf(to, MAILBOX_ID, "M%016llx",
		    (unsigned long long)name_id(str_z(base)));
}
