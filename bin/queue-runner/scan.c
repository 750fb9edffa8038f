/* SPDX-License-Identifier: ISC */
/* Finding messages: at start all of them, then those that a nudge tells of,
 * and now and then those whose nudge was lost. */
#define _GNU_SOURCE
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "base/num.h"
#include "conf/settings.h"
#include "io/dir.h"

#define LIST_ARENA ((size_t)512 * 1024 * 1024)
#define SOON_MS 500
#define SHARE 20 /* a look takes at most this part of the time */

void
message_path(char to[WALK_PATH], const struct message *m)
{
	if (m->slot >= 0)
		slot_path(to, m->slot);
	else
		walk_path(to, str_z(m->id));
}

/* ---------------------------------------------------------------- slots */

/* Slots beyond the number wanted are used up, but not used again. */
static int
count_files(struct runner *r)
{
	struct arena a;
	char **names;
	size_t n = 0;
	int most = 0;
	uint64_t i;

	arena_init(&a, LIST_ARENA);
	/* Slots that we do not know of would keep their messages. */
	if (dir_list(r->queue, "slot", 0, WALK_FILES, &a, &names, &n) < 0)
		die(EXIT_TEMP);
	for (size_t k = 0; k < n; k++)
		if (num_scan(str_z(names[k]), SLOT_MOST - 1, &i) == 0 &&
		    (int)i >= most)
			most = (int)i + 1;
	arena_free(&a);
	return most;
}

void
scan_init(struct runner *r)
{
	int n = slot_make(r->queue, (int)settings_num("QUEUE_SLOTS"));

	if (n < 0)
		log_event("trouble", "err", fail_last(), NULL);
	r->nslots = count_files(r);
	r->taken = calloc((size_t)r->nslots + 1, 1);
	if (!r->taken)
		oom();
	r->scan_dir = WALK_DIRS;
	for (int i = 0; i < WALK_DIRS; i++)
		r->seen_ns[i] = -1;
}

/* A header that is neither: it is kept for a human, as "bad/slot.0012". */
static void
damaged(struct runner *r, int slot)
{
	char path[WALK_PATH], to[WALK_PATH + 8] = "bad/slot.";

	slot_path(path, slot);
	memcpy(to + 9, path + 5, strlen(path + 5) + 1);
	log_event("bad", "slot", path, "err", fail_last(), NULL);
	if (entry_move(r->queue, path, to) < 0)
		log_event("trouble", "slot", path, "err", fail_last(), NULL);
	r->taken[slot] = 1;
}

