/* SPDX-License-Identifier: ISC */
/* The relay loop: one buffer each way, move what moves, poll when nothing
 * does. */
#include "net/relay.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/fail.h"
#include "base/now.h"
#include "io/wait.h"

#define RELAY_SIZE 16384 /* one TLS record */
#define LINGER_S 2

struct way {
	size_t pos, end;
	char p[RELAY_SIZE];
};

struct relay {
	struct tls *t;
	int app;
	bool net_ended;  /* the peer will send no more */
	bool net_broken; /* and can be sent no more */
	bool app_ended;  /* the program will send no more */
	bool app_deaf;   /* and has been told, or does not listen */
	short want;      /* what TLS waits for on the socket */
	struct way in, out;
};

static bool
empty(const struct way *w)
{
	return w->pos == w->end;
}

/* Note what TLS wants after r <= 0; false when the connection has ended. */
static bool
tls_wants(struct relay *r, int result)
{
	int why = SSL_get_error(r->t->ssl, result);

	ERR_clear_error();
	if (why == SSL_ERROR_WANT_READ)
		r->want |= POLLIN;
	else if (why == SSL_ERROR_WANT_WRITE)
		r->want |= POLLOUT;
	else {
		r->net_ended = true;
		r->net_broken = why != SSL_ERROR_ZERO_RETURN;
		return false;
	}
	return true;
}

static bool
from_net(struct relay *r)
{
	int n;

	if (!empty(&r->in) || r->net_ended)
		return false;
	n = SSL_read(r->t->ssl, r->in.p, RELAY_SIZE);
	if (n <= 0)
		return !tls_wants(r, n);
	r->in.pos = 0;
	r->in.end = (size_t)n;
	return true;
}

static bool
to_net(struct relay *r)
{
	int n;

	if (empty(&r->out) || r->net_broken)
		return false;
	n = SSL_write(
	    r->t->ssl, r->out.p + r->out.pos, (int)(r->out.end - r->out.pos));
	if (n <= 0 && tls_wants(r, n))
		return false;
	/* Not what SSL_get_error() says: after the peer's end it takes any
	 * failure for that end. */
	if (n <= 0)
		r->net_broken = true;
	else
		r->out.pos += (size_t)n;
	return true;
}

static bool
from_app(struct relay *r)
{
	ssize_t n;

	if (!empty(&r->out) || r->app_ended)
		return false;
	n = recv(r->app, r->out.p, RELAY_SIZE, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		r->app_ended = true;
		return true;
	}
	r->out.pos = 0;
	r->out.end = (size_t)n;
	return true;
}

static bool
to_app(struct relay *r)
{
	ssize_t n;

	if (r->app_deaf) {
		r->in.pos = r->in.end;
		return false;
	}
	if (empty(&r->in)) {
		if (!r->net_ended)
			return false;
		shutdown(r->app, SHUT_WR);
		r->app_deaf = true;
		return true;
	}
	n = send(r->app, r->in.p + r->in.pos, r->in.end - r->in.pos,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0) {
		r->app_deaf = true;
		return true;
	}
	r->in.pos += (size_t)n;
	return true;
}

/* Nothing moved: wait.  A side we want nothing of is not polled, its hang-up
 * would wake us for nothing.  Returns 1, 0 stalled, -1. */
static int
pause_for(const struct relay *r)
{
	short app = 0;
	struct pollfd p[2];
	bool owing = !empty(&r->in) || !empty(&r->out);
	int n;

	if (!empty(&r->in) && !r->app_deaf)
		app |= POLLOUT;
	if (empty(&r->out) && !r->app_ended)
		app |= POLLIN;
	p[0] =
	    (struct pollfd){.fd = r->want ? r->t->fd : -1, .events = r->want};
	p[1] = (struct pollfd){.fd = app ? r->app : -1, .events = app};
	n = poll(p, 2, owing ? RELAY_STALL_MS : -1);
	return n < 0 && errno == EINTR ? 1 : n;
}

/* Tell the peer, then wait a little until it has closed: closing with unread
 * octets in our socket would reset the connection and lose our last words. */
static void
say_goodbye(struct relay *r)
{
	int64_t deadline = now_plus_s(LINGER_S);

	ERR_clear_error();
	SSL_shutdown(r->t->ssl);
	shutdown(r->t->fd, SHUT_WR);
	while (wait_readable(r->t->fd, deadline) > 0) {
		ssize_t n = recv(r->t->fd, r->in.p, RELAY_SIZE, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return;
	}
}

static int
run(struct relay *r)
{
	for (;;) {
		bool moved;
		int n;

		r->want = 0;
		moved = from_net(r);
		moved |= to_app(r);
		moved |= from_app(r);
		moved |= to_net(r);
		if (r->net_broken) {
			shutdown(r->app, SHUT_RDWR);
			return fail_text(ECONNRESET, "the connection broke");
		}
		if (r->app_ended && empty(&r->out)) {
			say_goodbye(r);
			return 0;
		}
		if (moved)
			continue;
		n = pause_for(r);
		if (n <= 0) {
			shutdown(r->app, SHUT_RDWR);
			return n < 0 ? fail("poll", NULL)
			             : fail_text(ETIMEDOUT, "stalled");
		}
	}
}

int
relay_run(struct tls *t, int app)
{
	/* Not on the stack: only what is used of the buffers is touched. */
	struct relay *r = malloc(sizeof(*r));
	int n, err;

	if (!r)
		oom();
	r->t = t;
	r->app = app;
	r->net_ended = r->net_broken = r->app_ended = r->app_deaf = false;
	r->in.pos = r->in.end = r->out.pos = r->out.end = 0;
	n = run(r);
	err = errno;
	free(r);
	errno = err;
	return n;
}
