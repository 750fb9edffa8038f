/* SPDX-License-Identifier: ISC */
/* The schedule: a heap of waiting messages by due time, a list of fresh ones,
 * and a hash table of all ids.  It is rebuilt from the directories' listings
 * at start; files are opened only when they are due, so a big queue costs no
 * reading, and what has just come need not wait until all of it was seen. */
#include "runner.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/fail.h"
#include "base/now.h"

#define TABLE_FIRST 1024

static void *
more(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		oom();
	p = realloc(p, bytes);
	if (!p)
		oom();
	return p;
}

/* ----------------------------------------------------------------- heap */

static void
heap_put(struct runner *r, size_t i, struct message *m)
{
	r->heap[i] = m;
	m->at = (unsigned)i;
}

static void
heap_up(struct runner *r, size_t i)
{
	struct message *m = r->heap[i];

	while (i > 0 && m->due_ms < r->heap[(i - 1) / 2]->due_ms) {
		heap_put(r, i, r->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(r, i, m);
}

static void
heap_down(struct runner *r, size_t i)
{
	struct message *m = r->heap[i];

	for (;;) {
		size_t c = 2 * i + 1;

		if (c + 1 < r->nheap &&
		    r->heap[c + 1]->due_ms < r->heap[c]->due_ms)
			c++;
		if (c >= r->nheap || r->heap[c]->due_ms >= m->due_ms)
			break;
		heap_put(r, i, r->heap[c]);
		i = c;
	}
	heap_put(r, i, m);
}

static void
heap_add(struct runner *r, struct message *m)
{
	if (r->nheap == r->heap_cap) {
		r->heap_cap = r->heap_cap ? r->heap_cap * 2 : 256;
		r->heap = more(r->heap, r->heap_cap, sizeof(*r->heap));
	}
	m->place = PLACE_WAITING;
	heap_put(r, r->nheap++, m);
	heap_up(r, m->at);
}

static void
heap_take(struct runner *r, struct message *m)
{
	size_t i = m->at;
	struct message *last = r->heap[--r->nheap];

	if (last == m)
		return;
	heap_put(r, i, last);
	heap_up(r, i);
	heap_down(r, last->at);
}

/* ---------------------------------------------------------------- lanes */

void
lane_add(struct lane *l, struct message *m)
{
	m->next = NULL;
	m->prev = l->tail;
	*(l->tail ? &l->tail->next : &l->head) = m;
	l->tail = m;
}

void
lane_take(struct lane *l, struct message *m)
{
	*(m->prev ? &m->prev->next : &l->head) = m->next;
	*(m->next ? &m->next->prev : &l->tail) = m->prev;
	m->next = m->prev = NULL;
}

/* ---------------------------------------------------------------- table */

static size_t
hash_of(const struct runner *r, const char *id)
{
	return crc32c(0, id, ID_LEN) & (r->ntable - 1);
}

struct message *
schedule_find(const struct runner *r, const char *id)
{
	struct message *m = r->table[hash_of(r, id)];

	while (m && memcmp(m->id, id, ID_LEN) != 0)
		m = m->same_hash;
	return m;
}

static void
table_add(struct runner *r, struct message *m)
{
	struct message **head = &r->table[hash_of(r, m->id)];

	m->same_hash = *head;
	*head = m;
}

static void
table_make(struct runner *r, size_t n)
{
	r->table = more(NULL, n, sizeof(struct message *));
	for (size_t i = 0; i < n; i++)
		r->table[i] = NULL;
	r->ntable = n;
}

static void
table_grow(struct runner *r)
{
	struct message **old = r->table;
	size_t n = r->ntable;

	table_make(r, n * 2);
	for (size_t i = 0; i < n; i++) {
		struct message *m = old[i];

		while (m) {
			struct message *next = m->same_hash;

			table_add(r, m);
			m = next;
		}
	}
	free(old);
}

void
schedule_init(struct runner *r)
{
	table_make(r, TABLE_FIRST);
}

struct message *
schedule_add(struct runner *r, const char *id, int slot, bool fresh)
{
	struct message *m = more(NULL, 1, sizeof(*m));

	memset(m, 0, sizeof(*m));
	memcpy(m->id, id, ID_SIZE);
	m->slot = slot;
	m->due_ms = now_ms();
	m->forced = r->all;
	m->again = r->unclean && !r->started;
	if (r->nmessages++ >= r->ntable)
		table_grow(r);
	table_add(r, m);
	if (fresh) {
		m->place = PLACE_FRESH;
		lane_add(&r->fresh, m);
	} else {
		heap_add(r, m);
	}
	return m;
}

void
schedule_forget(struct runner *r, struct message *m)
{
	struct message **at = &r->table[hash_of(r, m->id)];

	while (*at != m)
		at = &(*at)->same_hash;
	*at = m->same_hash;
	r->nmessages--;
	free(m);
}

bool
schedule_doubtful(const struct runner *r)
{
	for (size_t i = 0; i < r->ntable; i++)
		for (struct message *m = r->table[i]; m; m = m->same_hash)
			if (m->again)
				return true;
	return false;
}

/* -------------------------------------------------------------- timing */

void
schedule_take(struct runner *r, struct message *m)
{
	if (m->place == PLACE_WAITING)
		heap_take(r, m);
	else if (m->place == PLACE_FRESH)
		lane_take(&r->fresh, m);
	else if (m->place == PLACE_PARKED)
		dest_unpark_one(r, m);
}

/* What is fresh and what is due again take turns: neither starves. */
struct message *
schedule_next(struct runner *r)
{
	bool due = r->nheap > 0 && r->heap[0]->due_ms <= now_ms();
	struct message *m = r->fresh.head;

	if (due && (!m || r->turn))
		m = r->heap[0];
	r->turn = m && m == r->fresh.head;
	if (m)
		schedule_take(r, m);
	return m;
}

int64_t
schedule_due(const struct runner *r)
{
	if (r->fresh.head)
		return 0;
	return r->nheap == 0 ? NOW_NEVER : r->heap[0]->due_ms;
}

void
schedule_wait(struct runner *r, struct message *m, int64_t after_ms)
{
	m->due_ms = now_ms() + after_ms;
	heap_add(r, m);
}

/* It is fresh again. */
void
schedule_hurry(struct runner *r, struct message *m)
{
	/* It is being tried.  A new message may have been found by looking, and
	 * be on its way, before its own nudge is read. */
	if (m->place == PLACE_ACTIVE)
		return;
	m->forced = true;
	if (m->place != PLACE_WAITING)
		return;
	heap_take(r, m);
	m->place = PLACE_FRESH;
	lane_add(&r->fresh, m);
}

/* Not so many as to hold up what is fresh. */
void
schedule_hurry_all(struct runner *r)
{
	for (size_t i = 0; i < r->ntable; i++)
		for (struct message *m = r->table[i]; m; m = m->same_hash) {
			m->forced = true;
			if (m->place != PLACE_WAITING)
				continue;
			heap_take(r, m);
			schedule_wait(r, m, 0);
		}
}
