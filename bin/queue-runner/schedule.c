/* SPDX-License-Identifier: ISC */
/* The schedule: a heap of waiting messages by due time and a hash table of all
 * ids.  It is rebuilt from the directories' listings at start; files are
 * opened only when they are due, so a big queue costs no reading. */
#include "runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/crc32c.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"

#define TABLE_FIRST 1024
#define LIST_ARENA ((size_t)512 * 1024 * 1024)

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
	m->at = i;
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

/* ---------------------------------------------------------------- table */

static size_t
slot_of(const struct runner *r, const char *id)
{
	return crc32c(0, id, ID_LEN) & (r->ntable - 1);
}

static struct message *
find(const struct runner *r, const char *id)
{
	struct message *m = r->table[slot_of(r, id)];

	while (m && memcmp(m->id, id, ID_LEN) != 0)
		m = m->same_hash;
	return m;
}

static void
table_add(struct runner *r, struct message *m)
{
	struct message **slot = &r->table[slot_of(r, m->id)];

	m->same_hash = *slot;
	*slot = m;
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

static void
add(struct runner *r, const char *id)
{
	struct message *m = more(NULL, 1, sizeof(*m));

	memset(m, 0, sizeof(*m));
	memcpy(m->id, id, ID_SIZE);
	m->due_ms = now_ms();
	m->forced = r->all;
	if (r->nmessages++ >= r->ntable)
		table_grow(r);
	table_add(r, m);
	heap_add(r, m);
}

void
schedule_forget(struct runner *r, struct message *m)
{
	struct message **at = &r->table[slot_of(r, m->id)];

	while (*at != m)
		at = &(*at)->same_hash;
	*at = m->same_hash;
	r->nmessages--;
	free(m);
}

/* ------------------------------------------------------------- finding */

void
schedule_init(struct runner *r)
{
	table_make(r, TABLE_FIRST);
	for (int i = 0; i < WALK_DIRS; i++)
		r->seen_ns[i] = -1;
}

/* Whether directory i changed since it was last listed.  Its time is read
 * before the listing, and a directory changed within the clock's last tick is
 * listed once more. */
static bool
changed(struct runner *r, int i)
{
	char name[8];
	struct stat st;
	int64_t t;

	snprintf(name, sizeof(name), "new/%x", (unsigned)i);
	if (fstatat(r->queue, name, &st, 0) < 0)
		return true;
	t = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	if (t == r->seen_ns[i])
		return false;
	r->seen_ns[i] =
	    now_wall_us() * 1000 - t < 100 * (int64_t)1000000 ? -1 : t;
	return true;
}

void
schedule_scan(struct runner *r)
{
	struct arena a;
	char **ids;
	size_t n;

	r->next_scan_ms = now_ms() + RUNNER_SCAN_MS;
	arena_init(&a, LIST_ARENA);
	for (int d = 0; d < WALK_DIRS; d++) {
		if (!changed(r, d))
			continue;
		arena_reset(&a);
		if (walk_list(r->queue, d, &a, &ids, &n) < 0) {
			log_event("scan", "err", fail_last(), NULL);
			r->seen_ns[d] = -1;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			if (!find(r, ids[i]) && !clean_misplaced(r, d, ids[i]))
				add(r, ids[i]);
	}
	arena_free(&a);
}

static void
hurry(struct runner *r, struct message *m)
{
	m->forced = true;
	if (m->work)
		return;
	heap_take(r, m);
	m->due_ms = now_ms();
	heap_add(r, m);
}

void
schedule_nudge(struct runner *r, struct str what)
{
	char id[ID_SIZE];
	struct message *m;

	if (str_eq(what, STR("*"))) {
		schedule_scan(r);
		for (size_t i = 0; i < r->ntable; i++)
			for (m = r->table[i]; m; m = m->same_hash)
				hurry(r, m);
		return;
	}
	if (!id_valid(what) || str_copy(id, sizeof(id), what) < 0)
		return;
	m = find(r, id);
	if (m)
		hurry(r, m);
	else
		add(r, id);
}

/* -------------------------------------------------------------- timing */

struct message *
schedule_next(struct runner *r)
{
	struct message *m;

	if (r->nheap == 0 || r->heap[0]->due_ms > now_ms())
		return NULL;
	m = r->heap[0];
	heap_take(r, m);
	return m;
}

int64_t
schedule_due(const struct runner *r)
{
	return r->nheap == 0 ? NOW_NEVER : r->heap[0]->due_ms;
}

void
schedule_wait(struct runner *r, struct message *m, int64_t after_ms)
{
	m->due_ms = now_ms() + after_ms;
	heap_add(r, m);
}
