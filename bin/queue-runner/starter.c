/* SPDX-License-Identifier: ISC */
/* A child that starts the delivery programs for the runner, and nothing else:
 * it stays root where the runner gives that up, for these programs become the
 * owners of Maildirs, or the user who speaks with other servers.  Without root
 * it is the same.  A request is a packet, what is below as it lies in memory:
 * to start one of the two, with its socket; or to signal one of those that it
 * has started.  It ends when the runner does, after those it has started. */
#define _GNU_SOURCE
#include "runner.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "io/packet.h"
#include "io/spawn.h"
#include "io/wait.h"
#include "serve/sandbox.h"

#define ANSWER_S 60 /* for a program to be loaded */

struct request {
	int start;  /* else signal */
	int remote; /* which program */
	pid_t pid;
	int sig;
};

struct answer {
	pid_t pid; /* -1: failed */
	int err;
};

/* --------------------------------------------------------- in the child */

/* Without an answer the runner waits: it rather sees us end. */
static void
start_program(const struct runner *r, int fd, int remote, int socket)
{
	const char *const argv[] = {
	    remote ? r->deliver_remote : r->deliver_local, "-w", NULL};
	struct answer a = {-1, EMFILE};

	if (socket >= 0) {
		a.pid = spawn_start(argv, (int[]){socket, 2, 2}, 3, NULL);
		a.err = errno;
	}
	if (packet_send(
		fd, str_make((const char *)&a, sizeof(a)), NULL, 0, true) < 0)
		_exit(EXIT_TEMP);
}

/* A process that has ended is no child any more, whoever has its number. */
static bool
is_child(pid_t pid)
{
	siginfo_t info;

	return pid > 0 && waitid(P_PID, (id_t)pid, &info,
			      WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void
wait_children(void)
{
	int64_t deadline = now_plus_s(RUNNER_END_S);

	while (waitpid(-1, NULL, WNOHANG) >= 0 && now_ms() < deadline)
		poll(NULL, 0, 5);
}

_Noreturn static void
starter(const struct runner *r, int fd)
{
	int fds[PACKET_FDS], n;
	struct request q;

	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* children end by themselves */
	sandbox_enter("starter", NULL, 0);
	while (packet_receive(fd, (char *)&q, sizeof(q), fds, &n, true) ==
	       (ssize_t)sizeof(q)) {
		if (q.start)
			start_program(r, fd, q.remote, n == 1 ? fds[0] : -1);
		else if (is_child(q.pid))
			kill(q.pid, q.sig == SIGTERM ? SIGTERM : SIGKILL);
		while (n > 0)
			close(fds[--n]);
	}
	wait_children();
	_exit(0);
}

/* -------------------------------------------------------- in the runner */

int
starter_begin(struct runner *r)
{
	int s[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
		return fail("socketpair", NULL);
	pid = fork();
	if (pid == 0) {
		/* Nothing else of ours, the queue's lock least of all. */
		if (dup2(s[1], 3) != 3 || spawn_close_now(4) < 0 ||
		    spawn_close_from(3) < 0)
			die(EXIT_TEMP);
		starter(r, 3);
	}
	close(s[1]);
	if (pid < 0)
		return fail("fork", NULL);
	r->starter = s[0];
	return 0;
}

/* It does not end before us: we could not deliver anything any more. */
_Noreturn static void
lost(void)
{
	fail_text(EPIPE, "the process that starts deliveries has ended");
	die(EXIT_TEMP);
}

static int
ask(struct runner *r, const struct request *q, const int *fds, int n)
{
	struct str text = str_make((const char *)q, sizeof(*q));

	if (packet_send(r->starter, text, fds, n, true) == 0)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET)
		lost();
	return fail("ask the starter of deliveries", NULL);
}

pid_t
starter_start(struct runner *r, bool remote, int fd)
{
	const struct request q = {.start = true, .remote = remote};
	int fds[PACKET_FDS], n;
	struct answer a;

	if (ask(r, &q, &fd, 1) < 0)
		return -1;
	if (wait_readable(r->starter, now_plus_s(ANSWER_S)) <= 0 ||
	    packet_receive(r->starter, (char *)&a, sizeof(a), fds, &n, true) !=
		(ssize_t)sizeof(a))
		lost();
	if (a.pid >= 0)
		return a.pid;
	errno = a.err;
	return fail("start ", remote ? r->deliver_remote : r->deliver_local);
}

void
starter_kill(struct runner *r, pid_t pid, int sig)
{
	const struct request q = {.pid = pid, .sig = sig};

	if (ask(r, &q, NULL, 0) < 0)
		log_event("trouble", "err", fail_last(), NULL);
}
