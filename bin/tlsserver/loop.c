/* SPDX-License-Identifier: ISC */
/* Accepting: the long-lived process, which never reads from the network. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "server.h"

static volatile sig_atomic_t got_term, got_hup;

static void
on_signal(int sig)
{
	if (sig == SIGTERM)
		got_term++;
	else if (sig == SIGHUP)
		got_hup = 1;
}

/* Our signals arrive only inside ppoll(), so that none is missed between a
 * look at its flag and the wait. */
static void
set_signals(sigset_t *waiting)
{
	static const int ours[] = {SIGTERM, SIGHUP, SIGCHLD};
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < 3; i++) {
		sigaction(ours[i], &sa, NULL);
		sigaddset(&block, ours[i]);
	}
	sigprocmask(SIG_BLOCK, &block, waiting);
	for (size_t i = 0; i < 3; i++)
		sigdelset(waiting, ours[i]);
}

void
loop_default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && sig != SIGPIPE)
			signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *
count_text(const struct clients *c, size_t n)
{
	static char text[48];

	snprintf(text, sizeof(text), "%zu/%zu", n, c->max);
	return text;
}

static void
reap(struct clients *c)
{
	struct client was;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		int code = WIFEXITED(status) ? WEXITSTATUS(status)
		                             : 128 + WTERMSIG(status);

		if (!clients_remove(c, pid, &was))
			continue;
		log_event("close", "ip", was.ip, "pid", log_num((unsigned)pid),
		    "status", log_num((unsigned)code), "s",
		    log_num(
			(unsigned long long)(now_ms() - was.since_ms) / 1000),
		    "n", count_text(c, c->n), NULL);
	}
}

static void
refresh(struct server *s, bool force)
{
	int r;

	if (s->mode == MODE_PLAIN)
		return;
	r = tls_server_refresh(&s->tls, force);
	if (r > 0)
		log_event("certificate", "file", s->tls.cert, NULL);
	if (r < 0)
		log_event("certificate-bad", "err", fail_last(), "use",
		    "the old one", NULL);
}

/* Say why in the protocol's words where clear text is spoken. */
static void
refuse(
    const struct server *s, int sock, const struct peer *peer, const char *why)
{
	char line[1100];
	int n;

	log_event("refused", "ip", peer->ip, "why", why, NULL);
	if (s->mode == MODE_TLS || !s->busy)
		return;
	n = snprintf(line, sizeof(line), "%s\r\n", s->busy);
	if (send(sock, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(sock, SHUT_WR);
}

static void
take(struct server *s, int sock, const struct peer *peer)
{
	struct clients *c = &s->clients;
	size_t same = clients_of(c, peer);
	pid_t pid;

	if (c->n >= c->max || same >= c->max_source) {
		refuse(s, sock, peer,
		    c->n >= c->max ? "MAX_CLIENTS" : "MAX_PER_SOURCE");
		return;
	}
	refresh(s, false);
	pid = connection_start(s, sock, peer, same + 1);
	if (pid < 0) {
		refuse(s, sock, peer, fail_last());
		return;
	}
	clients_add(c, pid, peer);
	log_event("connect", "ip", peer->ip, "port", log_num(peer->port), "pid",
	    log_num((unsigned)pid), "n", count_text(c, c->n), NULL);
}

static void
accept_one(struct server *s)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);
	struct peer peer;
	int sock = accept4(s->fd, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC);

	if (sock >= 0) {
		peer_read(&peer, &ss);
		take(s, sock, &peer);
		close(sock);
		return;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		/* The connection stays queued: do not spin on it. */
		log_event("accept-failed", "err", strerror(errno), NULL);
		poll(NULL, 0, 200);
	}
}

int
loop_run(struct server *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	sigset_t waiting;

	set_signals(&waiting);
	while (!got_term || s->clients.n) {
		int n = ppoll(&p, 1, NULL, &waiting);

		if (got_term > 1)
			break;
		if (got_term && p.fd >= 0) {
			log_event("stopping", "n",
			    count_text(&s->clients, s->clients.n), NULL);
			close(s->fd);
			p.fd = -1;
		}
		reap(&s->clients);
		if (got_hup) {
			got_hup = 0;
			refresh(s, true);
		}
		if (n > 0 && p.fd >= 0)
			accept_one(s);
	}
	log_event("stopped", NULL);
	return 0;
}
