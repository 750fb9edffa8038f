/* SPDX-License-Identifier: ISC */
/* What an earlier try to deliver has left. */
#define _GNU_SOURCE
#include "maildir/earlier.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

/* Whether the entry is base, with or without sizes and flags. */
static bool
is_base(struct str entry, struct str base)
{
	return str_starts(entry, base) &&
	       (entry.n == base.n || entry.p[base.n] == ',' ||
		   entry.p[base.n] == ':');
}

static int
find_in(int folder, const char *part, struct str base, struct earlier *e)
{
	int fd = openat(folder, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int err;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		/* A folder to which nothing was ever delivered. */
		return errno == ENOENT ? 0 : fail("open ", part);
	}
	while (e->n < EARLIER_MAX && (errno = 0, entry = readdir(dir)))
		if (is_base(str_z(entry->d_name), base))
			snprintf(e->path[e->n++], sizeof(e->path[0]), "%s/%s",
			    part, entry->d_name);
	err = errno;
	closedir(dir);
	errno = err;
	return err ? fail("list ", part) : 0;
}

int
earlier_find(int folder, const char *base, struct earlier *e)
{
	e->n = 0;
	if (find_in(folder, "new", str_z(base), e) < 0 ||
	    find_in(folder, "cur", str_z(base), e) < 0)
		return -1;
	return (int)e->n;
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
