/* SPDX-License-Identifier: ISC */
/* Accepting: the long-lived process, which never reads from the network. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "io/packet.h"
#include "server.h"

#define REST_MS 1000 /* a worker's process waits for its client to come again \
	              */
#define EVENTS 16    /* looked at between two looks at the signals */

static volatile sig_atomic_t got_term, got_hup, got_child;

static void
on_signal(int sig)
{
	if (sig == SIGTERM)
		got_term++;
	else if (sig == SIGHUP)
		got_hup = 1;
	else
		got_child = 1;
}

/* Our signals arrive only inside epoll_pwait(), so that none is missed between
 * a look at its flag and the wait. */
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
log_close(const struct clients *c, const struct client *was)
{
	long long ms = now_ms() - was->since_ms;

	log_event("close", "ip", was->ip, "status",
	    log_num((unsigned)was->status), "s",
	    log_num((unsigned long long)ms / 1000), "n",
	    count_text(c, clients_served(c) - 1), NULL);
}

static void
forget_if_gone(struct clients *c, struct client *client)
{
	if (!client_is_gone(client))
		return;
	if (!client->resting)
		log_close(c, client);
	clients_remove(c, client);
}

static void
ended(struct server *s, pid_t pid, int status)
{
	struct client *client = clients_by_pid(&s->clients, pid);

	if (pid == s->worker) {
		worker_dismiss(s);
		return;
	}
	if (!client)
		return;
	if (client->relay == pid) {
		client->relay = 0;
	} else {
		client->pid = 0;
		client->status = WIFEXITED(status) ? WEXITSTATUS(status)
		                                   : 128 + WTERMSIG(status);
		client_close(client);
	}
	forget_if_gone(&s->clients, client);
}

static void
reap(struct server *s)
{
	int status;
	pid_t pid;

	if (!got_child)
		return;
	got_child = 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		ended(s, pid, status);
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

/* By a process that has served this client before.  Returns whether there is
 * one. */
static bool
serve_again(struct server *s, int sock, const struct peer *peer, size_t same)
{
	struct clients *c = &s->clients;
	struct client *old;

	if (c->resting > 0 && !worker_is_current(s))
		clients_end_rest(c, NOW_NEVER);
	old = clients_resting(c, peer);
	if (!old)
		return false;
	if (connection_again(s, sock, peer, same + 1, old) < 0) {
		clients_remove(c, old);
		return false;
	}
	clients_wake(c, old);
	return true;
}

static bool
serve_new(struct server *s, int sock, const struct peer *peer, size_t same,
    pid_t *pid)
{
	struct clients *c = &s->clients;
	struct client *new;

	if (c->n == c->max)
		clients_end_rest(c, NOW_NEVER);
	new = clients_add(c, peer);
	if (connection_start(s, sock, peer, same + 1, new) < 0) {
		refuse(s, sock, peer, fail_last());
		clients_remove(c, new);
		return false;
	}
	*pid = new->pid;
	return true;
}

static void
take(struct server *s, int sock, const struct peer *peer)
{
	struct clients *c = &s->clients;
	size_t same = clients_of(c, peer);
	bool full = clients_served(c) >= c->max;
	pid_t pid = 0;

	if (full || same >= c->max_source) {
		refuse(s, sock, peer, full ? "MAX_CLIENTS" : "MAX_PER_SOURCE");
		return;
	}
	if (serve_again(s, sock, peer, same) ||
	    serve_new(s, sock, peer, same, &pid))
		log_event("connect", "ip", peer->ip, "port",
		    log_num(peer->port), "pid",
		    log_num((unsigned)(pid ? pid : s->worker)), "n",
		    count_text(c, clients_served(c)), NULL);
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

/* Whether a worker's process says that its session is over and that it could
 * serve the same client again.  When we are about to stop it ends instead. */
static bool
wants_rest(const struct server *s, const struct client *c)
{
	char octet;

	return s->is_worker && s->fd >= 0 && !c->resting && c->relay == 0 &&
	       recv(c->ctl, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 1 &&
	       octet == PACKET_AGAIN &&
	       recv(c->ctl, &octet, 1, MSG_DONTWAIT) == 1;
}

/* The listener comes last: until then no number of a control socket that was
 * closed just now can have got a new meaning. */
static void
events(struct server *s, const struct epoll_event *e, int n)
{
	bool new = false;

	for (int i = 0; i < n; i++) {
		int fd = e[i].data.fd;
		struct client *c = clients_by_ctl(&s->clients, fd);

		new = new || fd == s->fd;
		if (!c)
			continue;
		if (wants_rest(s, c)) {
			log_close(&s->clients, c);
			clients_rest(&s->clients, c);
			continue;
		}
		starttls_event(s, c);
		forget_if_gone(&s->clients, c);
	}
	if (new && s->fd >= 0)
		accept_one(s);
}

/* No new connections; those that are here may end. */
static void
stop(struct server *s)
{
	if (s->fd < 0)
		return;
	clients_end_rest(&s->clients, NOW_NEVER);
	log_event("stopping", "n", count_text(&s->clients, s->clients.n), NULL);
	epoll_ctl(s->events, EPOLL_CTL_DEL, s->fd, NULL);
	close(s->fd);
	s->fd = -1;
	worker_dismiss(s);
}

static void
watch_listener(struct server *s)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = s->fd};
	int on = 1;

	/* Every connection inherits these.  A Unix socket, inherited as
	 * listener, has neither; no matter. */
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));

	s->events = epoll_create1(EPOLL_CLOEXEC);
	if (s->events < 0 ||
	    epoll_ctl(s->events, EPOLL_CTL_ADD, s->fd, &e) < 0) {
		fail("epoll", NULL);
		die(EXIT_TEMP);
	}
}

int
loop_run(struct server *s)
{
	struct epoll_event e[EVENTS];
	sigset_t waiting;

	set_signals(&waiting);
	watch_listener(s);
	while (!got_term || s->clients.n) {
		int n = epoll_pwait(s->events, e, EVENTS,
		    s->clients.resting > 0 ? REST_MS : -1, &waiting);

		if (got_term > 1)
			break;
		/* The lines of a turn are written together. */
		log_hold();
		if (got_term)
			stop(s);
		reap(s);
		if (got_hup) {
			got_hup = 0;
			starttls_refresh(s, true);
		}
		events(s, e, n);
		clients_end_rest(&s->clients, now_ms() - REST_MS);
		log_release();
	}
	log_event("stopped", NULL);
	return 0;
}
