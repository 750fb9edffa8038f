/* SPDX-License-Identifier: ISC */
/* Noticing changes in directories.  Both ways are used together: inotify for
 * promptness and, each 15 s or (without it) each second, the modification
 * times, which also see the changes that inotify does not report. */
#define _GNU_SOURCE
#include "io/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/now.h"

#define WATCH_EVENTS \
	(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB)

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

int
watch_open(struct watch *w, const char *const *paths, int n)
{
	if (n > WATCH_DIRS) {
		errno = EINVAL;
		return -1;
	}
	w->n = n;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (int i = 0; i < n; i++) {
		w->path[i] = paths[i];
		if (w->fd >= 0 &&
		    inotify_add_watch(w->fd, paths[i], WATCH_EVENTS) < 0 &&
		    errno != ENOENT) {
			close(w->fd);
			w->fd = -1;
		}
	}
	times_changed(w);
	return 0;
}

static bool
drain(int fd)
{
	char events[4096];
	bool any = false;

	while (read(fd, events, sizeof(events)) > 0)
		any = true;
	return any;
}

int
watch_wait(struct watch *w, int fd, int64_t deadline)
{
	const int step_ms = w->fd < 0 ? 1000 : 15000;

	for (;;) {
		struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
		    {.fd = w->fd, .events = POLLIN}};
		int left = now_left(deadline);
		int n = poll(p, 2, left < 0 || left > step_ms ? step_ms : left);

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
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->n = 0;
}
