/* SPDX-License-Identifier: ISC */
/* Clients and readers are processes.  A reader says in the ledger that it
 * removes a message before it does; when a message has several recipients, no
 * copy is expected any more from then on. */
#define _GNU_SOURCE
#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "io/file.h"
#include "io/spawn.h"
#include "io/wait.h"
#include "pending.h"
#include "smtp.h"

#define WAITING 64  /* messages queued before clients pause */
#define UNREAD 4000 /* messages stored before clients pause */
#define SESSION 20  /* most messages of one connection */
#define PAUSE_MS 3
#define TICK_MS 50

struct load_shared {
	_Atomic bool stop;
	_Atomic uint32_t queued; /* as the reader last counted */
	_Atomic uint32_t stored;
	_Atomic uint32_t acked; /* when it did */
};

/* ------------------------------------------------------------- the root */

static void
add_user(const char *bin, const char *user)
{
	char program[RIG_PATH], address[64];
	const char *argv[] = {program, "user", "add", address, NULL};
	int fds[2];
	pid_t pid;

	rig_path(program, bin, "/yubin", "");
	snprintf(address, sizeof(address), "%s@" LEDGER_DOMAIN, user);
	if (pipe2(fds, O_CLOEXEC) < 0 || write(fds[1], "secret\n", 7) != 7)
		broken("pipe");
	close(fds[1]);
	pid = rig_start(argv, fds[0], -1, NULL);
	close(fds[0]);
	rig_wait(pid, "yubin user add");
}

void
load_init(const char *bin, const char *root)
{
	char program[RIG_PATH];
	const char *init[] = {program, "init", NULL};
	const char *domain[] = {program, "domain", "add", LEDGER_DOMAIN, NULL};

	rig_path(program, bin, "/yubin", "");
	if (setenv("YUBIN_ROOT", root, 1) < 0)
		broken("setenv");
	rig_run(init, NULL);
	rig_run(domain, NULL);
	for (unsigned u = 0; u < LEDGER_USERS; u++)
		add_user(bin, ledger_user(u));
}

/* ----------------------------------------------------------- the runner */

void
load_settle(const struct load *l)
{
	int64_t deadline = now_plus_s(RIG_WAIT_S);

	while (pending_count(l->root) > 0) {
		if (now_left(deadline) == 0)
			broken_text("live queue", "is not worked off");
		poll(NULL, 0, TICK_MS);
	}
}

void
load_runner_start(struct load *l)
{
	char program[RIG_PATH], log[RIG_PATH];
	const char *argv[] = {program, "-d", "1", NULL};
	int fds[2];
	char c;

	rig_path(program, l->bin, "/yubin-queue-runner", "");
	rig_path(log, rig_work, "/runner.log", "");
	if (pipe2(fds, O_CLOEXEC) < 0)
		broken("pipe");
	l->runner = rig_start(argv, -1, fds[1], log);
	close(fds[1]);
	if (wait_readable(fds[0], now_plus_s(RIG_WAIT_S)) != 1 ||
	    read(fds[0], &c, 1) != 1)
		broken("start of queue-runner");
	close(fds[0]);
}

void
load_runner_stop(struct load *l)
{
	kill(l->runner, SIGTERM);
	rig_wait(l->runner, "queue-runner");
}

/* ----------------------------------------------------------- the readers */

/* Whether the file may go now, and which token it has. */
static bool
removable(struct load *l, struct str message, bool all)
{
	struct ledger *g = l->device->ledger;
	uint32_t t;

	if (ledger_check(message, "\n", &t) != 1)
		broken_text("live Maildir", "a torn message");
	if (t >= g->cut_next || g->cut_state[t] == LEDGER_OPEN) {
		if (!all)
			return false;
	}
	if (g->state[t] == LEDGER_OPEN)
		return false; /* the client has not read the 250 yet */
	g->state[t] = LEDGER_REMOVED;
	return true;
}

static uint32_t
read_box(struct load *l, const char *dir, bool all)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	uint32_t left = 0;
	struct buf b;

	if (!d)
		broken(dir);
	buf_init(&b, 2 * (size_t)LEDGER_TEXT);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		buf_reset(&b);
		if (file_read(dirfd(d), e->d_name, &b) < 0)
			broken(dir);
		if (!removable(l, buf_slice(&b), all))
			left++;
		else if (unlinkat(dirfd(d), e->d_name, 0) < 0)
			broken(dir);
	}
	buf_free(&b);
	closedir(d);
	return left;
}

