/* SPDX-License-Identifier: ISC */
/* A program that is started once and given each connection as a packet: the
 * price of an exec is not paid for each.  It may end whenever it likes; the
 * next connection starts another one, as it does when the program's file has
 * been replaced. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "io/packet.h"
#include "io/spawn.h"
#include "server.h"

/* The running program's file. */
static char path[PATH_MAX];
static struct stat file;

/* The file that execvp(3) will find.  Not by /proc: the program may soon not be
 * looked into any more. */
static void
remember_file(const char *name)
{
	const char *dirs = getenv("PATH");
	struct str rest = str_z(dirs ? dirs : "/bin:/usr/bin");
	struct str dir;
	bool found =
	    strchr(name, '/') && str_copy(path, sizeof(path), str_z(name)) == 0;

	while (!found && str_cut(&rest, ':', &dir))
		found = snprintf(path, sizeof(path), "%.*s/%s",
			    (int)(dir.n ? dir.n : 1), dir.n ? dir.p : ".",
			    name) < (int)sizeof(path) &&
		        access(path, X_OK) == 0;
	if (!found || stat(path, &file) < 0)
		path[0] = '\0'; /* it is never found replaced */
}

/* Looks once a second.  While it is missing the next one is being put there. */
static bool
was_replaced(void)
{
	static int64_t next;
	struct stat now;

	if (now_ms() < next)
		return false;
	next = now_plus_s(1);
	return path[0] && stat(path, &now) == 0 &&
	       (now.st_ino != file.st_ino || now.st_dev != file.st_dev ||
		   now.st_mtim.tv_sec != file.st_mtim.tv_sec ||
		   now.st_mtim.tv_nsec != file.st_mtim.tv_nsec);
}

void
worker_dismiss(struct server *s)
{
	if (s->worker_fd >= 0)
		close(s->worker_fd);
	s->worker_fd = -1;
	s->worker = 0;
}

static int
start(struct server *s)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return fail("socketpair", NULL);
	remember_file(s->program[0]);
	pid = spawn_as(s->mode == MODE_PLAIN ? NULL : s->user, s->program,
	    (int[]){fds[1], 2, 2}, 3, NULL);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -1;
	}
	s->worker = pid;
	s->worker_fd = fds[0];
	log_event("worker", "pid", log_num((unsigned)pid), NULL);
	return 0;
}

bool
worker_is_current(struct server *s)
{
	if (s->worker_fd >= 0 && was_replaced())
		worker_dismiss(s);
	return s->worker_fd >= 0;
}

int
worker_give(struct server *s, struct str vars, const int *fds, int nfds)
{
	worker_is_current(s);
	for (int try = 0; try < 2; try++) {
		if (s->worker_fd < 0 && start(s) < 0)
			return -1;
		if (packet_send(s->worker_fd, vars, fds, nfds, false) == 0)
			return 0;
		if (errno != EPIPE && errno != ECONNRESET)
			break;
		worker_dismiss(s);
	}
	return fail("give the connection to ", s->program[0]);
}
