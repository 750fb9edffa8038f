/* SPDX-License-Identifier: ISC */
/* Mail transactions: RFC 5321 3.3, pipelined by RFC 2920.  Each recipient gets
 * a verdict of its own; who has none may be offered to the next host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "client.h"
#include "proto/smtp_dot.h"

#define TRANSACTION_RCPTS 100 /* RFC 5321 4.5.3.1.8 */

static void
verdict(struct client *c, struct rcpt *r, char letter)
{
	char text[JOB_TEXT];

	job_decide(r, letter, client_enhanced(c), client_quote(c, text));
}

static void
verdict_all(struct client *c, struct job *j, bool only_sent, char letter)
{
	for (size_t i = 0; i < j->n; i++)
		if (!j->rcpts[i].letter && (!only_sent || j->rcpts[i].sent))
			verdict(c, &j->rcpts[i], letter);
}

static void
excuse(struct client *c, struct job *j)
{
	char text[JOB_TEXT];
	const char *code = client_enhanced(c);

	job_excuse(j, *code == '4' ? code : "4.4.2", client_quote(c, text));
}

static void
say_mail(struct client *c, const struct job *j)
{
	char size[32] = "";

	if (c->size)
		snprintf(size, sizeof(size), " SIZE=%llu",
		    (unsigned long long)j->size);
	client_say(c, "MAIL FROM:<%.*s>%s%s%s", STR_FMT(j->sender), size,
	    j->eight_bit && c->eight_bit ? " BODY=8BITMIME" : "",
	    j->utf8 ? " SMTPUTF8" : "");
}

/* Returns 1 go on, 0 this host is of no use, -1 everybody is decided. */
static int
mail_answer(struct client *c, struct job *j)
{
	int class = client_answer(c, WAIT_MAIL);

	if (class == 2)
		return 1;
	if (class == 5) {
		verdict_all(c, j, false, 'D');
		return -1;
	}
	excuse(c, j);
	return 0;
}

/* "Too many recipients" for this transaction, not for ever: RFC 5321
 * 4.5.3.1.10, where 552 is 452. */
static bool
too_many(const struct client *c, size_t accepted)
{
	if (accepted == 0)
		return false;
	return c->answer.code == 452 ||
	       (c->answer.code == 552 &&
		   strncmp(c->answer.enhanced, "5.2.", 4) != 0);
}

/* The answer to RCPT; true while the connection lasts. */
static bool
rcpt_answer(struct client *c, struct job *j, struct rcpt *r, size_t *accepted)
{
	int class = client_answer(c, WAIT_MAIL);

	if (class == 2) {
		r->sent = true;
		++*accepted;
	} else if (class < 0 || c->broken) {
		excuse(c, j);
		return false;
	} else if (!too_many(c, *accepted)) {
		verdict(c, r, class == 5 ? 'D' : 'Z');
	}
	return true;
}

/* Name the recipients.  Returns how many were accepted, or -1 when the
 * connection broke or MAIL was refused. */
static int
envelope(struct client *c, struct job *j)
{
	struct rcpt *named[TRANSACTION_RCPTS];
	size_t n = 0, accepted = 0;

	for (size_t i = 0; i < j->n && n < TRANSACTION_RCPTS; i++) {
		j->rcpts[i].sent = false;
		if (!j->rcpts[i].letter)
			named[n++] = &j->rcpts[i];
	}
	say_mail(c, j);
	if (!c->pipelining && mail_answer(c, j) <= 0)
		return -1;
	if (c->pipelining) {
		for (size_t i = 0; i < n; i++)
			client_say(
			    c, "RCPT TO:<%.*s>", STR_FMT(named[i]->address));
		if (mail_answer(c, j) <= 0)
			return -1; /* RCPT's answers are lost with the session
			            */
	}
	for (size_t i = 0; i < n; i++) {
		if (!c->pipelining)
			client_say(
			    c, "RCPT TO:<%.*s>", STR_FMT(named[i]->address));
		if (!rcpt_answer(c, j, named[i], &accepted))
			return -1;
	}
	return (int)accepted;
}

/* Returns 0 sent, -1 the connection broke or the file did, -2 the message
 * cannot be sent by SMTP. */
