/* SPDX-License-Identifier: ISC */
/* Lock files.  Removing a stale one is the hard part: two processes may find
 * the same one stale, and the slower must not remove the lock that the faster
 * has made since.  So whoever removes first takes the OFD lock of the stale
 * file and then looks whether the name still leads to it. */
#include "maildir/dotlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "base/str.h"
#include "io/file.h"
#include "io/lock.h"

/* Dovecot expects PID:HOST and takes this for another host's lock, which it
 * judges by its age alone. */
#define OURS ":yubin"

/* Between tries.  It is held for a fraction of a millisecond. */
#define PAUSE_LEAST_NS 250000
#define PAUSE_MOST_NS 4000000

static int
create(struct dotlock *l)
{
	int64_t start = now_ms();
	char text[32];
	int n;

	l->fd = openat(l->dirfd, l->name,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0)
		return -1;
	n = snprintf(text, sizeof(text), "%ld" OURS, (long)getpid());
	/* Where OFD locks or writing fail, age decides. */
	if (lock_take(l->fd, true, now_ms()) == 1)
		(void)!file_write(l->fd, text, (size_t)n);
	/* So slow that somebody may have thought us dead? */
	if (now_ms() - start < DOTLOCK_EMPTY_S * 1000 ||
	    file_has_name(l->fd, l->dirfd, l->name))
		return 0;
	close(l->fd);
	l->fd = -1;
	errno = EEXIST;
	return -1;
}

/* Whether the lock file open at fd is abandoned; our OFD lock is on it then.
 * Its maker may have died before it could write. */
static bool
is_stale(int fd)
{
	char text[64];
	struct stat st;
	ssize_t n;

	if (lock_take(fd, true, now_ms()) != 1)
		return false;
	n = pread(fd, text, sizeof(text), 0);
	if (n > 0 && str_ends(str_make(text, (size_t)n), STR(OURS)))
		return true;
	return n >= 0 && fstat(fd, &st) == 0 &&
	       now_wall_s() - (int64_t)st.st_mtime >
	           (n == 0 ? DOTLOCK_EMPTY_S : DOTLOCK_STALE_S);
}

static void
remove_stale(struct dotlock *l)
{
	int fd = openat(l->dirfd, l->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (is_stale(fd) && file_has_name(fd, l->dirfd, l->name))
		unlinkat(l->dirfd, l->name, 0);
	close(fd);
}

int
dotlock_take(struct dotlock *l, int dirfd, const char *name)
{
	int64_t deadline = now_plus_s(DOTLOCK_WAIT_S);
	struct timespec pause = {.tv_nsec = PAUSE_LEAST_NS};

	*l = (struct dotlock){.dirfd = dirfd, .name = name, .fd = -1};
	while (create(l) < 0) {
		if (errno != EEXIST)
			return fail("lock ", name);
		remove_stale(l);
		if (now_ms() >= deadline) {
			errno = ETIMEDOUT;
			return fail("lock ", name);
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < PAUSE_MOST_NS)
			pause.tv_nsec *= 2;
	}
	return 0;
}

void
dotlock_release(struct dotlock *l)
{
	if (l->fd < 0)
		return;
	/* Somebody may have thought us dead. */
	if (file_has_name(l->fd, l->dirfd, l->name))
		unlinkat(l->dirfd, l->name, 0);
	close(l->fd);
	l->fd = -1;
}
