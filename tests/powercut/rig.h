/* SPDX-License-Identifier: ISC */
/* What all parts of the rig share.  A rig that cannot go on ends: it is the
 * first process of its own process and mount namespaces, so that its end takes
 * every program, mount and loop device along. */
#ifndef RIG_H
#define RIG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RIG_PATH 256
#define RIG_WAIT_S 120 /* for anything that must happen */

/* The folder of everything, a memory file system of our own. */
extern char rig_work[RIG_PATH];

/* Say what failed, with errno, and exit 111. */
_Noreturn void broken(const char *what);

/* The same with a text instead of errno. */
_Noreturn void broken_text(const char *what, const char *why);

/* Join up to three pieces to a path; broken when it is too long. */
void rig_path(char to[RIG_PATH], const char *a, const char *b, const char *c);

/* Shared memory of n octets, zeros, that children forked later see too. */
void *rig_shared(size_t n);
void rig_unshare(void *p, size_t n);

/* Start a program with descriptors 0 and 1 (-1: /dev/null) and its standard
 * error appended to the file log (NULL: /dev/null).  broken on failure. */
pid_t rig_start(const char *const *argv, int in, int out, const char *log);

/* Start it and wait RIG_WAIT_S for it; broken unless it exits 0. */
void rig_run(const char *const *argv, const char *log);

/* Wait for a process; broken unless it exits 0 in time. */
void rig_wait(pid_t pid, const char *what);

/* A random number (splitmix64); the same seed gives the same row. */
uint64_t rig_random(uint64_t *seed);

#endif
