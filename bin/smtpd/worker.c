/* SPDX-License-Identifier: ISC */
/* The parent of many sessions. */
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "io/packet.h"
#include "io/spawn.h"
#include "parent.h"
#include "serve/sandbox.h"
#include "serve/starttls.h"

#define VARS_MAX 4096

#define SESSIONS_MOST 100   /* of one child */
#define END_OF_REST SIGUSR1 /* ends children that rest, and no others */

/* What packets bring. */
enum { SOCK, CTL, DATA };

/* Where a child has its descriptors, behind 0, 1 and 2. */
enum { MONITOR_FD = 3, CTL_FD, DATA_FD, FREE_FD };

struct worker {
	struct smtp *s;
	struct monitor *children;
	struct pollfd *poll; /* of each child */
	size_t n, room;
	pid_t spare;    /* the child without a connection; 0 for none */
	unsigned taken; /* connections until now */
	bool retired;
	bool over; /* no more connections */
};

static void
make_room(struct worker *w)
{
	if (w->n < w->room)
		return;
	w->room = w->room ? w->room * 2 : 64;
	w->children = realloc(w->children, w->room * sizeof(*w->children));
	w->poll = realloc(w->poll, w->room * sizeof(*w->poll));
	if (!w->children || !w->poll)
		oom();
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
	for (size_t i = 0; i < w->n; i++)
		kill(w->children[i].child, END_OF_REST);
}

/* ---- in the child ---- */

/* Nothing of other sessions. */
static int
be_alone(struct monitor *m)
{
	if (dup2(m->fd, MONITOR_FD) < 0)
		return fail("dup2", NULL);
	m->fd = MONITOR_FD;
	return spawn_close_now(MONITOR_FD + 1);
}

/* They have come in order, from MONITOR_FD + 1 on. */
static int
place(const int *fds, int nfds)
{
	static const int to[] = {0, CTL_FD, DATA_FD};

	for (int i = 0; i < nfds; i++)
		if (dup2(fds[i], to[i]) < 0)
			return fail("dup2", NULL);
	if (dup2(0, 1) < 0)
		return fail("dup2", NULL);
	return spawn_close_now(nfds > DATA ? FREE_FD : DATA_FD);
}

/* The variables live as long as the process: text is static. */
static void
set_environment(char *text, size_t n, bool tls)
{
	static char numbers[][16] = {
	    "SSLCTLFD=4", "SSLREADFD=5", "SSLWRITEFD=5"};

	for (size_t at = 0; at < n; at += strlen(text + at) + 1)
		putenv(text + at);
	for (size_t i = 0; tls && i < 3; i++)
		putenv(numbers[i]);
}

/* The spare's life: wait for a connection, and become its session. */
static int
wait_connection(struct worker *w, struct monitor *m)
{
	static char text[VARS_MAX + 1];
	int fds[PACKET_FDS], nfds;
	ssize_t n;

	if (be_alone(m) < 0)
		die(EXIT_TEMP);
	child_confine(w->s);
	do
		n = packet_receive(0, text, VARS_MAX, fds, &nfds, true);
	while (n < 0 && errno == EMSGSIZE);
	if (n <= 0)
		_exit(0);
	text[n] = '\0';
	if (nfds <= CTL || nfds > DATA + 1)
		_exit(EXIT_PERM);
	if (monitor_tell(m, PARENT_BUSY) < 0 || place(fds, nfds) < 0)
		die(EXIT_TEMP);
	set_environment(text, (size_t)n, nfds > DATA);
	if (getenv("TLSWAIT")) {
		log_event("misused", "err", "-w with TLS from the start", NULL);
		_exit(EXIT_PERM);
	}
	w->s->monitor = *m;
	serve_connection(&w->s->serve);
	w->s->tls_offered = starttls_offered();
	return 0;
}

/* The packet brings the connection alone. */
static int
next_connection(void)
{
	static char text[VARS_MAX + 1];
	int fds[PACKET_FDS], nfds;
	ssize_t n = packet_receive(CTL_FD, text, VARS_MAX, fds, &nfds, true);

	signal(END_OF_REST, SIG_IGN);
	if (n <= 0 || nfds != 1 || dup2(fds[0], 0) < 0 || dup2(0, 1) < 0)
		return 0;
	close(fds[0]);
	text[n] = '\0';
	set_environment(text, (size_t)n, false);
	return 1;
}

