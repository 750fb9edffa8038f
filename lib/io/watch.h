/* SPDX-License-Identifier: ISC */
/* Noticing that directories change: by dnotify (fcntl(2), F_NOTIFY) where it is
 * to be had, and by their modification times, looked at every 15 s, or each
 * second without dnotify and on file systems that other hosts may change: of
 * what those do nothing is reported.
 *
 * Not by inotify: a user may have only 128 instances of it
 * (fs.inotify.max_user_instances), and all mail may belong to one user. Nothing
 * of dnotify is counted by user.  Measured with 10,000 waiting processes of one
 * user: told after 0.07 ms, as by inotify with 100 of them, and no CPU time
 * while nothing happens; looking at the times each second takes 19 % of a CPU,
 * every 200 ms 86 %.  A datagram socket that writers wake takes 0.13 ms, and
 * foreign deliveries do not know of it. */
#ifndef IO_WATCH_H
#define IO_WATCH_H

#include <stdint.h>

#define WATCH_DIRS 4

struct watch {
	int fd; /* signalfd for SIGIO, or -1 when only times are looked at */
	int n;
	int step_ms; /* between looks at the times */
	const char *path[WATCH_DIRS];
	int dir[WATCH_DIRS];         /* open for dnotify, or -1 */
	int64_t seen_ns[WATCH_DIRS]; /* modification time last seen */
};

/* Watch n directories (at most WATCH_DIRS); the paths must outlive the watch.
 * A directory that does not exist counts as never changing.  One watch at a
 * time in a process: it blocks SIGIO, which stays blocked.  0 or -1. */
int watch_open(struct watch *w, const char *const *paths, int n);

/* Wait until a watched directory changes, fd (or -1 for none) is readable, or
 * deadline passes.  Returns 2 fd readable (also when both), 1 changed,
 * 0 deadline, -1 failed.  Changes that came before the call since the last
 * one are not missed. */
int watch_wait(struct watch *w, int fd, int64_t deadline);

void watch_close(struct watch *w);

#endif
