/* SPDX-License-Identifier: ISC */
/* Starting programs.  A pipe that closes on exec carries the errno of a failed
 * exec back to the caller. */
#define _GNU_SOURCE
#include "io/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"

extern char **environ;

/* Move the wanted descriptors out of the way first, then into place. */
static int
place_fds(const int *fds, int nfds, int *status_fd)
{
	int high[SPAWN_FDS];

	*status_fd = fcntl(*status_fd, F_DUPFD_CLOEXEC, SPAWN_FDS + 1);
	if (*status_fd < 0)
		return -1;
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
child(const char *const *argv, const int *fds, int nfds, const char *const *env,
    int status_fd)
{
	if (place_fds(fds, nfds, &status_fd) == 0) {
		reset_signals();
		if (env)
			environ = (char **)(uintptr_t)env;
		execvp(argv[0], (char *const *)(uintptr_t)argv);
	}
	if (write(status_fd, &errno, sizeof(errno)) < 0)
		_exit(EXIT_TEMP);
	_exit(EXIT_TEMP);
}

pid_t
spawn_start(
    const char *const *argv, const int *fds, int nfds, const char *const *env)
{
	int status[2];
	int err = 0;
	ssize_t n;
	pid_t pid;

	if (nfds > SPAWN_FDS) {
		errno = EINVAL;
		return fail("start ", argv[0]);
	}
	if (pipe2(status, O_CLOEXEC) < 0)
		return fail("pipe", NULL);
	pid = fork();
	if (pid == 0)
		child(argv, fds, nfds, env, status[1]);
	close(status[1]);
	if (pid < 0) {
		fail("fork", NULL);
		close(status[0]);
		return -1;
	}
	do
		n = read(status[0], &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		err = errno;
	close(status[0]);
	if (n == 0)
		return pid;
	/* When reading failed it may well run. */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	errno = err;
	return fail("start ", argv[0]);
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

int
spawn_close_from(int from)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	if (!d) {
		for (int fd = from; fd < 1024; fd++)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
		return 0;
	}
	while ((e = readdir(d))) {
		int fd = (int)strtol(e->d_name, NULL, 10);

		if (fd >= from && fd != dirfd(d))
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	return closedir(d);
}
