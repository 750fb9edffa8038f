/* SPDX-License-Identifier: ISC */
/* The queue's storage, read while the runner works on it.  Messages move in
 * one direction, slot to file to hold: walked in that order, none is missed
 * and some are seen twice. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "base/num.h"
#include "io/dir.h"
#include "queue/retry.h"
#include "queue/slot.h"
#include "queue_tool.h"

#define LIST_ARENA ((size_t)1 << 30)
#define MOVES 4 /* how often a message is looked for when it has moved */

static void
add(struct queue_tool *q, const char *id, const char *path)
{
	struct queue_item *item;

	if (q->n == q->cap) {
		q->cap = q->cap ? 2 * q->cap : 256;
		q->items = realloc(q->items, q->cap * sizeof(*q->items));
		if (!q->items)
			oom();
	}
	item = &q->items[q->n++];
	snprintf(item->id, sizeof(item->id), "%s", id);
	snprintf(item->path, sizeof(item->path), "%s", path);
}

bool
queue_look(const struct queue_tool *q, int i, char id[ID_SIZE], int *found)
{
	/* Slots beyond the count may be in use still. */
	*found = slot_look(q->queue, i, id);
	return i < SLOT_MOST &&
	       (*found >= 0 || errno != ENOENT || i < slot_count(q->queue));
}

static void
add_slots(struct queue_tool *q)
{
	char path[WALK_PATH], id[ID_SIZE];
	int i, found;

	for (i = 0; queue_look(q, i, id, &found); i++) {
		slot_path(path, i);
		if (found == 1)
			add(q, id, path);
	}
	q->slots = (size_t)i;
}

/* The messages in a directory ("new/3", "hold"). */
static int
add_dir(struct queue_tool *q, const char *dir, struct arena *a)
{
	char path[WALK_PATH];
	char **names;
	size_t n;

	arena_reset(a);
	if (dir_list(q->queue, dir, 0, WALK_FILES, a, &names, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!id_valid(str_z(names[i])))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		add(q, names[i], path);
	}
	return 0;
}

static int
by_id(const void *a, const void *b)
{
	const struct queue_item *x = a, *y = b;
	int r = strcmp(x->id, y->id);

	/* "slot" comes behind "new" and "hold": the newer place counts. */
	return r ? r : strcmp(x->path, y->path);
}

static void
drop_twins(struct queue_tool *q)
{
	size_t kept = 0;

	if (q->n > 0)
		qsort(q->items, q->n, sizeof(*q->items), by_id);
	for (size_t i = 0; i < q->n; i++)
		if (kept == 0 ||
		    strcmp(q->items[kept - 1].id, q->items[i].id) != 0)
			q->items[kept++] = q->items[i];
	q->n = kept;
}

int
queue_find_all(struct queue_tool *q)
{
	struct arena a;
	char dir[8];
	char **names;
	int r = 0;

	arena_init(&a, LIST_ARENA);
	add_slots(q);
	for (unsigned i = 0; r == 0 && i < WALK_DIRS; i++) {
		snprintf(dir, sizeof(dir), "new/%x", i);
		r = add_dir(q, dir, &a);
	}
	if (r == 0)
		r = add_dir(q, "hold", &a);
	if (r == 0)
		r = dir_list(
		    q->queue, "bad", 0, WALK_FILES, &a, &names, &q->bad);
	arena_free(&a);
	drop_twins(q);
	return r;
}

static bool
in_slot(const struct queue_tool *q, struct queue_item *item)
{
	bool known = *item->path;
	uint64_t from = 0;
	char id[ID_SIZE];
	int found;

	if (known && (!slot_is_path(item->path) ||
			 num_scan(str_z(item->path + 5), SLOT_MOST, &from) < 0))
		return false;
	for (int i = (int)from; queue_look(q, i, id, &found); i++) {
		if (found == 1 && strcmp(id, item->id) == 0) {
			slot_path(item->path, i);
			return true;
		}
		if (known)
			return false;
	}
	return false;
}

static bool
is_there(const struct queue_tool *q, const char *path)
{
	return faccessat(q->queue, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
queue_find(const struct queue_tool *q, struct queue_item *item)
{
	if (in_slot(q, item))
		return true;
	walk_path(item->path, str_z(item->id));
	if (is_there(q, item->path))
		return true;
	snprintf(item->path, sizeof(item->path), "hold/%s", item->id);
	if (is_there(q, item->path))
		return true;
	/* Released between the two looks? */
	walk_path(item->path, str_z(item->id));
	return is_there(q, item->path);
}

int
queue_open(struct queue_tool *q, struct queue_item *item, struct entry *e)
{
	for (int i = 0; i < MOVES; i++) {
		int r;

		arena_reset(&q->arena);
		r = entry_open(e, q->queue, item->path, &q->arena);
		if (r == 1 && str_eq(e->e.id, str_z(item->id)))
			return 1;
		if (r < 0 && errno != ENOENT)
			return -1;
		if (r == 0 && !slot_is_path(item->path))
			return 0;
		/* Gone, or its slot has another message now. */
		entry_close(e);
		if (!queue_find(q, item))
			return 0;
	}
	return 0;
}

bool
queue_is_held(const struct queue_item *item)
{
	return strncmp(item->path, "hold/", 5) == 0;
}

/* -------------------------------------------------------------- filters */

struct str
queue_domain(struct str address)
{
	size_t at = str_rfind(address, '@');

	return str_from(address, at < address.n ? at + 1 : address.n);
}

static bool
matches(const char *want, struct str address)
{
	if (!want)
		return true;
	if (strcmp(want, "<>") == 0)
		return address.n == 0;
	if (*want == '@')
		return str_ieq(queue_domain(address), str_z(want + 1));
	return str_ieq(address, str_z(want));
}

bool
queue_filtered(const struct queue_filter *f)
{
	return f->from || f->to || f->domain || f->all || f->held;
}

bool
queue_passes(const struct queue_filter *f, const struct queue_item *item,
    const struct envelope *e)
{
	if ((f->held && !queue_is_held(item)) || !matches(f->from, e->sender))
		return false;
	if (!f->to && !f->domain)
		return true;
	for (size_t i = 0; i < e->nrcpt; i++) {
		const struct envelope_rcpt *rcpt = &e->rcpts[i];

		if (!envelope_status_final(rcpt->status) &&
		    matches(f->to, rcpt->addr) &&
		    (!f->domain ||
			str_ieq(queue_domain(rcpt->addr), str_z(f->domain))))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------ properties */

int64_t
queue_next_s(const struct queue_item *item, const struct entry *e)
{
	bool open = false;

	if (queue_is_held(item))
		return -1;
	for (size_t i = 0; i < e->e.nrcpt; i++) {
		char status = e->e.rcpts[i].status;

		/* As the runner does: what was never tried is due. */
		if (status == ENVELOPE_NEW)
			return 0;
		open |= envelope_status_open(status);
	}
	if (!open)
		return 0;
	return retry_left_s(
	    e->e.received_s, e->touched_s, now_wall_s(), e->header.body_crc);
}

const char *
queue_status(char status)
{
	switch (status) {
	case ENVELOPE_ATTEMPTED:
		return "waiting";
	case ENVELOPE_WARNED:
		return "delayed";
	case ENVELOPE_SUCCESS:
	case ENVELOPE_RELAYED:
	case ENVELOPE_EXPANDED:
	case ENVELOPE_DONE:
		return "delivered";
	case ENVELOPE_FAILED:
		return "failed";
	case ENVELOPE_BOUNCED:
		return "bounced";
	default:
		return "new";
	}
}
