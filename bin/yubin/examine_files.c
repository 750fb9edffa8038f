/* SPDX-License-Identifier: ISC */
/* yubin maildir check: the files in new/, cur/ and tmp/ and their names.  A
 * file that is gone when it is looked at was renamed or removed by others. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "examine.h"
#include "io/dir.h"
#include "io/file.h"
#include "maildir/name.h"

#define MEMORY ((size_t)2 << 30)
#define EMPTY_OLD_S 3600
#define PATH_SIZE (NAME_SIZE + 8)

struct found {
	const char *name;
	struct str base;
	bool in_new;
	int64_t size;
};

struct found_list {
	struct found *list;
	size_t n;
	int cur, new;
};

static int
dir_of(const struct found_list *l, const struct found *f)
{
	return f->in_new ? l->new : l->cur;
}

static const char *
path_of(const char *dir, const char *name, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s", dir, name);
	return path;
}

/* Take it out of the way when repairing. */
static void
aside(struct examine *x, int fd, const char *name)
{
	if (x->repair)
		examine_mended(x, examine_aside(x, fd, name),
		    "moved to ..aside in the Maildir");
}

/* Rename without replacing anything. */
static int
rename_new(int from, const char *name, int to, const char *as)
{
	if (linkat(from, name, to, as, 0) < 0)
		return -1;
	return unlinkat(from, name, 0);
}

/* Give the file a name nobody has; its flags stay. */
static int
rename_unique(const struct found_list *l, const struct found *f)
{
	struct name n = name_parse(str_z(f->name));
	char base[NAME_SIZE], to[NAME_SIZE];

	name_unique(base);
	n.base = str_z(base);
	if (f->in_new)
		return rename_new(l->new, f->name, l->new, base);
	if (name_make(to, &n) < 0)
		return -1;
	return rename_new(l->cur, f->name, l->cur, to);
}

/* ------------------------------------------------------------------ a file */

/* Wrong owner or mode. */
static void
check_access(struct examine *x, int fd, const char *name, const char *path,
    const struct stat *st)
{
	if (st->st_uid != x->owner) {
		examine_fault(x, path,
		    "belongs to uid %lu, the Maildir to %lu: chown it, as root",
		    (unsigned long)st->st_uid, (unsigned long)x->owner);
	} else if (!(st->st_mode & S_IRUSR)) {
		examine_fault(x, path, "its owner may not read it");
		if (x->repair)
			examine_mended(
			    x, fchmodat(fd, name, 0600, 0), "mode 600");
	}
}

/* Whether it is a message that can be listed. */
static bool
check_kind(struct examine *x, int fd, const char *name, const char *path,
    const struct stat *st)
{
	if (!S_ISREG(st->st_mode)) {
		examine_fault(x, path, "is no file: no server shows it");
		aside(x, fd, name);
		return false;
	}
	if (name[0] == '.') {
		examine_note(x, path, "is hidden: no server shows it");
		return false;
	}
	if (st->st_size == 0 && x->now_s - st->st_mtime > EMPTY_OLD_S) {
		examine_fault(x, path, "is empty: a crash cut it off");
		aside(x, fd, name);
		return false;
	}
	return true;
}

static void
check_name(struct examine *x, const struct found_list *l, struct found *f,
    const char *path)
{
	char to[NAME_SIZE];
	uint64_t size;
	bool info = f->base.n < strlen(f->name);

	if (!name_usable(str_z(f->name))) {
		examine_fault(x, path, "has a name that cannot be listed");
		if (x->repair)
			examine_mended(x, rename_unique(l, f), "renamed");
		return;
	}
	if (f->in_new && info) {
		examine_fault(x, path, "has flags and lies in new/");
		if (x->repair)
			examine_mended(x,
			    rename_new(l->new, f->name, l->cur, f->name),
			    "moved to cur/");
	} else if (!f->in_new && !info) {
		examine_fault(
		    x, path, "lies in cur/ without \":2,\" for flags");
		snprintf(to, sizeof(to), "%.252s:2,", f->name);
		if (x->repair)
			examine_mended(x,
			    rename_new(l->cur, f->name, l->cur, to), "renamed");
	}
	if (name_size(f->base, 'S', &size) && (int64_t)size != f->size)
		examine_note(x, path,
		    "has %lld octets, not what S= says; other programs may "
		    "believe the name",
		    (long long)f->size);
}

static void
check_file(
    struct examine *x, struct found_list *l, const char *name, bool in_new)
{
	struct found f = {.name = name, .in_new = in_new};
	int fd = dir_of(l, &f);
	char path[PATH_SIZE];
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	path_of(in_new ? "new" : "cur", name, path);
	check_access(x, fd, name, path, &st);
	if (!check_kind(x, fd, name, path, &st))
		return;
	f.base = str_to(str_z(name), name_base(str_z(name)));
	f.size = st.st_size;
	check_name(x, l, &f, path);
	l->list[l->n++] = f;
}

