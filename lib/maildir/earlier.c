/* SPDX-License-Identifier: ISC */
/* What an earlier try to deliver has left. */
#define _GNU_SOURCE
#include "maildir/earlier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/dir.h"

#define LIST_MAX ((size_t)1 << 22) /* names of one folder */
#define ARENA_MAX (LIST_MAX * 2 * NAME_SIZE)

/* Whether the entry is base, with or without sizes and flags. */
static bool
is_base(struct str entry, struct str base)
{
	return str_starts(entry, base) &&
	       (entry.n == base.n || entry.p[base.n] == ',' ||
		   entry.p[base.n] == ':');
}

static void
add(struct earlier *e, const char *part, const char *name)
{
	if (e->n < EARLIER_MAX)
		snprintf(
		    e->path[e->n++], sizeof(e->path[0]), "%s/%s", part, name);
}

static int
find_in_new(int folder, char names[][NAME_SIZE], size_t n, struct earlier *e)
{
	char path[NAME_SIZE + 4];

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "new/%s", names[i]);
		if (faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			add(e, "new", names[i]);
		else if (errno != ENOENT)
			return fail("look at ", path);
	}
	return 0;
}

/* -------------------------------------------------------- lists of cur/ */

/* The one of this folder, or the one to be used for it. */
static struct earlier_list *
choose(struct earlier_lists *l, const struct stat *st)
{
	struct earlier_list *oldest = l->v;

	for (struct earlier_list *x = l->v; x < l->v + EARLIER_LISTS; x++) {
		if (x->names && x->dev == st->st_dev && x->ino == st->st_ino)
			return x;
		if (x->used < oldest->used)
			oldest = x;
	}
	arena_free(&oldest->arena);
	oldest->names = NULL;
	oldest->dev = st->st_dev;
	oldest->ino = st->st_ino;
	return oldest;
}

/* The time is read before the names: what changes meanwhile shows. */
static int
refresh(struct earlier_list *x, int cur)
{
	if (x->names && !files_changed(cur, &x->seen))
		return 0;
	arena_free(&x->arena);
	arena_init(&x->arena, ARENA_MAX);
	x->names = NULL;
	if (files_look(cur, &x->seen) < 0 ||
	    dir_list(cur, ".", 0, LIST_MAX, &x->arena, &x->names, &x->n) < 0) {
		x->names = NULL;
		return -1;
	}
	return 0;
}

/* The first name that is not before base. */
static size_t
lower_bound(const struct earlier_list *x, const char *base)
{
	size_t from = 0, to = x->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(x->names[mid], base) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static int
find_in_cur(
    struct earlier_lists *l, int cur, const char *base, struct earlier *e)
{
	struct earlier_list *x;
	struct stat st;

	if (fstat(cur, &st) < 0)
		return fail("stat ", "cur");
	x = choose(l, &st);
	x->used = ++l->clock;
	if (refresh(x, cur) < 0)
		return -1;
	for (size_t i = lower_bound(x, base);
	     i < x->n && str_starts(str_z(x->names[i]), str_z(base)); i++)
		if (is_base(str_z(x->names[i]), str_z(base)))
			add(e, "cur", x->names[i]);
	return 0;
}

int
earlier_find(struct earlier_lists *l, int folder, const char *base,
    char names[][NAME_SIZE], size_t n, struct earlier *e)
{
	int cur, r, err;

	e->n = 0;
	if (find_in_new(folder, names, n, e) < 0)
		return -1;
	cur = openat(folder, "cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A folder to which nothing was ever delivered. */
	if (cur < 0)
		return errno == ENOENT ? (int)e->n : fail("open ", "cur");
	r = find_in_cur(l, cur, base, e);
	err = errno;
	close(cur);
	errno = err;
	return r < 0 ? -1 : (int)e->n;
}

void
earlier_forget(struct earlier_lists *l)
{
	for (size_t i = 0; i < EARLIER_LISTS; i++)
		arena_free(&l->v[i].arena);
	*l = (struct earlier_lists){0};
}

static int
sync_path(int folder, const char *path, int flags)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | flags);
	int err = 0;

	if (fd < 0)
		return fail("open ", path);
	if (fsync(fd) < 0)
		err = errno;
	close(fd);
	errno = err;
	return err ? fail("sync ", path) : 0;
}

int
earlier_sync(int folder, const char *path)
{
	const char *part = strncmp(path, "cur/", 4) == 0 ? "cur" : "new";

	if (sync_path(folder, path, O_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	return sync_path(folder, part, O_DIRECTORY) < 0 ? -1 : 1;
}