/* Whether it was set aside, and we died before its slot was given back. */
static bool
was_held(struct runner *r, int slot, const char *id)
{
	char held[WALK_PATH], path[WALK_PATH];

	snprintf(held, sizeof(held), "hold/%s", id);
	if (faccessat(r->queue, held, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	slot_path(path, slot);
	if (slot_free(r->queue, path) < 0)
		log_event("trouble", "slot", path, "err", fail_last(), NULL);
	return true;
}

/* The marks of a file are newer than those of the slot that it was copied from,
 * but whether the copy ever came to the disk nobody knows: the marks go back
 * into the slot.  0 or -1. */
static int
bring_back(struct runner *r, int slot, const struct entry *file)
{
	char path[WALK_PATH];
	struct entry q;
	struct arena a;
	int ok;

	arena_init(&a, ENTRY_ARENA);
	slot_path(path, slot);
	ok = entry_open(&q, r->queue, path, &a) == 1 &&
	             q.e.nrcpt == file->e.nrcpt
	         ? 0
	         : -1;
	for (size_t i = 0; ok == 0 && i < q.e.nrcpt; i++)
		if (q.e.rcpts[i].status != file->e.rcpts[i].status)
			ok = entry_mark(&q, i, file->e.rcpts[i].status);
	if (ok == 0)
		ok = entry_sync(&q);
	entry_close(&q);
	arena_free(&a);
	return ok;
}

/* A message that was leaving its slot when we died lies in both.  A file that
 * is not whole was never more than the slot.  Found out before anything of it
 * is delivered. */
static void
in_both(struct runner *r, struct message *m)
{
	char path[WALK_PATH];
	struct entry q;
	struct arena a;
	int ok;

	arena_init(&a, ENTRY_ARENA);
	walk_path(path, str_z(m->id));
	ok = entry_open(&q, r->queue, path, &a);
	if (ok == 1)
		ok = entry_check(&q);
	if (ok == 1 && bring_back(r, m->slot, &q) < 0) {
		m->slot = -1; /* which stays as it is until a restart */
		ok = -1;
	}
	entry_close(&q);
	arena_free(&a);
	if (ok < 0 || entry_remove(r->queue, path) < 0 ||
	    entry_sync_dir(r->queue, path) < 0)
		log_event("trouble", "id", m->id, "err", fail_last(), NULL);
}

static bool
has_file(const struct runner *r, const char *id)
{
	char path[WALK_PATH];

	walk_path(path, str_z(id));
	return faccessat(r->queue, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
add_slot(struct runner *r, int slot, const char *id)
{
	struct message *m;

	/* A copy that has left its slot is the message now. */
	if (schedule_find(r, id) || (!r->started && was_held(r, slot, id)))
		return;
	r->taken[slot] = 1;
	m = schedule_add(r, id, slot, r->started);
	if (!r->started && has_file(r, id))
		in_both(r, m);
}

static void
scan_slots(struct runner *r)
{
	char id[ID_SIZE];

	for (int i = 0; i < r->nslots; i++) {
		int found;

		if (r->taken[i])
			continue;
		found = slot_look(r->queue, i, id);
		if (found == 1)
			add_slot(r, i, id);
		else if (found < 0 && errno == EPROTO)
			damaged(r, i);
	}
}

/* ---------------------------------------------------------------- files */

/* Whether directory i changed since it was last listed.  Its time is read
 * before the listing, and a directory changed within the clock's last tick is
 * listed once more. */
static bool
changed(struct runner *r, int i)
{
	char name[8] = "new/0";
	struct stat st;
	int64_t t;

	name[4] = "0123456789abcdef"[i];
	if (fstatat(r->queue, name, &st, 0) < 0)
		return true;
	t = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	if (t == r->seen_ns[i])
		return false;
	r->seen_ns[i] =
	    now_wall_us() * 1000 - t < 100 * (int64_t)1000000 ? -1 : t;
	return true;
}

static void
add_file(struct runner *r, int dir, const char *id)
{
	if (!schedule_find(r, id) && !clean_misplaced(r, dir, id))
		schedule_add(r, id, -1, r->started);
}

static void
scan_dir(struct runner *r, int dir, struct arena *a)
{
	char **ids;
	size_t n;

	if (!changed(r, dir))
		return;
	arena_reset(a);
	if (walk_list(r->queue, dir, a, &ids, &n) < 0) {
		log_event("scan", "err", fail_last(), NULL);
		r->seen_ns[dir] = -1;
		return;
	}
	for (size_t i = 0; i < n; i++)
		add_file(r, dir, ids[i]);
}

void
scan_begin(struct runner *r)
{
	if (scan_busy(r))
		return;
	r->scan_took_ms = -now_ms();
	scan_slots(r);
	r->scan_took_ms += now_ms();
	r->scan_dir = 0;
}

bool
scan_busy(const struct runner *r)
{
	return r->scan_dir < WALK_DIRS;
}

/* One directory: what has just come need not wait for all of a big queue. */
void
scan_step(struct runner *r)
{
	int64_t start = now_ms();
	struct arena a;

	if (!scan_busy(r))
		return;
	arena_init(&a, LIST_ARENA);
	scan_dir(r, r->scan_dir++, &a);
	arena_free(&a);
	r->scan_took_ms += now_ms() - start;
	if (scan_busy(r))
		return;
	r->least_scan_ms = now_ms() + r->scan_took_ms * SHARE;
	r->next_scan_ms = now_ms() + RUNNER_SCAN_MS;
	if (r->next_scan_ms < r->least_scan_ms)
		r->next_scan_ms = r->least_scan_ms;
	r->started = true;
	if (r->scan_missed)
		scan_soon(r);
}

void
scan_soon(struct runner *r)
{
	int64_t soon = now_ms() + SOON_MS;

	r->scan_missed = scan_busy(r);
	if (soon < r->least_scan_ms)
		soon = r->least_scan_ms;
	if (r->next_scan_ms > soon)
		r->next_scan_ms = soon;
}

void
scan_all(struct runner *r)
{
	scan_begin(r);
	while (scan_busy(r))
		scan_step(r);
}

/* --------------------------------------------------------------- nudges */

/* "ID" or "ID/0012". */
static void
told_of(struct runner *r, struct str what)
{
	struct str name = str_to(what, ID_LEN);
	struct str rest = str_from(what, ID_LEN);
	struct message *m;
	char id[ID_SIZE];
	uint64_t slot;

	if (!id_valid(name) || str_copy(id, sizeof(id), name) < 0)
		return;
	m = schedule_find(r, id);
	if (m) {
		schedule_hurry(r, m);
	} else if (rest.n == 0) {
		schedule_add(r, id, -1, true);
	} else if (rest.p[0] == '/' &&
		   num_scan(str_from(rest, 1), SLOT_MOST, &slot) == 0 &&
		   (int)slot < r->nslots && !r->taken[slot]) {
		r->taken[slot] = 1;
		schedule_add(r, id, (int)slot, true);
	}
}

void
scan_nudge(struct runner *r, struct str what)
{
	size_t blank = str_find(what, ' ');

	if (str_eq(what, STR("*"))) {
		scan_all(r);
		schedule_hurry_all(r);
	} else if (blank < what.n) {
		order_take(r, str_to(what, blank), str_from(what, blank + 1));
	} else {
		told_of(r, what);
	}
}
