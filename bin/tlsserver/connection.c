/* SPDX-License-Identifier: ISC */
/* One connection: its process, the UCSPI environment, TLS, privileges, exec. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "io/packet.h"
#include "io/spawn.h"
#include "net/ucspi_tls.h"
#include "serve/sandbox.h"
#include "server.h"

#define VARS 6     /* of each connection */
#define TLS_VARS 3 /* where TLS can be started */
#define VARS_MAX 400

extern char **environ;

/* Variables by which handlers judge a connection. */
static bool
ucspi_name(const char *entry)
{
	static const char *const prefix[] = {"TCP", "SSL",
	    "PROTO=", "REMOTE_ADDR=", "REMOTE_HOST=", "IMAPLOGINTAG=",
	    "POP3_STATE=", "AUTHENTICATED=", "CLIENT_INPUT="};

	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (strncmp(entry, prefix[i], strlen(prefix[i])) == 0)
			return true;
	return false;
}

void
connection_clean_environment(void)
{
	char **to = environ;

	for (char **from = environ; *from; from++)
		if (!ucspi_name(*from))
			*to++ = *from;
	*to = NULL;
}

/* The variables of one connection, "NAME=value\0" each, into text; env[0..7)
 * point to them.  Returns their octets. */
static size_t
make_vars(char text[VARS_MAX], const char *env[VARS], int sock,
    const struct peer *peer, size_t ordinal)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);
	struct peer self;
	size_t n = 0;

	if (getsockname(sock, (struct sockaddr *)&ss, &len) < 0)
		memset(&ss, 0, sizeof(ss));
	peer_read(&self, &ss);
	snprintf(text, VARS_MAX,
	    "PROTO=TCP%cTCPLOCALIP=%s%cTCPLOCALPORT=%u%cTCPREMOTEIP=%s%c"
	    "TCPREMOTEPORT=%u%cTCPCONNNUM=%zu",
	    0, self.ip, 0, self.port, 0, peer->ip, 0, peer->port, 0, ordinal);
	for (size_t i = 0; i < VARS; i++) {
		env[i] = text + n;
		n += strlen(text + n) + 1;
	}
	return n;
}

/* vars[0..n) in front of our environment; lives until the next call. */
static const char **
make_environ(const char *const *vars, size_t nvars)
{
	static const char **env;
	size_t n = 0;

	while (!env && environ[n])
		n++;
	if (!env && !(env = calloc(n + VARS + TLS_VARS + 1, sizeof(*env))))
		oom();
	for (n = 0; n < nvars; n++)
		env[n] = vars[n];
	for (char **e = environ; *e; e++)
		env[n++] = *e;
	env[n] = NULL;
	return env;
}

_Noreturn static void
become_program(const struct server *s)
{
	char *const *argv = (char *const *)(uintptr_t)s->program;

	if (s->user && drop_to(s->user) < 0)
		die(EXIT_TEMP);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	fail("start ", argv[0]);
	die(EXIT_TEMP);
}

/* TLS from the start: a process for it, and one that waits for the handshake
 * and becomes the program.  _exit throughout: nothing is buffered, and the
 * parent's clean-up is not ours. */
_Noreturn static void
serve_tls(struct server *s, int sock)
{
	struct ucspi_tls u;
	int r = ucspi_tls_split(&u, sock);

	if (r == 0) {
		r = ucspi_tls_become(&u, true);
		if (r > 0)
			become_program(s);
		_exit(r < 0 ? EXIT_TEMP : 0);
	}
	if (r < 0 || ucspi_tls_confine(s->tls_user) < 0)
		die(EXIT_TEMP);
	sandbox_enter("tls", NULL, 0);
	if (ucspi_tls_serve(&u, &s->tls, 'Y', s->tls_timeout_s) < 0)
		log_event("tls-failed", "err", fail_last(), NULL);
	r = spawn_wait(u.handler, INT64_MAX);
	_exit(r < 0 ? EXIT_TEMP : r);
}

static int
start_tls(struct server *s, int sock, const char **env, struct client *c)
{
	starttls_refresh(s, false);
	log_release(); /* not for two to write */
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return fail("fork", NULL);
	}
	if (c->pid > 0)
		return 0;
	log_context("ip", c->ip);
	loop_default_signals();
	close(s->fd);
	close(s->events);
	environ = (char **)(uintptr_t)env;
	serve_tls(s, sock);
}

