/* SPDX-License-Identifier: ISC */
/* The parent of many logins. */
#define _GNU_SOURCE
#include "serve/login_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "io/packet.h"
#include "io/spawn.h"
#include "serve/starttls.h"

#define VARS_MAX 4096 /* of either kind */

/* What packets bring. */
enum { SOCK, CTL, DATA, FDS };

/* Where both sides have their descriptors, behind 0, 1 and 2.  Below
 * SPAWN_FDS: none of them gets to the checker. */
enum { MONITOR_FD = 3, CTL_FD, DATA_FD, FREE_FD };

struct conn {
	struct monitor m; /* .fd -1: the network side is not asked for any more,
	                   * or not there yet */
	int fd[FDS];      /* -1 where there is none */
	bool tls_wait;    /* fd[CTL] brings TLS variables first */
	struct buf vars;
	struct buf tls_vars;
};

struct worker {
	struct login *l;
	struct conn **list;
	struct pollfd *poll; /* the socket, and of each connection */
	size_t n, room;
	unsigned taken; /* connections until now */
	bool retired;
	bool over; /* no more connections */
};

static void
on_child(int sig)
{
	(void)sig; /* ends ppoll() */
}

/* ------------------------------------------------------- the connections */

static struct conn *
add(struct worker *w)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (w->n == w->room) {
		w->room = w->room ? w->room * 2 : 64;
		w->list = realloc(w->list, w->room * sizeof(*w->list));
		w->poll = realloc(w->poll, (w->room + 1) * sizeof(*w->poll));
	}
	if (!c || !w->list || !w->poll)
		oom();
	c->m = w->l->m;
	c->m.fd = c->fd[SOCK] = c->fd[CTL] = c->fd[DATA] = -1;
	buf_init(&c->vars, VARS_MAX);
	buf_init(&c->tls_vars, VARS_MAX);
	w->list[w->n++] = c;
	return c;
}

static void
close_fds(struct conn *c)
{
	for (size_t i = 0; i < FDS; i++)
		if (c->fd[i] >= 0)
			close(c->fd[i]);
	if (c->m.fd >= 0)
		close(c->m.fd);
	c->m.fd = c->fd[SOCK] = c->fd[CTL] = c->fd[DATA] = -1;
}

/* Forget it, unless its network side runs: that ends with us. */
static void
let_go(struct worker *w, struct conn *c)
{
	size_t i = 0;

	close_fds(c);
	if (c->m.child > 0)
		return;
	while (w->list[i] != c)
		i++;
	w->list[i] = w->list[--w->n];
	buf_free(&c->m.text);
	buf_free(&c->vars);
	buf_free(&c->tls_vars);
	free(c);
}

/* What was sent already still arrives; whoever sends more fails. */
static void
retire(struct worker *w, const char *why)
{
	if (w->retired)
		return;
	w->retired = true;
	log_event("retired", "why", why, "n", log_num(w->taken), NULL);
	shutdown(0, SHUT_RD);
}

/* Network sides, and sessions that monitors have become. */
static void
reap(struct worker *w)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < w->n; i++) {
			struct conn *c = w->list[i];

			if (c->m.child != pid)
				continue;
			c->m.child = 0;
			if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
				retire(w, "a login was killed by a signal");
			let_go(w, c);
			break;
		}
}

/* ------------------------------------------------- in a side's new process */

/* "NAME=value\0" …: both live as long as the process. */
static void
set_environment(struct conn *c)
{
	static char numbers[][16] = {
	    "SSLCTLFD=4", "SSLREADFD=5", "SSLWRITEFD=5"};

	for (size_t at = 0; at < c->vars.n; at += strlen(c->vars.p + at) + 1)
		putenv(c->vars.p + at);
	for (size_t i = 0; c->fd[DATA] >= 0 && i < 3; i++)
		putenv(numbers[i]);
	starttls_environment(buf_slice(&c->tls_vars));
}

/* None of them is below FREE_FD yet. */
static int
place(struct conn *c)
{
	int to[] = {c->m.fd, c->fd[CTL], c->fd[DATA]};

	if (dup2(c->fd[SOCK], 0) < 0 || dup2(0, 1) < 0)
		return fail("dup2", NULL);
	for (int i = 0; i < 3; i++)
		if (to[i] < 0)
			close(MONITOR_FD + i);
		else if (dup2(to[i], MONITOR_FD + i) < 0)
			return fail("dup2", NULL);
	if (fcntl(MONITOR_FD, F_SETFD, FD_CLOEXEC) < 0 ||
	    (to[2] >= 0 && fcntl(DATA_FD, F_SETFD, FD_CLOEXEC) < 0))
		return fail("fcntl", NULL);
	return spawn_close_now(FREE_FD);
}

/* Nothing of other connections; this one as if it had always been there. */
static void
be_alone(struct worker *w, struct conn *c)
{
	sigset_t none;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (place(c) < 0)
		die(EXIT_TEMP);
	set_environment(c);
	w->l->m = c->m;
	w->l->m.fd = MONITOR_FD;
	serve_connection(&w->l->s);
}

/* ---------------------------------------------------------- in the parent */

/* Returns 0 in the network side; 1. */
static int
start_network_side(struct worker *w, struct conn *c)
{
	int r = monitor_split(&c->m, "LOGIN_USER");

	if (r == 0) {
		be_alone(w, c);
		return 0;
	}
	if (r < 0 && c->m.child == 0)
		die(EXIT_TEMP);
	if (r < 0) {
		log_event("fork", "why", fail_last(), NULL);
		c->m.child = 0;
		let_go(w, c);
	}
	return 1;
}

