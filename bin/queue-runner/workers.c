/* SPDX-License-Identifier: ISC */
/* The delivery programs, run as workers (queue/job.h): a few for all local
 * deliveries, and one a connection to another server.  A remote one stays for
 * a moment when it is done: the next message for the same destination goes
 * over the same connection. */
#define _GNU_SOURCE
#include "runner.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "io/file.h"

#define IDLE_MS 3000 /* of a remote worker */
#define LOCAL_IDLE_MS 600000
#define SYNC_MS 500    /* from a delivery to the sync that confirms it */
#define SYNC_TASKS 250 /* deliveries confirmed together, about */
#define ROUNDS 64      /* packets read of one worker at a time */
#define SEND_BUFFER (1024 * 1024)

size_t
workers_most(const struct runner *r)
{
	return 2 * ((size_t)r->max_workers + (size_t)r->max_remote);
}

void
workers_init(struct runner *r)
{
	/* Twice: those of a replaced program still have something to do. */
	r->workers = calloc(workers_most(r), sizeof(struct worker *));
	if (!r->workers)
		oom();
	buf_init(&r->packet, JOB_PACKET);
}

/* ------------------------------------------------------------- starting */

static const char *
program_of(const struct runner *r, const struct dest *d)
{
	return d ? r->deliver_remote : r->deliver_local;
}

static uint64_t
file_version(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	return (uint64_t)st.st_ino * 31 + (uint64_t)st.st_size +
	       (uint64_t)st.st_mtim.tv_sec * 1000000007 +
	       (uint64_t)st.st_mtim.tv_nsec;
}

/* Differs once the program for d was replaced: nothing has to be restarted
 * then.  Those that deliver to other servers may reach what these files name
 * when they start, and nothing else, so a change of one of them is the same.
 * 0 when there is no program now. */
static uint64_t
version_of(const struct runner *r, const struct dest *d)
{
	static const char *const files[] = {"/etc/resolv.conf", "/etc/hosts"};
	uint64_t v = file_version(program_of(r, d));
	char path[PATH_MAX];

	if (!d || v == 0)
		return v;
	if (file_join(path, sizeof(path), r->root, "routes") == 0)
		v = v * 31 + file_version(path);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		v = v * 31 + file_version(files[i]);
	return v;
}

static bool
replaced(const struct worker *k, uint64_t version)
{
	return version != 0 && k->version != version;
}

static struct worker *
start(struct runner *r, struct dest *d)
{
	int size = SEND_BUFFER;
	struct worker *k;
	int s[2];

	if (r->nworkers == workers_most(r)) {
		errno = EAGAIN;
		fail("workers", NULL);
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0) {
		fail("socketpair", NULL);
		return NULL;
	}
	setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	k = calloc(1, sizeof(*k));
	if (!k)
		oom();
	k->version = version_of(r, d);
	k->pid = starter_start(r, d != NULL, s[1]);
	close(s[1]);
	if (k->pid < 0) {
		close(s[0]);
		free(k);
		return NULL;
	}
	k->fd = s[0];
	k->dest = d;
	k->answered_ms = now_ms();
	if (d)
		d->refs++;
	*(d ? &r->nremote : &r->nlocal) += 1;
	r->workers[r->nworkers++] = k;
	return k;
}

static void
stop(struct runner *r, size_t at)
{
	struct worker *k = r->workers[at];

	r->workers[at] = r->workers[--r->nworkers];
	*(k->dest ? &r->nremote : &r->nlocal) -= 1;
	close(k->fd);
	if (k->dest)
		dest_release(k->dest);
	free(k);
}

/* Looked at once in a turn: what comes together goes to the same program. */
static uint64_t
local_version(struct runner *r)
{
	if (r->local_version == 0 || r->local_turn != r->turn_no) {
		r->local_version = version_of(r, NULL);
		r->local_turn = r->turn_no;
	}
	return r->local_version;
}

/* The least busy one; another one as long as all have something to do. */
struct worker *
workers_local(struct runner *r)
{
	uint64_t version = local_version(r);
	struct worker *best = NULL, *another;
	int n = 0;

	for (size_t i = 0; i < r->nworkers; i++) {
		struct worker *k = r->workers[i];

		if (k->dest || replaced(k, version))
			continue;
		n++;
		if (!best || k->running < best->running)
			best = k;
	}
	if (best && (best->running == 0 || n == r->max_workers))
		return best;
	another = start(r, NULL);
	return another ? another : best;
}

/* Make room: end the worker that has been idle for longest. */
static void
end_idlest(struct runner *r)
{
	size_t found = r->nworkers;

	for (size_t i = 0; i < r->nworkers; i++) {
		struct worker *k = r->workers[i];

		if (k->dest && !k->tasks &&
		    (found == r->nworkers ||
			k->answered_ms < r->workers[found]->answered_ms))
			found = i;
	}
	if (found < r->nworkers)
		stop(r, found);
}

