/* SPDX-License-Identifier: ISC */
/* Small things of the rig: dying, paths, programs, chance. */
#define _GNU_SOURCE
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "io/spawn.h"

char rig_work[RIG_PATH];

_Noreturn void
broken_text(const char *what, const char *why)
{
	fprintf(stderr, "powercut: %s: %s\n", what, why);
	exit(EXIT_TEMP);
}

_Noreturn void
broken(const char *what)
{
	broken_text(what, strerror(errno));
}

void
rig_path(char to[RIG_PATH], const char *a, const char *b, const char *c)
{
	int n = snprintf(to, RIG_PATH, "%s%s%s", a, b, c);

	if (n < 0 || n >= RIG_PATH)
		broken_text(a, "the path is too long");
}

void *
rig_shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		broken("mmap");
	return p;
}

void
rig_unshare(void *p, size_t n)
{
	if (munmap(p, n) < 0)
		broken("munmap");
}

pid_t
rig_start(const char *const *argv, int in, int out, const char *log)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int err =
	    log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
		: null;
	int fds[3] = {in < 0 ? null : in, out < 0 ? null : out, err};
	pid_t pid;

	if (null < 0 || err < 0)
		broken(log ? log : "/dev/null");
	pid = spawn_start(argv, fds, 3, NULL);
	if (pid < 0)
		broken(argv[0]);
	if (err != null)
		close(err);
	close(null);
	return pid;
}

void
rig_wait(pid_t pid, const char *what)
{
	int status = spawn_wait(pid, now_plus_s(RIG_WAIT_S));
	char why[40];

	if (status < 0)
		broken(what);
	if (status == 0)
		return;
	snprintf(why, sizeof(why), "ended with status %d", status);
	broken_text(what, why);
}

void
rig_run(const char *const *argv, const char *log)
{
	rig_wait(rig_start(argv, -1, -1, log), argv[0]);
}

uint64_t
rig_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}
