/* SPDX-License-Identifier: ISC */
/* The message itself: DATA with dots doubled (RFC 5321 4.5.2), or BDAT, which
 * needs no look at its octets (RFC 3030). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/now.h"
#include "client.h"
#include "proto/smtp_dot.h"

#define CHUNK ((uint64_t)1 << 20) /* octets of a BDAT chunk */
#define SLOWEST 8192              /* octets a second */

static int
no_room(struct client *c)
{
	fail_text(c->out.err, "connection broke while sending the message");
	return -1;
}

/* A peer that takes an octet a minute would hold us for ever. */
static bool
too_slow(const struct delivery *d, int64_t start)
{
	int64_t most = client_limit(WAIT_END) + (int64_t)(d->size / SLOWEST);

	if (now_ms() - start < most * 1000)
		return false;
	fail_text(ETIMEDOUT, "the message is taken too slowly");
	return true;
}

/* 0 sent, -1 the connection or the file broke. */
static int
send_stuffed(struct client *c, const struct delivery *d)
{
	int64_t start = now_ms();
	struct smtp_stuff stuff;
	char block[16384];
	uint64_t at = 0;
	ssize_t n;

	smtp_stuff_init(&stuff);
	while ((n = delivery_read(d, at, block, sizeof(block))) > 0) {
		struct str in = str_make(block, (size_t)n), piece;

		at += (uint64_t)n;
		while (smtp_stuff_next(&stuff, &in, &piece) > 0)
			out_str(&c->out, piece);
		if (out_failed(&c->out))
			return no_room(c);
		if (too_slow(d, start))
			return -1;
	}
	if (n < 0)
		return -1;
	out_str(&c->out, smtp_stuff_end(&stuff));
	if (stuff.fault != SMTP_DOT_FINE)
		return fail_text(EIO, "the message has changed");
	return out_flush(&c->out) < 0 ? no_room(c) : 0;
}

/* The message did not get out whole: perhaps the server says why.  -1. */
static int
send_failed(struct client *c)
{
	char why[256];

	snprintf(why, sizeof(why), "%s", fail_last());
	smtp_answer_init(&c->answer);
	if (!out_failed(&c->out) || !in_pending(&c->in) ||
	    client_answer(c, WAIT_QUIT) < 0)
		client_broken(c, why);
	c->broken = true;
	return -1;
}

/* A reply before the message: a refusal can be believed, anything else is
 * nobody's and would pass for the reply to the end.  -1. */
static int
refused_early(struct client *c)
{
	if (client_answer(c, WAIT_QUIT) > 0 && c->answer.code < 400)
		client_broken(c, "a reply that nobody asked for");
	c->broken = true;
	return -1;
}

static int
by_data(struct client *c, const struct delivery *d, bool said)
{
	int class;

	if (!said)
		client_say(c, "DATA");
	class = client_answer(c, WAIT_DATA);
	if (class < 0)
		return -1;
	if (c->answer.code != 354 || c->broken)
		return 0;
	if (in_pending(&c->in))
		return refused_early(c);
	if (send_stuffed(c, d) < 0)
		return send_failed(c);
	c->owed++;
	class = client_answer(c, WAIT_END);
	return class < 0 ? -2 : class;
}

/* The octets of a chunk, and the CRLF that the last line may lack. */
static int
send_chunk(struct client *c, const struct delivery *d, uint64_t at, uint64_t n,
    bool crlf)
{
	char block[16384];
	uint64_t end = at + n;

	while (at < end) {
		size_t want = sizeof(block);
		ssize_t got;

		if (want > end - at)
			want = (size_t)(end - at);
		got = delivery_read(d, at, block, want);
		if (got <= 0)
			return -1;
		at += (uint64_t)got;
		out_put(&c->out, block, (size_t)got);
		if (out_failed(&c->out))
			return no_room(c);
	}
	if (crlf)
		out_z(&c->out, "\r\n");
	return out_flush(&c->out) < 0 ? no_room(c) : 0;
}

/* Read the replies to chunks, all but `leave` of them.  Returns 2; the class of
 * one that is no success; -1. */
static int
chunk_answers(struct client *c, size_t leave)
{
	while (c->owed > leave) {
		int class = client_answer(c, WAIT_MAIL);

		if (class != 2)
			return class;
		if (c->broken)
			return 4; /* 421 is not 2, but be sure */
	}
	return 2;
}

/* A chunk was refused: those behind it will be too, whatever they hold. */
static int
refused(struct client *c)
{
	struct smtp_answer why = c->answer;

	if (why.code == 500 || why.code == 502 || why.code == 504) {
		c->broken = true; /* it reads the message as commands */
		return -3;
	}
	while (c->owed > 0 && client_answer(c, WAIT_MAIL) >= 0)
		;
	c->answer = why;
	return 0;
}

static int
by_bdat(struct client *c, const struct delivery *d)
{
	int64_t start = now_ms();
	uint64_t at = 0;

	for (;;) {
		uint64_t n = d->size - at < CHUNK ? d->size - at : CHUNK;
		bool last = at + n == d->size;
		bool crlf = last && d->unended;
		int class;

		client_say(c, "BDAT %" PRIu64 "%s", n + (crlf ? 2 : 0),
		    last ? " LAST" : "");
		if (c->broken)
			return -1;
		if (send_chunk(c, d, at, n, crlf) < 0 ||
		    (!last && too_slow(d, start)))
			return send_failed(c);
		at += n;
		if (!last && c->pipelining && !in_pending(&c->in))
			continue;
		class = chunk_answers(c, last ? 1 : 0);
		if (class == 2 && last)
			class = client_answer(c, WAIT_END);
		if (class < 0)
			return last ? -2 : -1;
		if (class != 2)
			return refused(c);
		if (last)
			return 2;
	}
}

int
body_send(struct client *c, const struct delivery *d, bool bdat, bool said)
{
	return bdat ? by_bdat(c, d) : by_data(c, d, said);
}