struct worker *
workers_remote(struct runner *r, struct dest *d)
{
	uint64_t version = version_of(r, d);

	for (size_t i = 0; i < r->nworkers; i++)
		if (r->workers[i]->dest == d && !r->workers[i]->tasks &&
		    !replaced(r->workers[i], version))
			return r->workers[i];
	if (r->nremote >= r->max_remote)
		end_idlest(r);
	return start(r, d);
}

/* -------------------------------------------------------------- reading */

void
workers_poll(struct runner *r, struct pollfd *p)
{
	for (size_t i = 0; i < r->nworkers; i++)
		p[i] =
		    (struct pollfd){.fd = r->workers[i]->fd, .events = POLLIN};
}

static void
take_packet(struct runner *r, struct worker *k)
{
	struct str text = buf_slice(&r->packet);
	struct job_answer a;
	struct arena arena;
	int ok;

	arena_init(&arena, JOB_ARENA);
	while ((ok = job_next(&text, &arena, &a)) != 0)
		if (ok > 0)
			task_answer(r, k, &a);
	arena_free(&arena);
}

/* Returns false when it is gone. */
static bool
read_worker(struct runner *r, struct worker *k)
{
	for (int i = 0; i < ROUNDS; i++) {
		int ok = job_read(k->fd, &r->packet);

		if (ok < 0 && errno == EAGAIN)
			return true;
		if (ok <= 0)
			return false;
		take_packet(r, k);
	}
	return true;
}

/* Its end is reaped with all children. */
static void
lost(struct runner *r, struct worker *k)
{
	for (size_t i = 0; i < r->nworkers; i++)
		if (r->workers[i] == k) {
			if (k->tasks)
				log_event("trouble", "worker",
				    log_num((unsigned long long)k->pid), "err",
				    "a delivery program has died", NULL);
			task_lost(r, k);
			stop(r, i);
			return;
		}
}

/* p has the descriptors of n workers, which others may have left since. */
void
workers_read(struct runner *r, const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct worker *k = NULL;

		for (size_t j = 0; p[i].revents && j < r->nworkers; j++)
			if (r->workers[j]->fd == p[i].fd)
				k = r->workers[j];
		if (k && !read_worker(r, k))
			lost(r, k);
	}
}

/* -------------------------------------------------------------- tending */

static bool
wants_sync(const struct runner *r, const struct worker *k)
{
	if (k->ended == 0 || k->syncing)
		return false;
	return k->ended >= SYNC_TASKS || now_ms() - k->ended_ms >= SYNC_MS ||
	       ((r->once || r->stopping) && k->running == 0);
}

static void
ask_sync(struct worker *k)
{
	if (job_send_sync(k->fd) < 0)
		return; /* its socket is full: next time */
	k->syncing = true;
	for (struct task *t = k->tasks; t; t = t->next)
		t->covered = t->ended;
}

static bool
is_stuck(const struct worker *k)
{
	int64_t limit = (int64_t)RUNNER_JOB_S * 1000;

	if (!k->tasks || now_ms() - k->answered_ms <= limit)
		return false;
	for (const struct task *t = k->tasks; t; t = t->next)
		if (now_ms() - t->started_ms > limit)
			return true;
	return false;
}

static bool
is_idle(const struct runner *r, const struct worker *k)
{
	int64_t most = k->dest ? IDLE_MS : LOCAL_IDLE_MS;

	return !k->tasks && (r->stopping || now_ms() - k->answered_ms >= most ||
				replaced(k, version_of(r, k->dest)));
}

void
workers_tend(struct runner *r)
{
	for (size_t i = 0; i < r->nworkers; i++) {
		struct worker *k = r->workers[i];

		if (wants_sync(r, k))
			ask_sync(k);
		if (is_stuck(k))
			starter_kill(r, k->pid, SIGKILL);
		/* Its place is taken by the last one: look again. */
		if (is_idle(r, k))
			stop(r, i--);
	}
}

int64_t
workers_due(const struct runner *r)
{
	int64_t at = NOW_NEVER;

	for (size_t i = 0; i < r->nworkers; i++) {
		const struct worker *k = r->workers[i];
		int64_t t = NOW_NEVER;

		if (k->ended > 0 && !k->syncing)
			t = k->ended_ms + SYNC_MS;
		else if (!k->tasks)
			t = k->answered_ms +
			    (k->dest ? IDLE_MS : LOCAL_IDLE_MS);
		if (t < at)
			at = t;
	}
	return at;
}

void
workers_kill(struct runner *r, int sig)
{
	for (size_t i = 0; i < r->nworkers; i++)
		starter_kill(r, r->workers[i]->pid, sig);
}

bool
workers_busy(const struct runner *r)
{
	for (size_t i = 0; i < r->nworkers; i++)
		if (r->workers[i]->tasks)
			return true;
	return false;
}

void
workers_end(struct runner *r)
{
	int64_t deadline = now_plus_s(RUNNER_END_S + 1);

	while (r->nworkers > 0)
		stop(r, 0);
	close(r->starter);
	while (now_ms() < deadline) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return;
		if (pid <= 0)
			poll(NULL, 0, 5);
	}
}
