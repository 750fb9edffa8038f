/* SPDX-License-Identifier: ISC */
/* What an administrator wants done with a message.  While the runner runs it
 * alone moves and removes messages: `yubin queue` asks it to. */
#include "runner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"

static void
hold_path(char to[WALK_PATH], const char *id)
{
	snprintf(to, WALK_PATH, "hold/%.*s", ID_LEN, id);
}

/* Out of its slot into a file, which is synced here: this is rare. */
static int
leave(struct runner *r, struct message *m)
{
	struct work w = {.m = m};
	char path[WALK_PATH];
	int ok;

	if (m->slot < 0)
		return 0;
	message_path(path, m);
	arena_init(&w.arena, ENTRY_ARENA);
	ok = entry_open(&w.entry, r->queue, path, &w.arena);
	if (ok == 1)
		ok = leave_slot(r, &w) < 0 ? -1 : entry_sync(&w.entry);
	else if (ok == 0)
		ok = -1;
	entry_close(&w.entry);
	arena_free(&w.arena);
	return ok;
}

static int
hold(struct runner *r, struct message *m)
{
	char path[WALK_PATH], to[WALK_PATH];

	if (leave(r, m) < 0)
		return -1;
	message_path(path, m);
	hold_path(to, m->id);
	return entry_move(r->queue, path, to);
}

static int
drop(struct runner *r, struct message *m)
{
	char path[WALK_PATH];

	message_path(path, m);
	if (entry_remove(r->queue, path) < 0)
		return -1;
	if (m->slot >= 0)
		r->taken[m->slot] = 0;
	leave_dirty(r);
	return 0;
}

bool
order_carry_out(struct runner *r, struct message *m)
{
	bool held = m->wish == WISH_HOLD;
	int ok = held ? hold(r, m) : drop(r, m);

	m->wish = WISH_NONE;
	if (ok < 0) {
		log_event("trouble", "id", m->id, "err", fail_last(), NULL);
		return false;
	}
	log_event(held ? "held" : "dropped", "id", m->id, NULL);
	schedule_forget(r, m);
	return true;
}

static void
release(struct runner *r, const char *id)
{
	char from[WALK_PATH], to[WALK_PATH];
	struct message *m;

	hold_path(from, id);
	walk_path(to, str_z(id));
	if (schedule_find(r, id))
		return;
	if (entry_move(r->queue, from, to) < 0) {
		log_event("trouble", "id", id, "err", fail_last(), NULL);
		return;
	}
	log_event("released", "id", id, NULL);
	m = schedule_add(r, id, -1, true);
	m->forced = true;
	/* Its last marks may not have come with it. */
	m->again = true;
}

void
order_take(struct runner *r, struct str verb, struct str text)
{
	char id[ID_SIZE];
	struct message *m;

	if (!id_valid(text) || str_copy(id, sizeof(id), text) < 0)
		return;
	if (str_eq(verb, STR("release"))) {
		release(r, id);
		return;
	}
	m = schedule_find(r, id);
	if (!m) {
		scan_all(r); /* its nudge may be lost */
		m = schedule_find(r, id);
	}
	if (!m || m->place == PLACE_LEAVING)
		return;
	if (str_eq(verb, STR("hold")))
		m->wish = WISH_HOLD;
	else if (str_eq(verb, STR("drop")))
		m->wish = WISH_DROP;
	else
		return;
	if (m->place == PLACE_ACTIVE)
		return; /* when its deliveries have ended */
	schedule_take(r, m);
	if (!order_carry_out(r, m))
		schedule_wait(r, m, 0);
}
