/* SPDX-License-Identifier: ISC */
/* One connection: its process, the UCSPI environment, TLS, privileges, exec. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "io/spawn.h"
#include "net/ucspi_tls.h"
#include "server.h"

extern char **environ;

/* Variables by which handlers judge a connection. */
static bool
ucspi_name(const char *entry)
{
	static const char *const prefix[] = {"TCP", "SSL",
	    "PROTO=", "REMOTE_ADDR=", "REMOTE_HOST=", "IMAPLOGINTAG=",
	    "AUTHENTICATED=", "CLIENT_INPUT="};

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

/* Our environment with the variables of one connection in front, which live
 * until the next call. */
static const char **
make_environ(int sock, const struct peer *peer, size_t ordinal)
{
	static char text[5][UCSPI_IP + 32];
	static const char **env;
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);
	struct peer self;
	size_t n = 0;

	if (getsockname(sock, (struct sockaddr *)&ss, &len) < 0)
		memset(&ss, 0, sizeof(ss));
	peer_read(&self, &ss);
	while (!env && environ[n])
		n++;
	if (!env && !(env = calloc(n + 7, sizeof(*env))))
		oom();
	snprintf(text[0], sizeof(text[0]), "TCPLOCALIP=%s", self.ip);
	snprintf(text[1], sizeof(text[1]), "TCPLOCALPORT=%u", self.port);
	snprintf(text[2], sizeof(text[2]), "TCPREMOTEIP=%s", peer->ip);
	snprintf(text[3], sizeof(text[3]), "TCPREMOTEPORT=%u", peer->port);
	snprintf(text[4], sizeof(text[4]), "TCPCONNNUM=%zu", ordinal);
	for (n = 0; n < 5; n++)
		env[n] = text[n];
	env[n++] = "PROTO=TCP";
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

/* _exit throughout: nothing is buffered, and the parent's clean-up is not
 * ours. */
_Noreturn static void
serve_tls(const struct server *s, int sock)
{
	bool now = s->mode == MODE_TLS;
	struct ucspi_tls u;
	int r = ucspi_tls_split(&u, sock);

	if (r == 0) {
		r = ucspi_tls_become(&u, now);
		if (r > 0)
			become_program(s);
		_exit(r < 0 ? EXIT_TEMP : 0);
	}
	if (r < 0 || ucspi_tls_confine(s->tls_user) < 0)
		die(EXIT_TEMP);
	if (ucspi_tls_serve(&u, &s->tls, now, s->tls_timeout_s) < 0)
		log_event("tls-failed", "err", fail_last(), NULL);
	r = spawn_wait(u.handler, INT64_MAX);
	_exit(r < 0 ? EXIT_TEMP : r);
}

/* Without TLS there is nothing to do between fork and exec: the user is ours
 * already. */
static pid_t
start_plain(const struct server *s, int sock, const char *const *env)
{
	int fds[] = {sock, sock, 2};

	return spawn_start(s->program, fds, 3, env);
}

pid_t
connection_start(
    struct server *s, int sock, const struct peer *peer, size_t ordinal)
{
	const char **env = make_environ(sock, peer, ordinal);
	int on = 1;
	pid_t pid;

	/* A Unix socket, inherited as listener, has neither; no matter. */
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (s->mode == MODE_PLAIN)
		return start_plain(s, sock, env);
	pid = fork();
	if (pid < 0)
		return fail("fork", NULL);
	if (pid > 0)
		return pid;
	log_context("ip", peer->ip);
	loop_default_signals();
	close(s->fd);
	environ = (char **)(uintptr_t)env;
	serve_tls(s, sock);
}
