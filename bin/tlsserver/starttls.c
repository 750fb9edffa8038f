/* SPDX-License-Identifier: ISC */
/* TLS on demand.  Until the program asks for it there is no process for TLS,
 * only our ends of two sockets: most sessions never ask.  One octet is read
 * here from a program that has met the network; the network's octets are for
 * the process that is forked then. */
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "net/ucspi_tls.h"
#include "serve/sandbox.h"
#include "server.h"

void
starttls_refresh(struct server *s, bool force)
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

/* What belongs to others must not stay open here.  They are only read: what is
 * written becomes this process's own copy, and they may be many. */
static void
close_others(const struct server *s, const struct client *c)
{
	for (size_t i = 0; i < s->clients.n; i++) {
		struct client other = s->clients.list[i];

		if (&s->clients.list[i] != c)
			client_close(&other);
	}
}

_Noreturn static void
relay(struct server *s, struct client *c, int wish)
{
	struct ucspi_tls u = {.sock = c->sock, .ctl = c->ctl, .data = c->data};

	log_context("ip", c->ip);
	loop_default_signals();
	close_others(s, c);
	worker_dismiss(s);
	close(s->events);
	if (s->fd >= 0)
		close(s->fd);
	if (ucspi_tls_confine(s->tls_user) < 0)
		die(EXIT_TEMP);
	sandbox_enter("tls", NULL, 0);
	if (ucspi_tls_serve(&u, &s->tls, wish, s->tls_timeout_s) < 0) {
		log_event("tls-failed", "err", fail_last(), NULL);
		_exit(EXIT_TEMP);
	}
	_exit(0);
}

int
starttls_start(struct server *s, struct client *c, int wish)
{
	starttls_refresh(s, false);
	log_release(); /* not for two to write */
	c->relay = fork();
	if (c->relay == 0)
		relay(s, c, wish);
	if (c->relay < 0) {
		c->relay = 0;
		fail("fork", NULL);
	}
	client_close(c);
	return c->relay > 0 ? 0 : -1;
}

void
starttls_event(struct server *s, struct client *c)
{
	int wish = ucspi_tls_wish(c->ctl);

	if (wish < 0)
		log_event("tls-failed", "ip", c->ip, "err", fail_last(), NULL);
	if (wish <= 0 || c->sock < 0) {
		client_close(c);
		return;
	}
	/* Closing does not, while the process to be has a copy. */
	epoll_ctl(s->events, EPOLL_CTL_DEL, c->ctl, NULL);
	if (starttls_start(s, c, wish) < 0)
		log_event("tls-failed", "ip", c->ip, "err", fail_last(), NULL);
}
