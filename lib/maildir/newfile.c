/* SPDX-License-Identifier: ISC */
/* A message on its way into a Maildir. */
#define _GNU_SOURCE
#include "maildir/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
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

/* All but the buffer. */
static void
clear(struct newfile *f, int dirfd)
{
	memset(f, 0, offsetof(struct newfile, buffer));
	f->dirfd = dirfd;
	f->fd = -1;
}

static int
create(const struct newfile *f, const char *path)
{
	return openat(f->dirfd, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int
newfile_begin(struct newfile *f, int dirfd, const char *base)
{
	char path[PATH_SIZE];

	clear(f, dirfd);
	if (!base)
		name_unique(f->base);
	else if (str_copy(f->base, sizeof(f->base), str_z(base)) < 0)
		return fail("name ", base);
	tmp_path(f, path);
	f->fd = create(f, path);
	if (f->fd < 0 && errno == EEXIST) {
		/* It may be a hard link of a message: never write into it. */
		unlinkat(dirfd, path, 0);
		f->fd = create(f, path);
	}
	if (f->fd >= 0)
		return 0;
	fail("create ", path);
	stick(f);
	return -1;
}

int
newfile_compare(struct newfile *f, int dirfd, const char *path)
{
	clear(f, dirfd);
	f->compares = true;
	f->fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return f->fd < 0 ? fail("open ", path) : 0;
}

void
newfile_count(struct newfile *f)
{
	clear(f, -1);
	f->counts = true;
}

static void
compare(struct newfile *f)
{
	char there[NEWFILE_BUFFER];
	ssize_t n = file_read_at(f->fd, there, f->n, FILE_HERE);

	if (n < 0) {
		fail("read an earlier delivery", NULL);
		stick(f);
	} else if ((size_t)n != f->n || memcmp(there, f->buffer, f->n) != 0) {
		f->differs = true;
	}
}

static void
flush(struct newfile *f)
{
	if (!f->err && f->n && f->compares) {
		if (!f->differs)
			compare(f);
	} else if (!f->err && f->n && !f->counts &&
		   file_write(f->fd, f->buffer, f->n) < 0) {
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

/* Text without LF; a CR at its end waits for what follows. */
static void
put_text(struct newfile *f, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (f->cr)
		put(f, "\r", 1);
	f->cr = p[n - 1] == '\r';
	put(f, p, n - f->cr);
}

void
newfile_data(struct newfile *f, const void *data, size_t n)
{
	const char *p = data, *end = p + n;

	if ((f->fd < 0 && !f->counts) || f->err || f->differs)
		return;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		put_text(f, p, (size_t)((lf ? lf : end) - p));
		if (!lf)
			return;
		put_lf(f);
		p = lf + 1;
	}
}

static void
finish_text(struct newfile *f)
{
	if ((f->fd >= 0 || f->counts) && f->cr)
		put(f, "\r", 1);
	f->cr = false;
	flush(f);
}

static int
close_file(struct newfile *f)
{
	int r = f->fd < 0 ? 0 : close(f->fd);

	f->fd = -1;
	return r;
}

int
newfile_same(struct newfile *f)
{
	char more;
	ssize_t n = 0;

	finish_text(f);
	if (!f->err && !f->differs)
		n = file_read_at(f->fd, &more, 1, FILE_HERE);
	if (n < 0)
		stick(f);
	close_file(f);
	errno = f->err;
	return f->err ? -1 : !f->differs && n == 0;
}

static int
final_name(const struct newfile *f, const char *base, char to[NAME_SIZE])
{
	int n = snprintf(to, NAME_SIZE, "%s,S=%llu,W=%llu", base,
	    (unsigned long long)f->size, (unsigned long long)f->wire_size);

	if (n >= 0 && n <= NAME_MAX - 5)
		return 0;
	errno = ENAMETOOLONG;
	return fail("name ", base);
}

int
newfile_count_end(struct newfile *f, const char *base, char final[NAME_SIZE])
{
	finish_text(f);
	return final_name(f, base, final);
}

int
newfile_end(struct newfile *f, int64_t date_s, char final[NAME_SIZE])
{
	struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)date_s}};

	finish_text(f);
	if (!f->err && ((date_s >= 0 && futimens(f->fd, times) < 0) ||
			   (!f->unsynced && fsync(f->fd) < 0))) {
		fail("sync tmp/", f->base);
		stick(f);
	}
	if (close_file(f) < 0)
		stick(f);
	if (!f->err && final_name(f, f->base, final) < 0)
		stick(f);
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