/* The first question is for the process we fork now.  Returns 0 in that. */
static int
start_monitor(struct worker *w, struct conn *c)
{
	pid_t pid = fork();

	if (pid == 0) {
		c->m.child = 0;
		be_alone(w, c);
		return 0;
	}
	if (pid < 0) {
		fail("fork", NULL);
		log_event("fork", "why", fail_last(), NULL);
	}
	let_go(w, c);
	return 1;
}

/* What the process that does TLS says, and its end.  Returns 0 in the network
 * side that is started then; 1. */
static int
hear_tls(struct worker *w, struct conn *c)
{
	char part[1024];
	ssize_t n = recv(c->fd[CTL], part, sizeof(part), MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (n > 0)
		buf_put(&c->tls_vars, part, (size_t)n);
	if (n > 0 && !c->tls_vars.over)
		return 1;
	close(c->fd[CTL]);
	c->fd[CTL] = -1;
	c->tls_wait = false;
	if (c->tls_vars.over ||
	    !str_ends(buf_slice(&c->tls_vars), STR("\0\0"))) {
		let_go(w, c); /* the process for TLS has said why */
		return 1;
	}
	return start_network_side(w, c);
}

/* The descriptors and variables of a packet; false: not one of ours. */
static bool
unpack(struct conn *c, char *text, size_t n, const int *fds, int nfds)
{
	static const char wait[] = "TLSWAIT=1";
	bool ok = nfds > CTL && nfds <= FDS;

	for (int i = 0; i < nfds; i++)
		if (ok)
			c->fd[i] = fds[i];
		else
			close(fds[i]);
	text[n] = '\0';
	for (size_t at = 0; at < n; at += strlen(text + at) + 1)
		if (strcmp(text + at, wait) == 0)
			c->tls_wait = true;
		else
			buf_put(&c->vars, text + at, strlen(text + at) + 1);
	return ok && !c->vars.over && (!c->tls_wait || nfds == 2);
}

/* Returns 0 in the network side of a new connection; 1. */
static int
take(struct worker *w)
{
	char text[VARS_MAX + 1];
	int fds[PACKET_FDS], nfds;
	ssize_t n = packet_receive(0, text, VARS_MAX, fds, &nfds, false);
	struct conn *c;

	if (n < 0 && (errno == EAGAIN || errno == EMSGSIZE))
		return 1;
	if (n <= 0) {
		w->over = true;
		return 1;
	}
	if (++w->taken == LOGIN_WORKER_MOST)
		retire(w, "that many connections");
	c = add(w);
	if (!unpack(c, text, (size_t)n, fds, nfds)) {
		log_event("packet", "err", "not a connection", NULL);
		let_go(w, c);
		return 1;
	}
	return c->tls_wait ? 1 : start_network_side(w, c);
}

/* Something has come on a connection's socket, or it is closed.  Returns 0 in
 * the network side, 2 in the monitor, 1. */
static int
event(struct worker *w, struct conn *c)
{
	char kind;

	if (c->tls_wait)
		return hear_tls(w, c);
	if (recv(c->m.fd, &kind, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		return start_monitor(w, c) == 0 ? 2 : 1;
	kill(c->m.child, SIGKILL); /* no matter when it is ending anyway */
	let_go(w, c);
	return 1;
}

static void
wait_event(struct worker *w, const sigset_t *waiting)
{
	w->poll[0] = (struct pollfd){.fd = w->over ? -1 : 0, .events = POLLIN};
	for (size_t i = 0; i < w->n; i++)
		w->poll[i + 1] = (struct pollfd){.events = POLLIN,
		    .fd = w->list[i]->tls_wait ? w->list[i]->fd[CTL]
		                               : w->list[i]->m.fd};
	if (ppoll(w->poll, w->n + 1, NULL, waiting) >= 0)
		return;
	if (errno != EINTR) {
		fail("poll", NULL);
		die(EXIT_TEMP);
	}
	memset(w->poll, 0, (w->n + 1) * sizeof(*w->poll));
}

/* As many as we may: up to four for each connection.  Those below FREE_FD are
 * kept free for the sides. */
static void
prepare_files(void)
{
	struct rlimit r;
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd < FREE_FD);
	if (fd < 0) {
		fail("open /dev/null", NULL);
		die(EXIT_TEMP);
	}
	close(fd);
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

static void
prepare(struct worker *w, sigset_t *waiting)
{
	struct sigaction sa = {.sa_handler = on_child};
	sigset_t block;

	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, waiting);
	sigdelset(waiting, SIGCHLD);
	prepare_files();
	w->room = 64;
	w->list = calloc(w->room, sizeof(*w->list));
	w->poll = calloc(w->room + 1, sizeof(*w->poll));
	if (!w->list || !w->poll)
		oom();
}

int
login_worker(struct login *l)
{
	struct worker w = {.l = l};
	sigset_t waiting;

	prepare(&w, &waiting);
	while (!w.over || w.n > 0) {
		int r = 1;

		wait_event(&w, &waiting);
		/* From the last: ending one moves the last into its place. */
		for (size_t i = w.n; r == 1 && i-- > 0;)
			if (w.poll[i + 1].revents)
				r = event(&w, w.list[i]);
		if (r == 1 && w.poll[0].revents)
			r = take(&w);
		if (r != 1)
			return r == 0 ? 0 : 1;
		reap(&w);
	}
	exit(0);
}
