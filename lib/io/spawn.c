/* SPDX-License-Identifier: ISC */
/* Starting programs by vfork(): nothing of the caller is copied, which costs a
 * large one several times the price of a small program's start.  Until it
 * execs, the child shares our memory: it makes system calls and little else,
 * with all signals blocked while our handlers could still run in it. */
#define _GNU_SOURCE
#include "io/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"

/* Linux 5.11; older kernels say EINVAL or ENOSYS. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

extern char **environ;

/* Move the wanted descriptors out of the way first, then into place. */
static int
place_fds(const int *fds, int nfds)
{
	int high[SPAWN_FDS];

	for (int i = 0; i < nfds; i++) {
		high[i] = fds[i] < 0
		              ? -1
		              : fcntl(fds[i], F_DUPFD_CLOEXEC, SPAWN_FDS + 1);
		if (fds[i] >= 0 && high[i] < 0)
			return -1;
	}
	for (int i = 0; i < nfds; i++) {
		if (high[i] < 0)
			close(i);
		else if (dup2(high[i], i) < 0)
			return -1;
	}
	return 0;
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void
child(const struct drop *user, const char *const *argv, const int *fds,
    int nfds, const char *const *env, volatile int *err)
{
	if (place_fds(fds, nfds) == 0 && (!user || drop_to(user) == 0)) {
		reset_signals();
		execvpe(argv[0], (char *const *)(uintptr_t)argv,
		    env ? (char *const *)(uintptr_t)env : environ);
	}
	*err = errno;
	_exit(EXIT_TEMP);
}

pid_t
spawn_as(const struct drop *user, const char *const *argv, const int *fds,
    int nfds, const char *const *env)
{
	sigset_t all, before;
	volatile int err = 0; /* written by the child, in our memory */
	pid_t pid;

	if (nfds > SPAWN_FDS) {
		errno = EINVAL;
		return fail("start ", argv[0]);
	}
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = vfork();
	if (pid == 0)
		child(user, argv, fds, nfds, env, &err);
	if (pid < 0)
		err = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!err)
		return pid;
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	errno = err;
	return fail("start ", argv[0]);
}

pid_t
spawn_start(
    const char *const *argv, const int *fds, int nfds, const char *const *env)
{
	return spawn_as(NULL, argv, fds, nfds, env);
}

int
spawn_wait(pid_t pid, int64_t deadline)
{
	bool killed = false;
	int pause_ms = 1;
	int status;

	for (;;) {
		pid_t r = waitpid(pid, &status,
		    deadline == NOW_NEVER || killed ? 0 : WNOHANG);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == pid)
			break;
		if (now_left(deadline) == 0) {
			kill(pid, SIGKILL);
			killed = true;
			continue;
		}
		poll(NULL, 0, pause_ms);
		if (pause_ms < 32)
			pause_ms *= 2;
	}
	if (killed) {
		errno = ETIMEDOUT;
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
close_one(int fd, bool now)
{
	return now ? close(fd) : fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Now, or on exec. */
static int
close_from(int from, bool now)
{
	DIR *d;
	struct dirent *e;

	if (syscall(
		SYS_close_range, from, ~0u, now ? 0 : CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	d = opendir("/proc/self/fd");
	if (!d) {
		for (int fd = from; fd < 1024; fd++)
			close_one(fd, now);
		return 0;
	}
	while ((e = readdir(d))) {
		int fd = (int)strtol(e->d_name, NULL, 10);

		if (fd >= from && fd != dirfd(d))
			close_one(fd, now);
	}
	return closedir(d);
}

int
spawn_close_from(int from)
{
	return close_from(from, false);
}

int
spawn_close_now(int from)
{
	return close_from(from, true);
}
