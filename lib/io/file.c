/* SPDX-License-Identifier: ISC */
/* Whole files. */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

#define STEP 16384

/* All at once, and an octet to see the end by: nothing of a file with passwords
 * is left where it was before it grew. */
static void
reserve(int fd, struct buf *b)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_size > 0 &&
	    (uint64_t)st.st_size < b->max - b->n &&
	    buf_room(b, (size_t)st.st_size + 1))
		b->n -= (size_t)st.st_size + 1;
}

/* How much may be read into b without moving it, or STEP; 0 at its ceiling. */
static size_t
room_of(const struct buf *b)
{
	size_t room = b->cap > b->n + 1 ? b->cap - b->n - 1 : STEP;

	return room < b->max - b->n ? room : b->max - b->n;
}

static int
read_fd(int fd, struct buf *b)
{
	reserve(fd, b);
	for (;;) {
		size_t room = room_of(b);
		char beyond;
		ssize_t n = room ? read(fd, buf_room(b, room), room)
		                 : read(fd, &beyond, 1);

		b->n -= room - (n > 0 && room ? (size_t)n : 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : 0;
		if (room == 0) {
			b->over = true;
			errno = EFBIG;
			return -1;
		}
	}
}

int
file_read(int dirfd, const char *path, struct buf *b)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return fail("open ", path);
	r = read_fd(fd, b);
	if (r < 0)
		fail("read ", path);
	r = r < 0 ? errno : 0;
	close(fd);
	errno = r;
	return r ? -1 : 0;
}

ssize_t
file_read_at(int fd, void *to, size_t n, uint64_t at)
{
	char *p = to;
	size_t have = 0;

	while (have < n) {
		ssize_t got = at == FILE_HERE ? read(fd, p + have, n - have)
		                              : pread(fd, p + have, n - have,
						    (off_t)(at + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

int
file_write_at(int fd, const void *data, size_t n, uint64_t at)
{
	const char *p = data;
	size_t have = 0;

	while (have < n) {
		ssize_t done = at == FILE_HERE ? write(fd, p + have, n - have)
		                               : pwrite(fd, p + have, n - have,
						     (off_t)(at + have));

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		have += (size_t)done;
	}
	return 0;
}

int
file_write(int fd, const void *data, size_t n)
{
	return file_write_at(fd, data, n, FILE_HERE);
}

static int
write_new(int dirfd, const char *name, struct str data, mode_t mode)
{
	int how = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(dirfd, name, how, mode);
	int err = 0;

	/* A crash left one; it may be another user's. */
	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, name, 0) == 0)
		fd = openat(dirfd, name, how, mode);
	if (fd < 0)
		return fail("create ", name);
	if (fchmod(fd, mode) < 0 || file_write(fd, data.p, data.n) < 0 ||
	    fsync(fd) < 0)
		err = errno;
	if (close(fd) < 0 && !err)
		err = errno;
	errno = err;
	return err ? fail("write ", name) : 0;
}

int
file_replace(int dirfd, const char *name, struct str data, mode_t mode)
{
	char tmp[NAME_MAX + 1];
	int n = snprintf(tmp, sizeof(tmp), ".%s.tmp", name);

	if (n < 0 || (size_t)n >= sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return fail("replace ", name);
	}
	if (write_new(dirfd, tmp, data, mode) < 0 ||
	    renameat(dirfd, tmp, dirfd, name) < 0) {
		int err = errno;

		unlinkat(dirfd, tmp, 0);
		errno = err;
		return fail("replace ", name);
	}
	return file_sync_dir(dirfd);
}

int
file_sync_dir(int dirfd)
{
	return file_sync_dir_at(dirfd, ".");
}

int
file_sync_dir_at(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return fail("open directory ", name);
	if (fsync(fd) < 0)
		err = errno;
	if (close(fd) < 0 && !err)
		err = errno;
	errno = err;
	return err ? fail("fsync directory ", name) : 0;
}

bool
file_has_name(int fd, int dirfd, const char *name)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 &&
	       fstatat(dirfd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

int
file_mkdirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (n >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return fail("mkdir ", path);
	}
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST &&
		    (stat(part, &st) < 0 || !S_ISDIR(st.st_mode)))
			return fail("mkdir ", part);
	}
	return 0;
}

int
file_join(char *to, size_t size, const char *a, const char *b)
{
	int n = snprintf(to, size, "%s/%s", a, b);

	if (n < 0 || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		return fail("path too long: ", b);
	}
	return 0;
}
