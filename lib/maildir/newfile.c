/* SPDX-License-Identifier: ISC */
/* A message on its way into a Maildir. */
#define _GNU_SOURCE
#include "maildir/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/name.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1u
#endif

#define PATH_SIZE (NAME_SIZE + 4)

/* "tmp/BASE"; both parts are bounded. */
static void
tmp_path(const struct newfile *f, char to[PATH_SIZE])
{
	snprintf(to, PATH_SIZE, "tmp/%s", f->base);
}

static void
stick(struct newfile *f)
{
	if (!f->err)
		f->err = errno ? errno : EIO;
}

int
newfile_begin(struct newfile *f, int dirfd, const char *base)
{
	char path[PATH_SIZE];

	*f = (struct newfile){.dirfd = dirfd, .fd = -1};
	if (!base)
		name_unique(f->base);
	else if (str_copy(f->base, sizeof(f->base), str_z(base)) < 0)
		return fail("name ", base);
	f->buffer = malloc(NEWFILE_BUFFER);
	if (!f->buffer)
		oom();
	tmp_path(f, path);
	/* A leftover may be a hard link of a message: never write into it. */
	unlinkat(dirfd, path, 0);
	f->fd = openat(dirfd, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->fd < 0) {
		fail("create ", path);
		stick(f);
		errno = f->err;
		return -1;
	}
	return 0;
}

static void
flush(struct newfile *f)
{
	if (!f->err && f->n && file_write(f->fd, f->buffer, f->n) < 0) {
		fail("write tmp/", f->base);
		stick(f);
	}
	f->n = 0;
}

static void
put(struct newfile *f, const char *p, size_t n)
{
	while (n > 0) {
		size_t room = NEWFILE_BUFFER - f->n;
		size_t part = n < room ? n : room;

		memcpy(f->buffer + f->n, p, part);
		f->n += part;
		f->size += part;
		f->wire_size += part;
		f->last = p[part - 1];
		p += part;
		n -= part;
		if (f->n == NEWFILE_BUFFER)
			flush(f);
	}
}

/* The LF that ends a line; a CR may be held back in front of it. */
static void
put_lf(struct newfile *f)
{
	if (f->cr && f->last == '\r')
		put(f, "\r", 1);
	f->cr = false;
	if (f->last != '\r')
		f->wire_size++;
	put(f, "\n", 1);
}

void
newfile_data(struct newfile *f, const void *data, size_t n)
{
	const char *p = data, *end = p + n;

	if (f->fd < 0 || f->err)
		return;
	while (p < end) {
		const char *stop = p;

		if (*p == '\n') {
			put_lf(f);
			p++;
			continue;
		}
		if (f->cr)
			put(f, "\r", 1);
		f->cr = *p == '\r';
		if (f->cr) {
			p++;
			continue;
		}
		while (stop < end && *stop != '\r' && *stop != '\n')
			stop++;
		put(f, p, (size_t)(stop - p));
		p = stop;
	}
}

static int
close_file(struct newfile *f)
{
	int r = f->fd < 0 ? 0 : close(f->fd);

	f->fd = -1;
	free(f->buffer);
	f->buffer = NULL;
	return r;
}

int
newfile_end(struct newfile *f, int64_t date_s, char final[NAME_SIZE])
{
	struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)date_s}};
	int n;

	if (f->fd >= 0 && f->cr)
		put(f, "\r", 1);
	f->cr = false;
	flush(f);
	if (!f->err &&
	    ((date_s >= 0 && futimens(f->fd, times) < 0) || fsync(f->fd) < 0)) {
		fail("sync tmp/", f->base);
		stick(f);
	}
	if (close_file(f) < 0)
		stick(f);
	n = snprintf(final, NAME_SIZE, "%s,S=%llu,W=%llu", f->base,
	    (unsigned long long)f->size, (unsigned long long)f->wire_size);
	if (!f->err && (n < 0 || n > NAME_MAX - 5)) {
		errno = ENAMETOOLONG;
		stick(f);
	}
	if (!f->err)
		return 0;
	newfile_abort(f);
	errno = f->err;
	return -1;
}

void
newfile_abort(struct newfile *f)
{
	char path[PATH_SIZE];
	int err = errno;

	close_file(f);
	tmp_path(f, path);
	if (f->base[0])
		unlinkat(f->dirfd, path, 0);
	errno = err;
}

int
newfile_place(const struct newfile *f, int todir, const char *to)
{
	char path[PATH_SIZE];

	tmp_path(f, path);
	if (syscall(SYS_renameat2, f->dirfd, path, todir, to,
		RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return fail("rename ", to);
	/* The file system knows no RENAME_NOREPLACE. */
	if (linkat(f->dirfd, path, todir, to, 0) < 0)
		return fail("link ", to);
	if (unlinkat(f->dirfd, path, 0) < 0)
		return fail("unlink ", path);
	return 0;
}
