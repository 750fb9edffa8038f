/* SPDX-License-Identifier: ISC */
/* Starting a program with given descriptors, and waiting for it. */
#ifndef IO_SPAWN_H
#define IO_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "io/drop.h"

#define SPAWN_FDS 8

/* Start argv[0] (searched in PATH) with fds[0..nfds) as its descriptors 0, 1,
 * …; -1 leaves that number closed.  nfds is at most SPAWN_FDS.  All other
 * descriptors must be close-on-exec.  Signals are at their defaults in the
 * child.  env: NULL for our environment.
 * Returns the process id, or -1 (also when the exec failed: errno is its). */
pid_t spawn_start(
    const char *const *argv, const int *fds, int nfds, const char *const *env);

/* The same as another user: root drops to `user` before the exec; NULL for
 * nobody else. */
pid_t spawn_as(const struct drop *user, const char *const *argv, const int *fds,
    int nfds, const char *const *env);

/* Wait for pid until deadline; kill it with SIGKILL when that passes.
 * Returns its exit code, 128 + signal number, or -1 failed (ECHILD, or
 * ETIMEDOUT when it was killed here). */
int spawn_wait(pid_t pid, int64_t deadline);

/* Make every descriptor from `from` on close-on-exec.  0 or -1. */
int spawn_close_from(int from);

/* Close every descriptor from `from` on.  0 or -1. */
int spawn_close_now(int from);

#endif