static void
box_path(
    const struct load *l, unsigned user, const char *sub, char to[RIG_PATH])
{
	char box[RIG_PATH];

	rig_path(box, l->root, "/mail/" LEDGER_DOMAIN "/", ledger_user(user));
	rig_path(to, box, sub, "");
}

static uint32_t
read_boxes(struct load *l, bool all)
{
	uint32_t left = 0;

	for (unsigned u = 0; u < LEDGER_USERS; u++) {
		char dir[RIG_PATH];

		box_path(l, u, "/new", dir);
		left += read_box(l, dir, all);
		box_path(l, u, "/cur", dir);
		left += read_box(l, dir, all);
	}
	return left;
}

/* As a mail program does that has seen some of the new messages. */
static void
see_some(const struct load *l, unsigned user, uint64_t *seed)
{
	char new[RIG_PATH], from[RIG_PATH], to[RIG_PATH];
	struct dirent *e;
	DIR *d;

	box_path(l, user, "/new", new);
	d = opendir(new);
	if (!d)
		broken(new);
	while ((e = readdir(d))) {
		char seen[RIG_PATH];

		if (e->d_name[0] == '.' || rig_random(seed) % 4 != 0)
			continue;
		rig_path(seen, "/cur/", e->d_name, ":2,S");
		box_path(l, user, seen, to);
		rig_path(from, new, "/", e->d_name);
		if (rename(from, to) < 0)
			broken(from);
	}
	closedir(d);
}

_Noreturn static void
reader(struct load *l)
{
	struct load_shared *s = l->shared;
	struct ledger *g = l->device->ledger;
	uint32_t cuts = g->cuts, removed = g->acked;
	uint64_t seed = (uint64_t)now_wall_us();

	while (!s->stop) {
		for (unsigned u = 0; u < LEDGER_USERS; u++)
			see_some(l, u, &seed);
		s->acked = g->acked;
		s->queued = pending_count(l->root);
		if (g->cuts != cuts) {
			cuts = g->cuts;
			removed = g->acked - read_boxes(l, false);
		}
		s->stored = g->acked > removed ? g->acked - removed : 0;
		poll(NULL, 0, TICK_MS);
	}
	_exit(0);
}

void
load_drain(struct load *l)
{
	read_boxes(l, true);
}

/* ----------------------------------------------------------- the clients */

static bool
too_fast(const struct load *l)
{
	const struct load_shared *s = l->shared;

	return s->queued + (l->device->ledger->acked - s->acked) > WAITING ||
	       s->stored > UNREAD;
}

_Noreturn static void
writer(struct load *l, uint64_t seed)
{
	static struct smtp smtp;
	struct ledger *g = l->device->ledger;

	while (!l->shared->stop) {
		int n = 1 + (int)(rig_random(&seed) % SESSION);

		smtp_open(&smtp, l->bin);
		for (int i = 0; i < n && !l->shared->stop; i++) {
			while (too_fast(l) && !l->shared->stop)
				poll(NULL, 0, PAUSE_MS);
			if (!smtp_submit(&smtp, l->device, ledger_token(g)))
				broken_text("smtpd", "message refused");
		}
		smtp_close(&smtp);
	}
	_exit(0);
}

static pid_t
forked(void)
{
	pid_t pid = fork();

	if (pid < 0)
		broken("fork");
	return pid;
}

void
load_start(struct load *l, int n)
{
	uint64_t seed = (uint64_t)now_wall_us();

	l->shared = rig_shared(sizeof(*l->shared));
	l->nwriters = n;
	l->reader = forked();
	if (l->reader == 0)
		reader(l);
	for (int i = 0; i < n; i++) {
		l->writers[i] = forked();
		if (l->writers[i] == 0)
			writer(l, seed + (uint64_t)i);
	}
}

void
load_stop(struct load *l)
{
	l->shared->stop = true;
	for (int i = 0; i < l->nwriters; i++)
		rig_wait(l->writers[i], "a client");
	rig_wait(l->reader, "the reader");
	rig_unshare(l->shared, sizeof(*l->shared));
}