/* -------------------------------------------------------------- duplicates */

static int
by_base(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = str_cmp(x->base, y->base);

	/* The one with more flags first. */
	return order ? order : strcmp(y->name, x->name);
}

/* Whether both files are there and hold the same octets: 1, 0; -1 one is
 * gone or cannot be read. */
static int
same(int a_fd, const char *a, int b_fd, const char *b)
{
	char one[16384], two[16384];
	int fd1 = openat(a_fd, a, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int fd2 = openat(b_fd, b, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd1 < 0 || fd2 < 0 ? -1 : 1, m;
	int r = n < 0 ? -1 : 1;

	while (r == 1 && n > 0) {
		n = file_read_at(fd1, one, sizeof(one), FILE_HERE);
		m = file_read_at(fd2, two, sizeof(two), FILE_HERE);
		if (n < 0 || m < 0)
			r = -1;
		else if (n != m || memcmp(one, two, (size_t)n) != 0)
			r = 0;
	}
	if (fd1 >= 0)
		close(fd1);
	if (fd2 >= 0)
		close(fd2);
	return r;
}

static void
check_pair(struct examine *x, const struct found_list *l,
    const struct found *one, const struct found *two)
{
	char path[PATH_SIZE];
	int r = same(dir_of(l, one), one->name, dir_of(l, two), two->name);

	if (r < 0)
		return;
	path_of(two->in_new ? "new" : "cur", two->name, path);
	if (r == 1) {
		examine_fault(x, path,
		    "has the name of another, and is the same message");
		aside(x, dir_of(l, two), two->name);
		return;
	}
	examine_fault(x, path,
	    "has the name of another, and is another message: one is hidden");
	if (x->repair)
		examine_mended(x, rename_unique(l, two), "renamed");
}

/* ---------------------------------------------------------------- a folder */

static void
check_dir(struct examine *x, struct found_list *l, struct arena *a, bool in_new)
{
	char **names;
	size_t n;

	if (dir_list(in_new ? l->new : l->cur, ".", 1, STORE_FILES_MAX, a,
		&names, &n) < 0) {
		examine_fault(x, in_new ? "new" : "cur", "%s", fail_last());
		return;
	}
	l->list = realloc(l->list, (l->n + n + 1) * sizeof(*l->list));
	if (!l->list)
		oom();
	for (size_t i = 0; i < n; i++)
		check_file(x, l, names[i], in_new);
}

static void
check_tmp(struct examine *x, int tmp, struct arena *a)
{
	char **names, path[PATH_SIZE];
	size_t n;

	if (dir_list(tmp, ".", 1, STORE_FILES_MAX, a, &names, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct stat st;

		if (fstatat(tmp, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    x->now_s - st.st_mtime < EXAMINE_OLD_S)
			continue;
		path_of("tmp", names[i], path);
		if (!S_ISREG(st.st_mode)) {
			examine_note(x, path, "is no file");
			continue;
		}
		examine_fault(x, path,
		    "a delivery broke off %lld hours ago; it is no message",
		    (long long)(x->now_s - st.st_mtime) / 3600);
		aside(x, tmp, names[i]);
	}
}

/* One of the three directories; -1 there is none. */
static int
open_sub(struct examine *x, const char *name)
{
	int fd = store_dir(x->fd, name);

	if (fd < 0 && errno == ENOENT) {
		examine_fault(x, name, "is missing");
		if (x->repair)
			examine_mended(
			    x, mkdirat(x->fd, name, 0700), "made it");
		fd = store_dir(x->fd, name);
	} else if (fd < 0) {
		examine_fault(x, name, "cannot be opened: %s", strerror(errno));
	}
	return fd;
}

static void
check_messages(struct examine *x, int cur, int new, int tmp)
{
	struct found_list l = {.cur = cur, .new = new};
	struct arena a;

	arena_init(&a, MEMORY);
	check_dir(x, &l, &a, true);
	check_dir(x, &l, &a, false);
	check_tmp(x, tmp, &a);
	if (l.n)
		qsort(l.list, l.n, sizeof(*l.list), by_base);
	for (size_t i = 1; i < l.n; i++)
		if (str_eq(l.list[i - 1].base, l.list[i].base))
			check_pair(x, &l, &l.list[i - 1], &l.list[i]);
	free(l.list);
	arena_free(&a);
}

void
examine_files(struct examine *x)
{
	int cur = open_sub(x, "cur");
	int new = open_sub(x, "new");
	int tmp = open_sub(x, "tmp");

	if (cur >= 0 && new >= 0 && tmp >= 0)
		check_messages(x, cur, new, tmp);
	if (cur >= 0)
		close(cur);
	if (new >= 0)
		close(new);
	if (tmp >= 0)
		close(tmp);
}
