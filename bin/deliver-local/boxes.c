/* SPDX-License-Identifier: ISC */
/* Maildirs that stay open. */
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"

static void
drop(struct boxes *b, size_t i)
{
	close(b->v[i].fd);
	free(b->v[i].path);
	b->v[i] = b->v[--b->n];
}

void
boxes_close(struct boxes *b)
{
	while (b->n > 0)
		drop(b, b->n - 1);
}

static size_t
find(const struct boxes *b, const char *path)
{
	size_t i = 0;

	while (i < b->n && strcmp(b->v[i].path, path) != 0)
		i++;
	return i;
}

/* While we have it open its inode's number is not given to another. */
static bool
still(const struct box *x)
{
	struct stat st;

	return stat(x->path, &st) == 0 && st.st_dev == x->dev &&
	       st.st_ino == x->ino;
}

static int
open_dir(const char *path, uid_t uid, gid_t gid)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = open(path, flags);

	if (fd < 0 && errno == ENOENT) {
		if ((geteuid() == 0 && uid != 0
			    ? user_maildir_make(path, uid, gid)
			    : file_mkdirs(path, 0700)) < 0)
			return -1;
		fd = open(path, flags);
	}
	return fd < 0 ? fail("open ", path) : fd;
}

/* Takes over fd. */
static int
add(struct boxes *b, const char *path, int fd)
{
	struct stat st;
	size_t oldest = 0;
	char *copy;

	if (fstat(fd, &st) < 0) {
		close(fd);
		return fail("stat ", path);
	}
	for (size_t i = 1; i < b->n; i++)
		if (b->v[i].used < b->v[oldest].used)
			oldest = i;
	if (b->n == BOXES)
		drop(b, oldest);
	copy = strdup(path);
	if (!copy)
		oom();
	b->v[b->n++] = (struct box){
	    .path = copy, .fd = fd, .dev = st.st_dev, .ino = st.st_ino};
	return 0;
}

int
boxes_open(
    struct boxes *b, const char *path, uid_t uid, gid_t gid, struct box *to)
{
	size_t i = find(b, path);

	if (i < b->n && !still(&b->v[i])) {
		drop(b, i);
		i = b->n;
	}
	if (i == b->n) {
		int fd = open_dir(path, uid, gid);

		if (fd < 0 || add(b, path, fd) < 0)
			return -1;
		i = b->n - 1;
	}
	b->v[i].used = ++b->clock;
	*to = b->v[i];
	return 0;
}