static int
send_message(struct client *c, const struct job *j)
{
	struct smtp_stuff stuff;
	off_t at = j->start;
	char block[16384];

	smtp_stuff_init(&stuff);
	for (;;) {
		ssize_t n = pread(j->fd, block, sizeof(block), at);
		struct str in, piece;
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail("read the message", NULL);
		if (n == 0)
			break;
		at += n;
		in = str_make(block, (size_t)n);
		while ((r = smtp_stuff_next(&stuff, &in, &piece)) > 0)
			out_str(&c->out, piece);
		if (r < 0)
			return -2;
		if (out_failed(&c->out))
			return fail_text(c->out.err,
			    "connection broke while sending the message");
	}
	out_str(&c->out, smtp_stuff_end(&stuff));
	if (stuff.fault != SMTP_DOT_FINE)
		return -2;
	return out_flush(&c->out) < 0
	           ? fail_text(c->out.err, "connection broke while sending")
	           : 0;
}

/* The message did not get out whole: perhaps the server says why. */
static void
send_failed(struct client *c, struct job *j)
{
	char why[256];

	snprintf(why, sizeof(why), "%s", fail_last());
	smtp_answer_init(&c->answer);
	if (out_failed(&c->out) && in_pending(&c->in) &&
	    client_answer(c, WAIT_QUIT) == 5) {
		verdict_all(c, j, true, 'D');
	} else {
		if (!c->answer.code)
			fail_text(0, why);
		excuse(c, j);
	}
	c->broken = true;
}

/* A transaction that came to nothing may be open still (RFC 5321 4.1.4): the
 * next MAIL would be refused for ever as a nested one. */
static bool
start_again(struct client *c, struct job *j)
{
	client_say(c, "RSET");
	if (client_answer(c, WAIT_MAIL) == 2)
		return true;
	excuse(c, j);
	return false;
}

/* DATA for the recipients accepted.  Returns true when more transactions make
 * sense on this connection. */
static bool
data(struct client *c, struct job *j)
{
	int class, r;

	client_say(c, "DATA");
	class = client_answer(c, WAIT_DATA);
	if (class < 0 || c->broken) {
		excuse(c, j);
		return false;
	}
	if (c->answer.code != 354) {
		verdict_all(c, j, true, class == 5 ? 'D' : 'Z');
		return job_undecided(j) == 0 || start_again(c, j);
	}
	r = send_message(c, j);
	if (r == -2) {
		job_decide_all(j, 'D', "5.6.0",
		    "the message holds a bare CR, a bare LF or a NUL and "
		    "cannot be sent by SMTP");
		c->broken = true;
		return false;
	}
	if (r < 0) {
		send_failed(c, j);
		return false;
	}
	class = client_answer(c, WAIT_END);
	/* Without an answer the server may have taken it: asking another host
	 * now would make a sure duplicate of a possible one. */
	verdict_all(c, j, true, class == 2 ? 'K' : class == 5 ? 'D' : 'Z');
	return class > 0 && !c->broken;
}

/* What the server announced makes it impossible. */
static bool
impossible(struct client *c, struct job *j)
{
	char text[JOB_TEXT];

	if (c->max_size && j->size > c->max_size) {
		snprintf(text, sizeof(text),
		    "%.255s[%s] takes messages of at most %llu octets, this "
		    "one has %llu",
		    c->host, c->ip, (unsigned long long)c->max_size,
		    (unsigned long long)j->size);
		job_decide_all(j, 'D', "5.3.4", text);
		return true;
	}
	if (j->utf8 && !c->utf8) {
		snprintf(text, sizeof(text),
		    "%.255s[%s] does not take addresses in UTF-8 (RFC 6531)",
		    c->host, c->ip);
		job_decide_all(j, 'D', "5.6.7", text);
		return true;
	}
	return false;
}

static void
transactions(struct client *c, struct job *j)
{
	size_t left = job_undecided(j);

	while (left > 0 && !c->broken) {
		int accepted = envelope(c, j);

		if (accepted < 0 || (accepted > 0 && !data(c, j)))
			break;
		if (job_undecided(j) == left)
			break;
		left = job_undecided(j);
		if (left > 0 && accepted == 0 && !start_again(c, j))
			break;
	}
}

bool
host_try(
    struct job *j, const struct host *h, const struct dns_address *to, bool tls)
{
	struct client c;
	enum client_open r;
	size_t before = job_undecided(j);

	memset(&c, 0, sizeof(c));
	c.host = h->name;
	r = client_open(&c, j, to, tls);
	if (r == CLIENT_READY) {
		if (!impossible(&c, j))
			transactions(&c, j);
		client_close(&c);
	}
	log_event("remote", "host", h->name, "ip", to->text, "port",
	    log_num(h->port), "tls", c.protocol[0] ? c.protocol : "no",
	    "decided", log_num(before - job_undecided(j)), "left",
	    log_num(job_undecided(j)), "err",
	    job_undecided(j) && r != CLIENT_TLS_FAILED ? j->last : NULL, NULL);
	return r == CLIENT_TLS_FAILED;
}
