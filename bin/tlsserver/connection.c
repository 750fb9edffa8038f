/* SPDX-License-Identifier: ISC */
/* One connection, in its own process: the UCSPI environment, TLS, privileges,
 * exec. */
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

static void
set(const char *name, const char *value)
{
	if (setenv(name, value, 1) < 0)
		oom();
}

static void
set_environment(
    const struct server *s, int sock, const struct peer *peer, size_t ordinal)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);
	struct peer self;

	if (getsockname(sock, (struct sockaddr *)&ss, &len) < 0)
		die(EXIT_TEMP);
	peer_read(&self, &ss);
	set("PROTO", "TCP");
	set("TCPLOCALIP", self.ip);
	set("TCPLOCALPORT", log_num(self.port));
	set("TCPREMOTEIP", peer->ip);
	set("TCPREMOTEPORT", log_num(peer->port));
	set("TCPCONNNUM", log_num(ordinal));
	if (s->local_name)
		set("TCPLOCALHOST", s->local_name);
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

_Noreturn static void
serve_plain(const struct server *s, int sock)
{
	if (dup2(sock, 0) < 0 || dup2(sock, 1) < 0)
		die(EXIT_TEMP);
	become_program(s);
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

_Noreturn void
connection_serve(
    struct server *s, int sock, const struct peer *peer, size_t ordinal)
{
	int on = 1;

	log_context("ip", peer->ip);
	/* A Unix socket, inherited as listener, has neither; no matter. */
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	set_environment(s, sock, peer, ordinal);
	if (s->mode == MODE_PLAIN)
		serve_plain(s, sock);
	serve_tls(s, sock);
}
