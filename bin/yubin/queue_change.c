/* SPDX-License-Identifier: ISC */
/* yubin queue hold, release, retry, drop.  While a runner runs it alone moves
 * messages and removes them: it is asked to, and then we look whether it was
 * done.  Without one we take its lock and do it ourselves.  Held messages
 * nobody works on: they may be removed at any time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/now.h"
#include "io/lock.h"
#include "queue/slot.h"
#include "queue_tool.h"
#include "show.h"

#define PATIENCE_MS 5000 /* while no message changes */
#define AGAIN_MS 1000    /* a request may be lost */
#define LOOK_MS 20

struct change {
	struct queue_tool *q;
	enum queue_goal goal;
	int runner; /* socket; -1: there is none, we have its lock */
	struct queue_item *items;
	size_t n;
	int code;
};

static const struct {
	const char *verb; /* what the runner calls it; NULL: the id alone */
	const char *done;
} goals[] = {
    [QUEUE_HELD] = {"hold", "held"},
    [QUEUE_FREE] = {"release", "released"},
    [QUEUE_TRIED] = {NULL, "will be tried now"},
    [QUEUE_GONE] = {"drop", "dropped"},
};

static void
report(
    struct change *c, const struct queue_item *item, const char *text, int code)
{
	struct buf *b = &c->q->out;

	if (code != 0)
		c->code = code;
	if (c->q->json) {
		json_begin(b, '{');
		json_key_str(b, "id", str_z(item->id));
		json_key(b, STR("done"));
		json_bool(b, code == 0);
		json_key_str(b, "text", str_z(text));
		json_end(b, '}');
		show_json(b);
	} else if (code == 0) {
		printf("%s: %s\n", item->id, text);
	} else {
		refuse("%s: %s", item->id, text);
	}
}

/* ------------------------------------------------------ without a runner */

/* Copy it out of its slot, if it lies in one. */
static int
leave_slot(struct change *c, struct queue_item *item)
{
	char from[WALK_PATH];
	struct entry e;
	int r;

	if (!slot_is_path(item->path))
		return 0;
	r = queue_open(c->q, item, &e);
	if (r <= 0)
		return r < 0 ? -1 : fail_text(ENOENT, "it is damaged");
	r = entry_leave_slot(&e, c->q->queue, from);
	entry_close(&e);
	return r;
}