static int
start_program(const struct server *s, const int *fds, int nfds,
    const char *const *env, struct client *c)
{
	/* Without TLS we are that user already. */
	const struct drop *user = s->mode == MODE_PLAIN ? NULL : s->user;
	pid_t pid = spawn_as(user, s->program, fds, nfds, env);

	if (pid < 0)
		return -1;
	c->pid = pid;
	return 0;
}

/* The sockets between a client's program and us: their ends go to theirs. */
static int
make_sockets(struct server *s, struct client *c, int theirs[2])
{
	struct epoll_event e = {.events = EPOLLIN};
	int ctl[2], data[2] = {-1, -1};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ctl) < 0)
		return fail("socketpair", NULL);
	if (s->mode != MODE_PLAIN &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, data) < 0) {
		close(ctl[0]);
		close(ctl[1]);
		return fail("socketpair", NULL);
	}
	c->ctl = e.data.fd = ctl[0];
	c->data = data[0];
	theirs[0] = ctl[1];
	theirs[1] = data[1];
	/* From the start it belongs to the process that does TLS. */
	if (s->mode == MODE_TLS)
		return 0;
	if (epoll_ctl(s->events, EPOLL_CTL_ADD, c->ctl, &e) < 0)
		return fail("epoll", NULL);
	return 0;
}

static int
give(struct server *s, int sock, struct str text, const char **vars,
    const int theirs[2], struct client *c)
{
	static const char *const tls[TLS_VARS] = {
	    "SSLCTLFD=3", "SSLREADFD=4", "SSLWRITEFD=4"};

	if (s->mode == MODE_TLS)
		return worker_give(s, text, (int[]){theirs[1], theirs[0]}, 2);
	if (s->is_worker)
		return worker_give(s, text, (int[]){sock, theirs[0], theirs[1]},
		    theirs[1] < 0 ? 2 : 3);
	memcpy(vars + VARS, tls, sizeof(tls));
	return start_program(s, (int[]){sock, sock, 2, theirs[0], theirs[1]}, 5,
	    make_environ(vars, VARS + TLS_VARS), c);
}

/* The program will tell by the control socket when it wants TLS; its end is
 * the end of a worker's session.  With TLS from the start a worker hears there
 * of the handshake. */
static int
start_with_sockets(struct server *s, int sock, struct str text,
    const char **vars, struct client *c)
{
	int theirs[2] = {-1, -1};
	int r = make_sockets(s, c, theirs);

	if (r == 0)
		r = give(s, sock, text, vars, theirs, c);
	for (int i = 0; i < 2; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (r == 0 && s->mode != MODE_PLAIN)
		c->sock = fcntl(sock, F_DUPFD_CLOEXEC, 3);
	if (r == 0 && s->mode == MODE_TLS)
		r = starttls_start(s, c, 'Y');
	return r;
}

int
connection_again(struct server *s, int sock, const struct peer *peer,
    size_t ordinal, struct client *c)
{
	const char *vars[VARS + TLS_VARS];
	char text[VARS_MAX];
	size_t n = make_vars(text, vars, sock, peer, ordinal);

	if (packet_send(c->ctl, str_make(text, n), &sock, 1, false) < 0)
		return fail("give the connection to a child", NULL);
	if (s->mode == MODE_STARTTLS)
		c->sock = fcntl(sock, F_DUPFD_CLOEXEC, 3);
	return 0;
}

int
connection_start(struct server *s, int sock, const struct peer *peer,
    size_t ordinal, struct client *c)
{
	static const char wait[] = "TLSWAIT=1";
	const char *vars[VARS + TLS_VARS];
	char text[VARS_MAX];
	size_t n = make_vars(text, vars, sock, peer, ordinal);

	if (s->mode == MODE_TLS && s->is_worker) {
		memcpy(text + n, wait, sizeof(wait));
		n += sizeof(wait);
	}
	if (s->mode == MODE_TLS && !s->is_worker)
		return start_tls(s, sock, make_environ(vars, VARS), c);
	if (s->mode != MODE_PLAIN || s->is_worker)
		return start_with_sockets(s, sock, str_make(text, n), vars, c);
	return start_program(
	    s, (int[]){sock, sock, 2}, 3, make_environ(vars, VARS), c);
}
