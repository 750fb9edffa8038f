/* SPDX-License-Identifier: ISC */
/* File systems with unsynced messages. */
#define _GNU_SOURCE
#include "maildir/lazy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "base/scan.h"

/* statfs(2), linux/magic.h */
#define MAGIC_EXT4 0xef53
#define MAGIC_XFS 0x58465342
#define MAGIC_BTRFS 0x9123683e

static bool
kernel_tells(void)
{
	struct utsname u;
	struct scan s;
	uint64_t major, minor;

	if (uname(&u) < 0)
		return false;
	s = scan_make(str_z(u.release));
	if (!scan_num(&s, UINT32_MAX, &major) || !scan_try(&s, '.') ||
	    !scan_num(&s, UINT32_MAX, &minor))
		return false;
	return major > 5 || (major == 5 && minor >= 8);
}

void
lazy_init(struct lazy *z)
{
	*z = (struct lazy){.never = !kernel_tells()};
}

/* A descriptor for it, or -1. */
static int
open_fs(int dirfd)
{
	struct statfs s;
	unsigned long type;

	if (fstatfs(dirfd, &s) < 0)
		return -1;
	type = (unsigned long)s.f_type & 0xffffffff;
	if (type != MAGIC_EXT4 && type != MAGIC_XFS && type != MAGIC_BTRFS)
		return -1;
	return openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool
lazy_allowed(struct lazy *z, int dirfd, dev_t dev)
{
	struct lazy_fs *f = z->fs;

	if (z->never)
		return false;
	while (f < z->fs + z->n && f->dev != dev)
		f++;
	if (f == z->fs + LAZY_MAX)
		return false;
	if (f == z->fs + z->n) {
		*f = (struct lazy_fs){.dev = dev, .fd = open_fs(dirfd)};
		z->n++;
	}
	return f->fd >= 0 && (!f->strict_until || now_ms() >= f->strict_until);
}

int
lazy_sync(struct lazy *z)
{
	int r = z->doubt ? fail_text(EIO, "the sync before failed") : 0;

	z->doubt = false;
	for (size_t i = 0; i < z->n; i++) {
		struct lazy_fs *f = &z->fs[i];

		/* fsync() tells what syncfs() of older kernels keeps back: that
		 * the file system has stopped. */
		if (f->fd < 0 || (syncfs(f->fd) == 0 && fsync(f->fd) == 0))
			continue;
		r = fail("sync a file system", NULL);
		z->doubt = true;
		f->strict_until = now_plus_s(LAZY_STRICT_S);
	}
	return r;
}

void
lazy_close(struct lazy *z)
{
	for (size_t i = 0; i < z->n; i++)
		if (z->fs[i].fd >= 0)
			close(z->fs[i].fd);
	z->n = 0;
}