static int
move(struct change *c, struct queue_item *item)
{
	int queue = c->q->queue;
	char to[WALK_PATH];

	if (slot_is_path(item->path)) {
		/* The copy is durable. */
		if (slot_free(queue, item->path) < 0)
			return -1;
		walk_path(item->path, str_z(item->id));
	}
	walk_path(to, str_z(item->id));
	if (c->goal == QUEUE_HELD)
		snprintf(to, sizeof(to), "hold/%s", item->id);
	if (faccessat(queue, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return fail("move to queue/", to);
	}
	if (renameat(queue, item->path, queue, to) < 0)
		return fail("move queue/", item->path);
	return 0;
}

/* When it was last tried is the file's time. */
static int
make_due(struct change *c, struct queue_item *item)
{
	const struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 0}};

	if (utimensat(c->q->queue, item->path, t, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("touch queue/", item->path);
	return 0;
}

static int
drop(struct change *c, struct queue_item *item)
{
	return entry_remove(c->q->queue, item->path);
}

/* What is held goes without the runner; have_changed() looks whether it was
 * not released just before. */
static int
drop_held(struct change *c, struct queue_item *item)
{
	return queue_is_held(item) ? drop(c, item) : 0;
}

enum step { STEP_LEAVE, STEP_MOVE, STEP_DUE, STEP_DROP, STEP_DROP_HELD };

static int (*const steps[])(struct change *c, struct queue_item *item) = {
    [STEP_LEAVE] = leave_slot,
    [STEP_MOVE] = move,
    [STEP_DUE] = make_due,
    [STEP_DROP] = drop,
    [STEP_DROP_HELD] = drop_held,
};

/* Of each message a step is done, then one syncfs(2) makes the steps durable:
 * those of many cost no more than those of one.  What fails is reported and
 * left out. */
static void
step(struct change *c, enum step what)
{
	size_t left = 0;

	for (size_t i = 0; i < c->n; i++)
		if (steps[what](c, &c->items[i]) < 0)
			report(c, &c->items[i], fail_last(), EXIT_TEMP);
		else
			c->items[left++] = c->items[i];
	c->n = left;
	if (syncfs(c->q->queue) == 0)
		return;
	for (size_t i = 0; i < c->n; i++)
		report(c, &c->items[i], "syncing the disk failed", EXIT_TEMP);
	c->n = 0;
}

/* What a runner that died left in its slot and as a file is the file, when that
 * is whole, as for the next runner. */
static int
part_twin(struct queue_tool *q, int slot, const char *id)
{
	char file[WALK_PATH], path[WALK_PATH];
	struct entry e;
	int r;

	walk_path(file, str_z(id));
	slot_path(path, slot);
	arena_reset(&q->arena);
	r = entry_open(&e, q->queue, file, &q->arena);
	if (r < 0)
		return errno == ENOENT ? 0 : -1;
	if (r == 1)
		r = entry_check(&e);
	entry_close(&e);
	if (r < 0)
		return -1;
	return r == 1 ? slot_free(q->queue, path)
	              : entry_remove(q->queue, file);
}

/* While we have the lock nobody else moves messages; until then they may have
 * moved, and others may have come into their slots. */
static int
look_again(struct change *c)
{
	size_t left = 0;
	char id[ID_SIZE];
	int found;

	for (int i = 0; queue_look(c->q, i, id, &found); i++)
		if (found == 1 && part_twin(c->q, i, id) < 0)
			return -1;
	for (size_t i = 0; i < c->n; i++)
		if (queue_find(c->q, &c->items[i]))
			c->items[left++] = c->items[i];
		else
			report(c, &c->items[i], "has left the queue meanwhile",
			    EXIT_PERM);
	c->n = left;
	return 0;
}

static void
change_all(struct change *c)
{
	if (c->goal == QUEUE_HELD)
		step(c, STEP_LEAVE);
	step(c, c->goal == QUEUE_TRIED  ? STEP_DUE
		: c->goal == QUEUE_GONE ? STEP_DROP
					: STEP_MOVE);
	for (size_t i = 0; i < c->n; i++)
		report(c, &c->items[i],
		    c->goal == QUEUE_TRIED ? "will be tried when a runner runs"
					   : goals[c->goal].done,
		    0);
}

/* --------------------------------------------------------- with a runner */

/* Returns whether it was sent. */
static bool
ask(const struct change *c, const struct queue_item *item)
{
	const char *verb = goals[c->goal].verb;
	char text[64];
	int n;

	if (verb)
		n = snprintf(text, sizeof(text), "%s %s", verb, item->id);
	else
		n = snprintf(text, sizeof(text), "%s%s", item->id,
		    slot_is_path(item->path) ? item->path + 4 : "");
	return send(c->runner, text, (size_t)n, MSG_NOSIGNAL) == n;
}

/* Whether nothing more is to be done for it; then that is said. */
static bool
settled(struct change *c, struct queue_item *item)
{
	bool there = queue_find(c->q, item);
	bool held = there && queue_is_held(item);

	if (c->goal == QUEUE_HELD   ? held
	    : c->goal == QUEUE_FREE ? !held
				    : c->goal == QUEUE_GONE && !there) {
		report(c, item, goals[c->goal].done, 0);
		return true;
	}
	if (!there)
		report(c, item, "has left the queue meanwhile", EXIT_PERM);
	return !there;
}

/* Ask for all that is left. */
static void
ask_all(struct change *c)
{
	size_t left = 0;

	for (size_t i = 0; i < c->n; i++)
		if (ask(c, &c->items[i]) && c->goal == QUEUE_TRIED)
			report(c, &c->items[i], goals[c->goal].done, 0);
		else
			c->items[left++] = c->items[i];
	c->n = left;
}

/* Returns whether something has changed. */
static bool
look(struct change *c)
{
	size_t left = 0, before = c->n;

	for (size_t i = 0; i < c->n; i++)
		if (!settled(c, &c->items[i]))
			c->items[left++] = c->items[i];
	c->n = left;
	return left < before;
}

static void
have_changed(struct change *c)
{
	int64_t now = now_ms(), patience = now + PATIENCE_MS, again = now;

	for (; c->n > 0 && now < patience; now = now_ms()) {
		if (now >= again) {
			ask_all(c);
			again = now_ms() + AGAIN_MS;
		}
		if (look(c))
			patience = now_ms() + PATIENCE_MS;
		else
			poll(NULL, 0, LOOK_MS);
	}
	for (size_t i = 0; i < c->n; i++)
		report(c, &c->items[i],
		    "the queue runner was asked, but is at work with it or "
		    "does not listen",
		    EXIT_TEMP);
}

/* -------------------------------------------------------------- choosing */

static bool
is_candidate(const struct change *c, const struct queue_item *item)
{
	return c->goal == QUEUE_GONE ||
	       queue_is_held(item) == (c->goal == QUEUE_FREE);
}

/* The messages named. */
static void
choose_ids(struct change *c)
{
	struct queue_tool *q = c->q;
	size_t n = 0;

	while (q->ids[n])
		n++;
	c->items = calloc(n + 1, sizeof(*c->items));
	if (!c->items)
		oom();
	for (size_t i = 0; i < n; i++) {
		struct queue_item *item = &c->items[c->n];

		*item->path = '\0';
		snprintf(item->id, sizeof(item->id), "%s", q->ids[i]);
		if (!queue_find(q, item))
			report(c, item, "is not in the queue", EXIT_PERM);
		else if (is_candidate(c, item))
			c->n++;
		else
			report(c, item,
			    queue_is_held(item) ? "is held" : "is not held",
			    c->goal == QUEUE_TRIED ? EXIT_PERM : 0);
	}
}

/* Those that pass the filter; all that were found stand in q->items. */
static int
choose_filtered(struct change *c)
{
	struct queue_tool *q = c->q;
	struct entry e;

	c->items = q->items;
	for (size_t i = 0; i < q->n; i++) {
		struct queue_item item = q->items[i];
		int r = is_candidate(c, &item) ? queue_open(q, &item, &e) : 0;

		if (r < 0)
			return failed(item.path);
		if (r == 0)
			continue;
		if (queue_passes(&q->filter, &item, &e.e))
			c->items[c->n++] = item;
		entry_close(&e);
	}
	return 0;
}

/* ------------------------------------------------------------ the runner */

/* Take the runner's lock.  Returns 1; 0 a runner has it; -1 failed. */
static int
take_lock(const struct queue_tool *q)
{
	struct stat st;
	int fd = openat(q->queue, "lock", O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		fd = openat(
		    q->queue, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		/* For a runner that is another user than we. */
		if (fd >= 0 && fstat(q->queue, &st) == 0 &&
		    fchown(fd, st.st_uid, st.st_gid) < 0)
			errno = 0;
	}
	if (fd < 0)
		return fail("open queue/", "lock");
	return lock_take(fd, true, now_ms());
}

static int
call_runner(const struct queue_tool *q)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail("socket", NULL);
	snprintf(
	    a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/nudge", q->queue);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		close(fd);
		return fail("speak with the queue runner at queue/", "nudge");
	}
	return fd;
}

int
queue_change(struct queue_tool *q, enum queue_goal goal)
{
	struct change c = {.q = q, .goal = goal, .runner = -1};
	int r = 0;

	if (*q->ids)
		choose_ids(&c);
	else
		r = choose_filtered(&c);
	if (r != 0 || c.n == 0)
		return r ? r : c.code;
	r = take_lock(q);
	if (r < 0)
		return failed("reach the queue");
	if (r == 1 && look_again(&c) < 0)
		return failed("look at the queue");
	if (r == 1) {
		change_all(&c);
		return c.code;
	}
	if (goal == QUEUE_GONE)
		step(&c, STEP_DROP_HELD);
	c.runner = call_runner(q);
	if (c.runner < 0)
		return failed("reach the queue");
	have_changed(&c);
	return c.code;
}
