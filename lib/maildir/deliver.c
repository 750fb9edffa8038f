/* SPDX-License-Identifier: ISC */
/* Delivering one message. */
#define _GNU_SOURCE
#include "maildir/deliver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/name.h"

#define BASE_MAX 200

int
deliver_open(struct deliver *d, const struct home *h, struct str folder,
    const char *base)
{
	int r, err;

	*d = (struct deliver){.fd = -1};
	if (base &&
	    (str_z(base).n > BASE_MAX || !name_usable(str_z(base)) ||
		str_has(str_z(base), '/') || str_has(str_z(base), ':'))) {
		errno = EINVAL;
		return fail("deliver as ", base);
	}
	r = home_folder_open(h, folder, &d->fd);
	if (r <= 0)
		return r;
	if (newfile_begin(&d->file, d->fd, base) == 0) {
		d->open = true;
		return 1;
	}
	err = errno;
	newfile_abort(&d->file);
	close(d->fd);
	errno = err;
	return -1;
}

/* Whether the entry is base, with or without sizes and flags. */
static bool
is_base(struct str entry, struct str base)
{
	return str_starts(entry, base) &&
	       (entry.n == base.n || entry.p[base.n] == ',' ||
		   entry.p[base.n] == ':');
}

static int
dir_has(int folder, const char *name, struct str base)
{
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool found = false;
	int err;

	if (!dir) {
		fail("open ", name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (!found && (errno = 0, e = readdir(dir)))
		found = is_base(str_z(e->d_name), base);
	err = errno;
	closedir(dir);
	errno = err;
	if (found)
		return 1;
	return err ? fail("list ", name) : 0;
}

int
deliver_seen(const struct deliver *d, const char *base)
{
	int r = dir_has(d->fd, "new", str_z(base));

	return r ? r : dir_has(d->fd, "cur", str_z(base));
}

void
deliver_data(struct deliver *d, const void *p, size_t n)
{
	newfile_data(&d->file, p, n);
}

int
deliver_commit(struct deliver *d)
{
	char final[NAME_SIZE], to[NAME_SIZE + 4];
	int new, r;

	d->open = false;
	if (newfile_end(&d->file, -1, final) < 0)
		return -1;
	snprintf(to, sizeof(to), "new/%s", final);
	r = newfile_place(&d->file, d->fd, to);
	if (r < 0)
		newfile_abort(&d->file);
	if (r < 0 && errno != EEXIST)
		return -1;
	/* Of the earlier try, too, nobody knows whether it came to this. */
	new = openat(d->fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (new < 0)
		return fail("open ", "new");
	if (file_sync_dir(new) < 0) {
		int err = errno;

		close(new);
		errno = err;
		return -1;
	}
	close(new);
	return r == 0;
}

void
deliver_close(struct deliver *d)
{
	if (d->open)
		newfile_abort(&d->file);
	d->open = false;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}
