/* SPDX-License-Identifier: ISC */
/* DATA, RFC 5321 4.1.1.4: from the socket straight into the queue.  Once 354
 * is sent the message is read to its true end whatever happens, and answered
 * by exactly one reply; 250 only when it is durable. */
#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "commands.h"
#include "head.h"
#include "proto/smtp_dot.h"
#include "received.h"

/* A message must move at this rate in the long run, beyond SMTP_TIMEOUT. */
#define MIN_RATE 500 /* octets a second */

struct data {
	struct smtp_dot dot;
	struct head head;
	uint64_t size; /* octets of the message so far */
	int64_t start_ms;
	bool dropped; /* it will be refused: nothing is stored any more */
};

static const struct smtp_reply *
storage(struct smtp *s)
{
	log_event("queue", "why", fail_last(), NULL);
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return session_reply(
		    s, 452, "4.3.1", "Not enough space, try later");
	return session_reply(s, 451, "4.3.0", "Cannot queue now, try later");
}

static int
begin(struct smtp *s, struct data *d)
{
	int64_t now_s = now_wall_s();
	struct envelope e = {.id = str_z(s->id),
	    .sender = s->sender,
	    .received_s = now_s,
	    .auth = str_z(s->user),
	    .client_ip = str_z(s->serve.peer.remote_ip),
	    .helo = str_z(s->helo),
	    .eight_bit = s->eight_bit,
	    .utf8 = s->utf8,
	    .envid = s->envid,
	    .ret = s->ret,
	    .rcpts = s->rcpts,
	    .nrcpt = s->nrcpt};

	if (queue_put_begin(&s->put, s->serve.root, &e, s->size) < 0)
		return -1;
	queue_put_pace(&s->put);
	buf_reset(&s->line);
	received_write(s, now_s, &s->line);
	queue_put_data(&s->put, s->line.p, s->line.n);
	smtp_dot_init(&d->dot);
	head_init(&d->head, &s->put, *s->user || s->relay, now_s, s->id,
	    s->serve.hostname);
	d->start_ms = now_ms();
	return 0;
}

static void
take(struct smtp *s, struct data *d, struct str piece)
{
	d->size += piece.n;
	if (d->dropped)
		return;
	if (d->dot.fault || d->size > s->max_message ||
	    d->head.received >= s->max_received) {
		/* Give the space back while the rest still comes. */
		queue_put_abort(&s->put);
		d->dropped = true;
		return;
	}
	head_put(&d->head, piece);
}

/* The client may be slow, but not for ever. */
static void
set_deadline(struct smtp *s, const struct data *d)
{
	int64_t last = d->start_ms + 1000 * (int64_t)s->timeout_s +
	               (int64_t)(d->size / MIN_RATE * 1000);

	session_deadline(s);
	if (s->serve.in.deadline > last)
		s->serve.in.deadline = last;
}

/* Returns 1 when the end was seen, 0 the client is gone, -1 failed. */
static int
receive(struct smtp *s, struct data *d)
{
	for (;;) {
		struct str in, piece;
		size_t had;
		int more;
		int r;

		set_deadline(s, d);
		r = in_peek(&s->serve.in, &in);
		if (r <= 0)
			return r;
		had = in.n;
		do {
			more = smtp_dot_next(&d->dot, &in, &piece);
			take(s, d, piece);
		} while (more && in.n);
		in_eat(&s->serve.in, had - in.n);
		if (!more)
			return 1;
	}
}

static const struct smtp_reply *
refusal(struct smtp *s, const struct data *d)
{
	if (d->dot.fault)
		return session_reply(s, 550, "5.6.0", "Message refused: %s",
		    smtp_dot_why(d->dot.fault));
	if (d->size > s->max_message)
		return session_reply(s, 552, "5.3.4",
		    "Message exceeds %llu octets",
		    (unsigned long long)s->max_message);
	if (d->head.received >= s->max_received)
		return session_reply(s, 554, "5.4.6",
		    "Mail loop: %u Received fields", d->head.received);
	return NULL;
}

/* At once, unless the client has sent more and does not wait for it. */
static void
confirm(struct smtp *s)
{
	session_send(s, session_reply(s, 250, "2.0.0", "Ok %s", s->id));
	if (in_unread(&s->serve.in).n == 0)
		out_flush(&s->serve.out);
}

/* The reply, or NULL when the message is accepted, which is answered here. */
static const struct smtp_reply *
finish(struct smtp *s, struct data *d)
{
	const struct smtp_reply *bad = refusal(s, d);

	if (bad) {
		queue_put_abort(&s->put);
		return bad;
	}
	head_end(&d->head);
	if (queue_put_store(&s->put) < 0)
		return storage(s);
	confirm(s);
	queue_put_tell(&s->put);
	log_event("accepted", "from", log_str(s->sender), "to",
	    s->nrcpt == 1 ? log_str(s->rcpts[0].addr) : NULL, "rcpts",
	    log_num(s->nrcpt), "size", log_num(d->size), "helo", s->helo,
	    "auth", *s->user ? s->user : NULL, "tls", s->serve.tls ? "1" : "0",
	    NULL);
	return NULL;
}

const struct smtp_reply *
data_receive(struct smtp *s, struct str args)
{
	static struct data d; /* zeros between two messages */
	const struct smtp_reply *r;
	int end;

	(void)args;
	/* RFC 5321 3.3 allows both; which one tells more. */
	if (s->nrcpt == 0 && !s->refused_rcpt)
		return session_reply(s, 503, "5.5.1", "RCPT first");
	if (s->nrcpt == 0)
		return session_reply(s, 554, "5.5.1", "No valid recipients");
	if (begin(s, &d) < 0)
		return storage(s);
	session_send(
	    s, session_reply(s, 354, "", "End data with <CR><LF>.<CR><LF>"));
	end = receive(s, &d);
	if (end <= 0) {
		int err = errno;

		queue_put_abort(&s->put);
		errno = err;
		r = session_lost(s, end, "data");
	} else {
		r = finish(s, &d);
	}
	memset(&d, 0, sizeof(d));
	session_reset(s);
	return r;
}
