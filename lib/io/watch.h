/* SPDX-License-Identifier: ISC */
/* Noticing that directories change: inotify where it is to be had, else (a
 * user may own only 128 instances, and shared file systems report nothing from
 * other hosts) their modification times, looked at once a second. */
#ifndef IO_WATCH_H
#define IO_WATCH_H

#include <stdint.h>

#define WATCH_DIRS 4

struct watch {
	int fd; /* inotify instance, or -1 when polling */
	int n;
	const char *path[WATCH_DIRS];
	int64_t seen_ns[WATCH_DIRS]; /* modification time last seen */
};

/* Watch n directories (at most WATCH_DIRS); the paths must outlive the watch.
 * A directory that does not exist counts as never changing.  0 or -1. */
int watch_open(struct watch *w, const char *const *paths, int n);

/* Wait until a watched directory changes, fd (or -1 for none) is readable, or
 * deadline passes.  Returns 2 fd readable (also when both), 1 changed,
 * 0 deadline, -1 failed.  Changes that came before the call since the last
 * one are not missed. */
int watch_wait(struct watch *w, int fd, int64_t deadline);

void watch_close(struct watch *w);

#endif