/* Only after an end in peace.  tlsserver has the connection open, too. */
int
worker_again(struct smtp *s)
{
	static const char again = PACKET_AGAIN;
	static unsigned sessions;

	if (!s->in_worker || !s->quit || s->errors > 0 || s->serve.tls ||
	    ++sessions == SESSIONS_MOST)
		return 0;
	/* ENOTCONN: the client was faster. */
	if (shutdown(0, SHUT_RDWR) < 0 && errno != ENOTCONN)
		return 0;
	signal(END_OF_REST, SIG_DFL);
	if (send(CTL_FD, &again, 1, MSG_NOSIGNAL) != 1)
		return 0;
	session_again(s);
	if (next_connection() == 0)
		return 0;
	serve_connection(&s->serve);
	return 1;
}

/* ---- in the parent ---- */

/* Nobody takes connections any more: whoever sends them has to know, and those
 * on their way have to be let go. */
static void
end_connections(struct worker *w)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	w->over = true;
	if (null < 0 || dup2(null, 0) < 0)
		close(0);
	if (null > 0)
		close(null);
}

/* Fork the spare, unless there will be no more connections.  Returns 0 in a
 * child with a connection, 1 in the parent. */
static int
make_spare(struct worker *w)
{
	struct monitor m = w->s->monitor;
	int r;

	if (w->over)
		return 1;
	r = monitor_split(&m, "SMTP_USER");
	if (r < 0 && m.child == 0)
		die(EXIT_TEMP);
	if (r == 0)
		return wait_connection(w, &m);
	if (r < 0) {
		log_event("fork", "why", fail_last(), NULL);
		end_connections(w);
		return 1;
	}
	make_room(w);
	w->children[w->n++] = m;
	w->spare = m.child;
	return 1;
}

static int
taken(struct worker *w, const struct monitor *m)
{
	if (m->child != w->spare)
		return 1;
	w->spare = 0;
	if (++w->taken == WORKER_MOST)
		retire(w, "that many connections");
	else if (sandbox_stale())
		retire(w, "what it may read was replaced");
	return make_spare(w);
}

/* The child's end of the socket is closed, or it does not behave.  A spare
 * ends by itself when no more connections come. */
static int
end_child(struct worker *w, size_t i)
{
	struct monitor *m = &w->children[i];
	bool spare = m->child == w->spare;
	int status = 0;

	kill(m->child, SIGKILL); /* no matter when it is ending anyway */
	close(m->fd);
	buf_free(&m->text);
	while (waitpid(m->child, &status, 0) < 0 && errno == EINTR)
		continue;
	*m = w->children[--w->n];
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL &&
	    WTERMSIG(status) != END_OF_REST)
		retire(w, "a session was killed by a signal");
	if (!spare)
		return 1;
	w->spare = 0;
	if (WIFEXITED(status) || w->retired)
		end_connections(w);
	return make_spare(w);
}

static int
wait_event(struct worker *w)
{
	for (size_t i = 0; i < w->n; i++)
		w->poll[i] =
		    (struct pollfd){.fd = w->children[i].fd, .events = POLLIN};
	while (poll(w->poll, w->n, -1) < 0)
		if (errno != EINTR)
			return fail("poll", NULL);
	return 0;
}

static int
child_event(struct worker *w, size_t i)
{
	int kind = parent_answer(w->s, &w->children[i]);

	if (kind <= 0)
		return end_child(w, i);
	return kind == PARENT_BUSY ? taken(w, &w->children[i]) : 1;
}

int
worker_run(struct smtp *s)
{
	struct worker w = {.s = s};
	int r;

	s->in_worker = true;
	signal(END_OF_REST, SIG_IGN);
	parent_confine(s);
	r = make_spare(&w);
	while (r > 0 && w.n > 0) {
		if (wait_event(&w) < 0)
			return -1;
		/* From the last: ending one moves the last into its place. */
		for (size_t i = w.n; r > 0 && i-- > 0;)
			if (w.poll[i].revents)
				r = child_event(&w, i);
	}
	return r;
}
