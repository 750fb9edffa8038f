/* SPDX-License-Identifier: ISC */
/* Delivering one message. */
#define _GNU_SOURCE
#include "maildir/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "maildir/name.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2u
#endif

#define BASE_MAX 200
#define PATH_SIZE (NAME_SIZE + 4)

static int
check_base(const char *base)
{
	struct str s = str_z(base);

	if (!base || (s.n <= BASE_MAX && name_usable(s) && !str_has(s, '/') &&
			 !str_has(s, ':')))
		return 0;
	errno = EINVAL;
	return fail("deliver as ", base);
}

/* All but the buffer. */
static void
clear(struct deliver *d, int fd)
{
	d->fd = fd;
	d->own = d->open = d->written = false;
	d->final[0] = '\0';
}

/* Make cur, new and tmp. */
static int
complete(int fd)
{
	struct home h = {.fd = fd, .cache = HOME_BESIDE};
	int again;

	if (home_folder_open(&h, STR("INBOX"), &again) <= 0)
		return -1;
	close(again);
	return 0;
}

int
deliver_into(struct deliver *d, int fd, const char *base)
{
	int r;

	clear(d, fd);
	if (check_base(base) < 0)
		return -1;
	r = newfile_begin(&d->file, fd, base);
	if (r < 0 && errno == ENOENT && complete(fd) == 0)
		r = newfile_begin(&d->file, fd, base);
	d->open = r == 0;
	return r;
}

int
deliver_open(struct deliver *d, const struct home *h, struct str folder,
    const char *base)
{
	int fd, r, err;

	clear(d, -1);
	if (check_base(base) < 0)
		return -1;
	r = home_folder_open(h, folder, &fd);
	if (r <= 0)
		return r;
	r = deliver_into(d, fd, base);
	d->own = true;
	if (r == 0)
		return 1;
	err = errno;
	deliver_close(d);
	errno = err;
	return -1;
}

void
deliver_data(struct deliver *d, const void *p, size_t n)
{
	newfile_data(&d->file, p, n);
}

int
deliver_finish(struct deliver *d)
{
	d->written = true;
	if (newfile_end(&d->file, -1, d->final) == 0)
		return 0;
	d->open = false;
	return -1;
}

/* Make what happened in the directory of path ("new/x") durable. */
static int
sync_dir(const struct deliver *d, int folder, const char *path)
{
	const char *part = strncmp(path, "cur/", 4) == 0 ? "cur" : "new";
	int fd, err = 0;

	if (d->file.unsynced)
		return 0;
	fd = openat(folder, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("open ", part);
	if (fsync(fd) < 0)
		err = errno;
	close(fd);
	errno = err;
	return err ? fail("sync ", part) : 0;
}

int
deliver_link(struct deliver *d, int folder, const char *base)
{
	struct str sizes = name_sizes(str_z(d->final));
	char from[PATH_SIZE], to[PATH_SIZE];
	int r;

	if (check_base(base) < 0)
		return -1;
	snprintf(from, sizeof(from), "tmp/%s", d->file.base);
	snprintf(to, sizeof(to), "new/%s%.*s", base, STR_FMT(sizes));
	r = linkat(d->fd, from, folder, to, 0);
	if (r < 0 && errno == ENOENT && complete(folder) == 0)
		r = linkat(d->fd, from, folder, to, 0);
	if (r < 0 && errno == EEXIST)
		return 0;
	if (r < 0)
		return fail("link ", to);
	return sync_dir(d, folder, to) < 0 ? -1 : 1;
}

bool
deliver_unlinkable(int err)
{
	return err == EXDEV || err == EMLINK || err == EPERM ||
	       err == EOPNOTSUPP || err == ENOSYS;
}

int
deliver_commit(struct deliver *d)
{
	char to[PATH_SIZE];
	int r;

	if (!d->written && deliver_finish(d) < 0)
		return -1;
	d->open = false;
	snprintf(to, sizeof(to), "new/%s", d->final);
	r = newfile_place(&d->file, d->fd, to);
	if (r < 0 && errno == ENOENT && complete(d->fd) == 0)
		r = newfile_place(&d->file, d->fd, to);
	if (r < 0)
		newfile_abort(&d->file);
	if (r < 0 && errno != EEXIST)
		return -1;
	/* Of the earlier try, too, nobody knows whether it came to this. */
	if (sync_dir(d, d->fd, to) < 0)
		return -1;
	return r == 0;
}

/* Swap tmp/BASE and path, so that a name that was given up meanwhile, for
 * flags or by a user who removes the message, is not brought back. */
static int
swap(const struct deliver *d, const char *path)
{
	char from[PATH_SIZE];

	snprintf(from, sizeof(from), "tmp/%s", d->file.base);
	if (syscall(SYS_renameat2, d->fd, from, d->fd, path, RENAME_EXCHANGE) ==
	    0) {
		unlinkat(d->fd, from, 0);
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* The file system knows no exchange. */
	if (faccessat(d->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return renameat(d->fd, from, d->fd, path);
}

bool
deliver_fits(const struct deliver *d, const char *path)
{
	struct str name = str_z(path + 4);

	return str_eq(str_to(name, name_base(name)), str_z(d->final));
}

int
deliver_replace(struct deliver *d, const char *path)
{
	int err;

	if (!d->written && deliver_finish(d) < 0)
		return -1;
	if (!deliver_fits(d, path)) {
		int r = deliver_commit(d);

		if (r == 1 && unlinkat(d->fd, path, 0) < 0 && errno != ENOENT)
			return fail("remove ", path);
		return r;
	}
	d->open = false;
	if (swap(d, path) == 0)
		return sync_dir(d, d->fd, path) < 0 ? -1 : 1;
	err = errno;
	newfile_abort(&d->file);
	errno = err;
	return err == ENOENT ? 0 : fail("replace ", path);
}

void
deliver_close(struct deliver *d)
{
	if (d->open)
		newfile_abort(&d->file);
	d->open = false;
	if (d->own && d->fd >= 0)
		close(d->fd);
	d->own = false;
	d->fd = -1;
}
