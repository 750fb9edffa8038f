/* SPDX-License-Identifier: ISC */
/* The check is a table of copies by token and user, filled from the Maildirs
 * and the queue, and compared with the ledger. */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/now.h"
#include "io/file.h"
#include "pending.h"

#define TOLD 5 /* messages named in a report */
#define LOG_TOLD 4096

struct check {
	const struct ledger *l;
	const char *root;
	const char *what;
	bool quiet;
	int told;
	uint32_t tokens;
	unsigned char *copies; /* [token * LEDGER_USERS + user], in Maildirs */
	unsigned char *queued; /* [token]: bits of users */
	struct findings f;
};

static void
tell(struct check *c, const char *wrong, const char *name)
{
	if (!c->quiet && c->told++ < TOLD)
		fprintf(stderr, "powercut: %s: %s: %s\n", c->what, wrong, name);
}

/* ----------------------------------------------------------- collecting */

static void
look_at(struct check *c, unsigned user, int dir, const char *name)
{
	struct buf b;
	uint32_t t;

	buf_init(&b, 2 * (size_t)LEDGER_TEXT);
	if (file_read(dir, name, &b) < 0)
		broken(name);
	if (ledger_check(buf_slice(&b), "\n", &t) != 1 || t >= c->tokens) {
		c->f.torn++;
		tell(c, "torn in a Maildir", name);
	} else if (c->copies[t * LEDGER_USERS + user]++ > 0) {
		c->f.twice++;
	}
	buf_free(&b);
}

/* Leave out what every folder has. */
static DIR *
open_dir(const struct check *c, const char *a, const char *b)
{
	char below[RIG_PATH], path[RIG_PATH];
	DIR *d;

	rig_path(below, "/", a, b);
	rig_path(path, c->root, below, "");
	d = opendir(path);
	if (!d)
		broken(path);
	return d;
}

static struct dirent *
next(DIR *d)
{
	struct dirent *e;

	do
		e = readdir(d);
	while (e && e->d_name[0] == '.');
	return e;
}

static void
collect_box(struct check *c, unsigned user, const char *sub)
{
	char box[RIG_PATH];
	struct dirent *e;
	DIR *d;

	rig_path(box, "mail/" LEDGER_DOMAIN "/", ledger_user(user), sub);
	d = open_dir(c, box, "");
	while ((e = next(d)))
		look_at(c, user, dirfd(d), e->d_name);
	closedir(d);
}

static void
collect_queue(struct check *c)
{
	struct pending *list;
	struct arena a;
	size_t n;

	arena_init(&a, SIZE_MAX);
	n = pending_list(c->root, &a, &list);
	for (size_t i = 0; i < n; i++) {
		if (!list[i].whole || list[i].token >= c->tokens) {
			c->f.torn++;
			tell(c, "torn in the queue", list[i].path);
			continue;
		}
		c->queued[list[i].token] |= (unsigned char)list[i].users;
		c->f.queued++;
	}
	arena_free(&a);
}

static void
collect_tmp(struct check *c, const char *a, const char *b, const char *sub)
{
	char dir[RIG_PATH];
	struct dirent *e;
	struct stat st;
	DIR *d;

	rig_path(dir, a, b, sub);
	d = open_dir(c, dir, "");
	while ((e = next(d))) {
		if (fstatat(dirfd(d), e->d_name, &st, 0) < 0)
			broken(e->d_name);
		if (st.st_mtime >= now_wall_s() - LEFT_S) {
			c->f.left++;
			continue;
		}
		c->f.stale++;
		tell(c, "old and left over", e->d_name);
	}
	closedir(d);
}

static void
collect(struct check *c)
{
	struct dirent *e;
	DIR *d;

	for (unsigned u = 0; u < LEDGER_USERS; u++) {
		collect_box(c, u, "/new");
		collect_box(c, u, "/cur");
		collect_tmp(
		    c, "mail/" LEDGER_DOMAIN "/", ledger_user(u), "/tmp");
	}
	collect_queue(c);
	collect_tmp(c, "queue/tmp", "", "");
	d = open_dir(c, "queue/bad", "");
	while ((e = next(d)))
		c->f.bad++;
	closedir(d);
}

/* ------------------------------------------------------------ comparing */

static void
compare(struct check *c, uint32_t t)
{
	unsigned missing = ledger_users(t) & ~(unsigned)c->queued[t];
	char name[16];

	c->f.expected++;
	for (unsigned u = 0; u < LEDGER_USERS; u++)
		if (c->copies[t * LEDGER_USERS + u] > 0)
			missing &= ~(1U << u);
	if (!missing)
		return;
	c->f.lost++;
	snprintf(name, sizeof(name), "%08x", t);
	tell(c, "LOST", name);
}

static void
check_root(struct check *c)
{
	c->tokens = c->l->next;
	c->copies = calloc(c->tokens + (size_t)1, LEDGER_USERS);
	c->queued = calloc(c->tokens + (size_t)1, 1);
	if (!c->copies || !c->queued)
		oom();
	collect(c);
	for (uint32_t t = 0; t < c->l->cut_next; t++)
		if (c->l->cut_state[t] == LEDGER_ACKED)
			compare(c, t);
	free(c->copies);
	free(c->queued);
}

void
check_add(struct findings *sum, const struct findings *f)
{
	sum->images += f->images;
	sum->expected += f->expected;
	sum->lost += f->lost;
	sum->torn += f->torn;
	sum->twice += f->twice;
	sum->queued += f->queued;
	sum->bad += f->bad;
	sum->left += f->left;
	sum->stale += f->stale;
}

bool
check_failed(const struct findings *f)
{
	return f->lost || f->torn || f->twice || f->stale;
}

/* ------------------------------------------------------------- an image */

static void
recover(const char *bin, const char *root, const char *log)
{
	char program[RIG_PATH], setting[RIG_PATH];
	const char *argv[] = {
	    "/usr/bin/env", setting, program, "--once", "--all", NULL};

	rig_path(program, bin, "/yubin-queue-runner", "");
	rig_path(setting, "YUBIN_ROOT=", root, "");
	if (unlink(log) < 0 && errno != ENOENT)
		broken(log);
	rig_run(argv, log);
}

/* The end of what the recovery said. */
static void
tell_log(const char *log)
{
	static char text[LOG_TOLD + 1];
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n = 0;

	if (end > 0)
		n = pread(
		    fd, text, LOG_TOLD, end > LOG_TOLD ? end - LOG_TOLD : 0);
	if (n > 0)
		fprintf(stderr, "%.*s", (int)n, text);
	if (fd >= 0)
		close(fd);
}

void
check_image(const struct volume_type *t, const char *file, const char *bin,
    const struct ledger *l, const char *what, bool quiet, struct findings *sum)
{
	char dir[RIG_PATH], root[RIG_PATH], log[RIG_PATH];
	struct check c = {.l = l, .root = root, .what = what, .quiet = quiet};

	rig_path(dir, rig_work, "/cut", "");
	rig_path(root, dir, "/root", "");
	rig_path(log, rig_work, "/recovery.log", "");
	if (volume_mount(t, file, dir, true) < 0)
		broken(what);
	recover(bin, root, log);
	c.f.images = 1;
	check_root(&c);
	if (!quiet && check_failed(&c.f))
		tell_log(log);
	check_add(sum, &c.f);
	volume_unmount(dir);
	if (unlink(file) < 0)
		broken(file);
}

void
check_live(const char *root, struct ledger *l, struct findings *sum)
{
	struct check c = {.l = l, .root = root, .what = "live"};

	ledger_cut(l);
	check_root(&c);
	check_add(sum, &c.f);
}
