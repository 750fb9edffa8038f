/* SPDX-License-Identifier: ISC */
/* What must be durable before something may go.  A child of ours does nothing
 * but syncfs(2) on the queue's file system when it is asked to, so that the
 * runner never waits for a disk; all marks made meanwhile share the next one.
 *
 * A slot whose message is done, or was copied to a file, is given back when
 * marks or copy are durable.  A file that is done is unlinked at once: should
 * it come back, its recipients are found to have it (README of lib/queue). */
#define _GNU_SOURCE
#include "runner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "serve/sandbox.h"

#define SOON_MS 20   /* from a mark to the sync that makes it durable */
#define LAZY_MS 1000 /* from an unlinked file to the sync */
#define TROUBLE_MS 1000

/* --------------------------------------------------------------- syncer */

_Noreturn static void
syncer(int fd, int queue)
{
	char c;

	/* We end when the runner does. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sandbox_enter("syncer", NULL, 0);
	while (recv(fd, &c, 1, 0) == 1) {
		c = syncfs(queue) == 0 ? 'y' : 'n';
		if (send(fd, &c, 1, MSG_NOSIGNAL) != 1)
			break;
	}
	_exit(0);
}

/* Without a child the runner syncs by itself. */
void
leave_init(struct runner *r)
{
	int s[2];
	pid_t pid;

	r->syncer = -1;
	r->sync_at_ms = NOW_NEVER;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		close(s[0]);
		syncer(s[1], r->queue);
	}
	close(s[1]);
	if (pid < 0)
		close(s[0]);
	else
		r->syncer = s[0];
}

static void
want(struct runner *r, int64_t after_ms)
{
	int64_t at = now_ms() + after_ms;

	if (at < r->sync_at_ms)
		r->sync_at_ms = at;
}

void
leave_dirty(struct runner *r)
{
	r->dirty = true;
	want(r, SOON_MS);
}

/* -------------------------------------------------------------- leaving */

/* fd: of the slot, which is ours then; or -1. */
static void
add(struct runner *r, struct message *m, int slot, int fd)
{
	struct leaving *l = calloc(1, sizeof(*l));

	if (!l)
		oom();
	l->m = m;
	l->slot = slot;
	l->fd = fd;
	l->next = r->leaving;
	r->leaving = l;
	want(r, SOON_MS);
}

/* The slot's descriptor, unless many are kept. */
static int
keep(struct runner *r, struct entry *e)
{
	int fd = e->fd;

	if (r->nkept >= r->max_kept)
		return -1;
	r->nkept++;
	e->fd = -1;
	return fd;
}

void
leave_done(struct runner *r, struct work *w)
{
	struct message *m = w->m;

	log_event("done", "id", m->id, "age",
	    log_num((unsigned long long)(now_wall_s() - w->entry.e.received_s)),
	    NULL);
	if (m->slot >= 0) {
		int fd = keep(r, &w->entry);

		work_free(r, w);
		m->place = PLACE_LEAVING;
		add(r, m, m->slot, fd);
		return;
	}
	if (entry_remove(r->queue, w->entry.path) < 0) {
		log_event("trouble", "id", m->id, "err", fail_last(), NULL);
		work_free(r, w);
		schedule_wait(r, m, TROUBLE_MS * 60);
		return;
	}
	want(r, LAZY_MS);
	work_free(r, w);
	schedule_forget(r, m);
}

int
leave_slot(struct runner *r, struct work *w)
{
	char from[WALK_PATH];
	struct message *m = w->m;

	if (m->slot < 0)
		return 0;
	if (entry_leave_slot(&w->entry, r->queue, from) < 0)
		return -1;
	add(r, NULL, m->slot, -1);
	m->slot = -1;
	return 0;
}

/* -------------------------------------------------------------- syncing */

static int
free_slot(struct runner *r, struct leaving *l, const char *path)
{
	int ok;

	if (l->fd < 0)
		return slot_free(r->queue, path);
	ok = slot_free_at(l->fd);
	close(l->fd);
	r->nkept--;
	return ok;
}

static void
give_back(struct runner *r, struct leaving *l)
{
	char path[WALK_PATH];

	slot_path(path, l->slot);
	if (free_slot(r, l, path) < 0)
		log_event("trouble", "slot", path, "err", fail_last(), NULL);
	else
		r->taken[l->slot] = 0;
	if (l->m)
		schedule_forget(r, l->m);
	free(l);
}

static void
synced(struct runner *r, bool ok)
{
	struct leaving *l = r->synced, *next;

	r->synced = NULL;
	r->syncing = false;
	if (!ok) {
		log_event(
		    "trouble", "err", "syncing the queue has failed", NULL);
		r->failed = true;
		if (!r->once && !r->stopping)
			want(r, TROUBLE_MS);
	}
	for (; l; l = next) {
		next = l->next;
		if (ok) {
			give_back(r, l);
		} else if (!l->m) {
			/* A later sync would not write the copy: the slot
			 * keeps the message until the next start. */
			free(l);
		} else {
			l->next = r->leaving;
			r->leaving = l;
		}
	}
}

static void
start(struct runner *r)
{
	r->synced = r->leaving;
	r->leaving = NULL;
	r->dirty = false;
	r->sync_at_ms = NOW_NEVER;
	r->syncing = true;
	if (r->syncer >= 0 && send(r->syncer, "s", 1, MSG_NOSIGNAL) == 1)
		return;
	synced(r, syncfs(r->queue) == 0);
}

void
leave_poll(struct runner *r)
{
	char c;
	ssize_t n;

	if (r->syncing) {
		n = recv(r->syncer, &c, 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n != 1) {
			close(r->syncer);
			r->syncer = -1;
		}
		synced(r, n == 1 && c == 'y');
	}
	if (r->sync_at_ms <= now_ms() ||
	    ((r->once || r->stopping) && r->sync_at_ms != NOW_NEVER &&
		!r->ring))
		start(r);
}

bool
leave_idle(const struct runner *r)
{
	return !r->syncing && r->sync_at_ms == NOW_NEVER;
}

void
leave_end(struct runner *r)
{
	if (r->syncer >= 0)
		close(r->syncer);
	r->syncer = -1;
}
