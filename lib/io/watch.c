/* SPDX-License-Identifier: ISC */
/* Noticing changes in directories. */
#define _GNU_SOURCE
#include "io/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/now.h"

#define SELDOM_MS 15000
#define OFTEN_MS 1000

/* A rename to or from elsewhere counts as DN_CREATE or DN_DELETE. */
#define WATCH_EVENTS (DN_CREATE | DN_DELETE | DN_RENAME | DN_MULTISHOT)

static int64_t
mtime_ns(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

static bool
times_changed(struct watch *w)
{
	bool changed = false;

	for (int i = 0; i < w->n; i++) {
		int64_t t = mtime_ns(w->path[i]);

		if (t != w->seen_ns[i])
			changed = true;
		w->seen_ns[i] = t;
	}
	return changed;
}

static bool
drain(int fd)
{
	struct signalfd_siginfo info;
	bool any = false;

	while (read(fd, &info, sizeof(info)) > 0)
		any = true;
	return any;
}

/* Blocked SIGIO, so that it does not end the process, as a descriptor.  What
 * was pending of an earlier watch is forgotten. */
static int
signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd >= 0)
		drain(fd);
	return fd;
}

/* Whether all that happens in this directory happens on this host: file systems
 * by their numbers in linux/magic.h. */
static bool
is_local(int fd)
{
	static const unsigned long local[] = {
	    0xef53,     /* ext4 */
	    0x58465342, /* XFS */
	    0x9123683e, /* btrfs */
	    0x2fc12fc1, /* ZFS */
	    0xf2f52010, /* F2FS */
	    0xca451a4e, /* bcachefs */
	    0x01021994, /* tmpfs */
	    0x794c7630, /* overlayfs */
	};
	struct statfs s;

	if (fstatfs(fd, &s) < 0)
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		if ((unsigned long)s.f_type == local[i])
			return true;
	return false;
}

/* Ask for signals about a directory.  Returns its descriptor; -1 there is none
 * to be had. */
static int
notify(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_NOTIFY, WATCH_EVENTS) == 0)
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

/* Only look at times from now on. */
static void
stop(struct watch *w)
{
	for (int i = 0; i < w->n; i++) {
		if (w->dir[i] >= 0)
			close(w->dir[i]);
		w->dir[i] = -1;
	}
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->step_ms = OFTEN_MS;
}

int
watch_open(struct watch *w, const char *const *paths, int n)
{
	bool all;

	if (n > WATCH_DIRS) {
		errno = EINVAL;
		return -1;
	}
	*w = (struct watch){.n = n, .fd = signals(), .step_ms = SELDOM_MS};
	all = w->fd >= 0;
	for (int i = 0; i < n; i++) {
		w->path[i] = paths[i];
		w->dir[i] = all ? notify(paths[i]) : -1;
		if (w->dir[i] >= 0 && !is_local(w->dir[i]))
			w->step_ms = OFTEN_MS;
		if (w->dir[i] < 0 && errno != ENOENT)
			all = false;
	}
	if (!all)
		stop(w);
	times_changed(w);
	return 0;
}

int
watch_wait(struct watch *w, int fd, int64_t deadline)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
		    {.fd = w->fd, .events = POLLIN}};
		int left = now_left(deadline);
		int n = poll(
		    p, 2, left < 0 || left > w->step_ms ? w->step_ms : left);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0 && p[0].revents)
			return 2;
		if (n > 0 && p[1].revents && drain(w->fd)) {
			times_changed(w);
			return 1;
		}
		if (times_changed(w))
			return 1;
		if (now_left(deadline) == 0)
			return 0;
	}
}

void
watch_close(struct watch *w)
{
	stop(w);
	w->n = 0;
}
