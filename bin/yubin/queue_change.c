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

/* Out of its slot and into a file, durably. */
static int
leave_slot(struct queue_tool *q, struct queue_item *item)
{
	char from[WALK_PATH];
	struct entry e;
	int r;

	if (!slot_is_path(item->path))
		return 0;
	if (queue_open(q, item, &e) <= 0)
		return -1;
	r = entry_leave_slot(&e, q->queue, from);
	if (r == 0)
		r = entry_sync(&e);
	if (r == 0)
		r = entry_sync_dir(q->queue, e.path);
	if (r == 0)
		r = slot_free(q->queue, from);
	memcpy(item->path, e.path, sizeof(item->path));
	entry_close(&e);
	return r;
}

static int
move(struct queue_tool *q, struct queue_item *item, bool held)
{
	char to[WALK_PATH];

	if (leave_slot(q, item) < 0)
		return -1;
	if (held)
		snprintf(to, sizeof(to), "hold/%s", item->id);
	else
		walk_path(to, str_z(item->id));
	return entry_move(q->queue, item->path, to);
}

/* When it was last tried is the file's time. */
static int
make_due(const struct queue_tool *q, const struct queue_item *item)
{
	const struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 0}};

	if (utimensat(q->queue, item->path, t, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("touch queue/", item->path);
	return 0;
}

static int
drop(const struct queue_tool *q, const struct queue_item *item)
{
	int fd = openat(q->queue, item->path, O_WRONLY | O_CLOEXEC);
	int r = entry_remove(q->queue, item->path);

	/* That a slot is free stands in itself; other names in their
	 * directory. */
	if (r == 0)
		r = entry_sync_dir(q->queue, item->path);
	if (r == 0 && fd >= 0 && fdatasync(fd) < 0)
		r = fail("fdatasync queue/", item->path);
	if (fd >= 0)
		close(fd);
	return r;
}

static void
change_one(struct change *c, struct queue_item *item)
{
	int r;

	if (c->goal == QUEUE_TRIED)
		r = make_due(c->q, item);
	else if (c->goal == QUEUE_GONE)
		r = drop(c->q, item);
	else
		r = move(c->q, item, c->goal == QUEUE_HELD);
	if (r < 0)
		report(c, item, fail_last(), EXIT_TEMP);
	else if (c->goal == QUEUE_TRIED)
		report(c, item, "will be tried when a runner runs", 0);
	else
		report(c, item, goals[c->goal].done, 0);
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

/* What is held goes without the runner. */
static void
drop_held(struct change *c)
{
	size_t left = 0;

	for (size_t i = 0; i < c->n; i++)
		if (queue_is_held(&c->items[i]))
			change_one(c, &c->items[i]);
		else
			c->items[left++] = c->items[i];
	c->n = left;
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
	if (r == 1) {
		for (size_t i = 0; i < c.n; i++)
			change_one(&c, &c.items[i]);
		return c.code;
	}
	if (goal == QUEUE_GONE)
		drop_held(&c);
	c.runner = call_runner(q);
	if (c.runner < 0)
		return failed("reach the queue");
	have_changed(&c);
	return c.code;
}
