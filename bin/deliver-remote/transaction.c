/* SPDX-License-Identifier: ISC */
/* Mail transactions: RFC 5321 3.3, pipelined by RFC 2920, with the parameters
 * of RFC 1870, 3461, 6152 and 6531.  Each recipient gets a verdict of its own;
 * who has none may be offered to the next host. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "client.h"
#include "proto/smtp_dsn.h"

#define TRANSACTION_RCPTS 100 /* RFC 5321 4.5.3.1.8 */
#define PARAMS 1400           /* octets of parameters */

/* The recipients of one transaction. */
struct batch {
	struct rcpt *named[TRANSACTION_RCPTS];
	size_t n, accepted;
	bool utf8; /* SMTPUTF8 is needed */
	bool bdat;
	bool data_said; /* with the envelope */
};

static void
verdict(struct client *c, struct delivery *d, struct rcpt *r, char letter)
{
	char text[DELIVERY_TEXT], code[16];

	/* A reply that made no sense where it came has another class. */
	snprintf(code, sizeof(code), "%s", client_enhanced(c));
	code[0] = letter == 'D' ? '5' : letter == 'Z' ? '4' : '2';
	delivery_decide(d, r, letter, code, client_quote(c, text));
}

static void
verdict_sent(struct client *c, struct delivery *d, char letter)
{
	for (size_t i = 0; i < d->n; i++)
		if (!d->rcpts[i].letter && d->rcpts[i].sent)
			verdict(c, d, &d->rcpts[i], letter);
}

static void
verdict_all(struct client *c, struct delivery *d, char letter)
{
	for (size_t i = 0; i < d->n; i++)
		if (!d->rcpts[i].letter)
			verdict(c, d, &d->rcpts[i], letter);
}

static char
letter_of(int class)
{
	return class == 5 ? 'D' : 'Z';
}

/* -------------------------------------------------------------- commands */

/* RFC 6533 3: an address in UTF-8 goes nowhere without SMTPUTF8. */
static void
put_orcpt(struct buf *b, const struct rcpt *r, bool utf8)
{
	size_t semicolon = str_find(r->orcpt, ';');

	if (semicolon == r->orcpt.n || (r->utf8_orcpt && !utf8))
		return;
	buf_z(b, " ORCPT=");
	buf_str(b, str_to(r->orcpt, semicolon + 1));
	smtp_dsn_encode(str_from(r->orcpt, semicolon + 1), b);
}

static void
put_notify(struct buf *b, unsigned notify)
{
	static const char *const words[] = {
	    "NEVER", "SUCCESS", "FAILURE", "DELAY"};
	const char *before = " NOTIFY=";

	for (unsigned i = 0; i < 4; i++)
		if (notify & (1u << i)) {
			buf_fmt(b, "%s%s", before, words[i]);
			before = ",";
		}
}

static void
say_mail(struct client *c, const struct delivery *d, const struct batch *t)
{
	struct buf b;

	buf_init(&b, PARAMS);
	if (c->size)
		buf_fmt(&b, " SIZE=%llu", (unsigned long long)d->size);
	if (d->eight_bit && c->eight_bit)
		buf_z(&b, " BODY=8BITMIME");
	if (t->utf8)
		buf_z(&b, " SMTPUTF8");
	if (c->dsn && d->ret)
		buf_z(&b, d->ret == 'F' ? " RET=FULL" : " RET=HDRS");
	if (c->dsn && d->envid.n) {
		buf_z(&b, " ENVID=");
		smtp_dsn_encode(d->envid, &b);
	}
	client_say(c, "MAIL FROM:<%.*s>%s", STR_FMT(d->sender), buf_cstr(&b));
	buf_free(&b);
}

static void
say_rcpt(struct client *c, const struct rcpt *r, const struct batch *t)
{
	struct buf b;

	buf_init(&b, PARAMS);
	if (c->dsn)
		put_notify(&b, r->notify);
	if (c->dsn && r->orcpt.n)
		put_orcpt(&b, r, t->utf8);
	client_say(c, "RCPT TO:<%.*s>%s", STR_FMT(r->address), buf_cstr(&b));
	buf_free(&b);
}

/* The whole envelope in one go; BDAT waits until it is known to be welcome,
 * lest a server that refused MAIL takes the message for commands. */
static void
say_envelope(struct client *c, const struct delivery *d, struct batch *t)
{
	if (c->dirty)
		client_say(c, "RSET");
	say_mail(c, d, t);
	for (size_t i = 0; i < t->n; i++)
		say_rcpt(c, t->named[i], t);
	if (t->bdat)
		return;
	client_say(c, "DATA");
	t->data_said = true;
}

/* --------------------------------------------------------------- replies */

/* A transaction that came to nothing may be open still (RFC 5321 4.1.4): the
 * next MAIL would be refused for ever as a nested one. */
static int
reset(struct client *c, struct delivery *d)
{
	if (!c->dirty)
		return 0;
	if (!c->pipelining)
		client_say(c, "RSET");
	if (client_answer(c, WAIT_MAIL) == 2 && !c->broken) {
		c->dirty = false;
		return 0;
	}
	client_excuse(c, d);
	c->broken = true;
	return -1;
}

/* Returns 0 accepted, 1 refused, -1 the connection broke.  Refused for good,
 * everybody is decided; for now, another host may do. */
static int
mail_answer(struct client *c, struct delivery *d, const struct batch *t)
{
	int class;

	if (!c->pipelining)
		say_mail(c, d, t);
	class = client_answer(c, WAIT_MAIL);
	if (class == 2 && !c->broken) {
		c->dirty = true;
		return 0;
	}
	if (class == 5)
		verdict_all(c, d, 'D');
	else
		client_excuse(c, d);
	return class < 0 || c->broken ? -1 : 1;
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

/* The answer to RCPT; 0, or -1 when the connection broke. */
static int
rcpt_answer(
    struct client *c, struct delivery *d, struct batch *t, struct rcpt *r)
{
	int class;

	if (!c->pipelining)
		say_rcpt(c, r, t);
	class = client_answer(c, WAIT_MAIL);
	if (class < 0 || c->broken) {
		client_excuse(c, d);
		return -1;
	}
	if (class == 2) {
		r->sent = true;
		t->accepted++;
	} else if (!too_many(c, t->accepted)) {
		verdict(c, d, r, letter_of(class));
	}
	return 0;
}

/* Nobody will get it.  What was said along is still answered, and DATA may
 * have been accepted all the same: then an empty message for nobody has to be
 * sent (RFC 2920 3.1), unless the server, having refused MAIL, has accepted
 * recipients who would get that.  0, or -1 when the connection broke. */
static int
drain(struct client *c, const struct batch *t)
{
	bool somebody = false;

	while (c->owed > 0) {
		int class = client_answer(c, WAIT_MAIL);

		if (class < 0 || c->broken)
			return -1;
		somebody |= class == 2;
		if (!t->data_said || c->owed > 0 || c->answer.code != 354)
			continue;
		if (somebody)
			return client_broken(c, "DATA accepted without MAIL");
		out_z(&c->out, ".\r\n");
		c->owed++;
		if (client_answer(c, WAIT_END) < 0 || c->broken)
			return -1;
		c->dirty = false;
	}
	return 0;
}

/* Name the recipients.  Returns 1 some were accepted; 0 none, but the host may
 * be asked for others; -1 it is of no further use. */
static int
envelope(struct client *c, struct delivery *d, struct batch *t)
{
	int r;

	if (c->pipelining)
		say_envelope(c, d, t);
	if (reset(c, d) < 0)
		return -1;
	r = mail_answer(c, d, t);
	if (r != 0) {
		if (r < 0 || drain(c, t) < 0)
			c->broken = true;
		return -1;
	}
	for (size_t i = 0; i < t->n; i++)
		if (rcpt_answer(c, d, t, t->named[i]) < 0)
			return -1;
	if (t->accepted > 0)
		return 1;
	return drain(c, t);
}

/* The message for the recipients accepted.  Returns true when more
 * transactions make sense on this connection. */
static bool
body(struct client *c, struct delivery *d, struct batch *t, struct manner *m)
{
	int r = body_send(c, d, t->bdat, t->data_said);
	int class = (int)smtp_answer_class(&c->answer);

	if (r == -3) {
		m->chunking = false;
		client_excuse(c, d);
		return false;
	}
	/* Without an answer the server may have taken it: asking another host
	 * now would make a sure duplicate of a possible one. */
	if (r > 0 || r == -2) {
		c->dirty = t->bdat && r != 2;
		verdict_sent(c, d, r != 2 ? letter_of(r) : c->dsn ? 'T' : 'R');
		return r > 0 && !c->broken;
	}
	if (r == -1 && class == 5)
		verdict_sent(c, d, 'D');
	else if (r == -1 || c->broken)
		client_excuse(c, d);
	else
		verdict_sent(c, d, letter_of(class));
	return r == 0 && !c->broken;
}

/* --------------------------------------------------------- the whole of it */

/* What the server announced makes it impossible, for all or for some. */
static void
refuse_impossible(struct client *c, struct delivery *d)
{
	char text[DELIVERY_TEXT];

	if (c->max_size && d->size > c->max_size) {
		snprintf(text, sizeof(text),
		    "%.255s[%s] takes messages of at most %llu octets, this "
		    "one has %llu",
		    c->host, c->ip, (unsigned long long)c->max_size,
		    (unsigned long long)d->size);
		delivery_decide_all(d, 'D', "5.3.4", text);
	}
	if (c->utf8)
		return;
	snprintf(text, sizeof(text),
	    "%.255s[%s] does not take addresses or headers in UTF-8 (RFC 6531)",
	    c->host, c->ip);
	for (size_t i = 0; i < d->n; i++)
		if (!d->rcpts[i].letter && (d->utf8 || d->rcpts[i].utf8))
			delivery_decide(d, &d->rcpts[i], 'D', "5.6.7", text);
}

static void
gather(struct client *c, struct delivery *d, struct batch *t,
    const struct manner *m)
{
	memset(t, 0, sizeof(*t));
	t->bdat = c->chunking && m->chunking;
	t->utf8 = d->utf8;
	for (size_t i = 0; i < d->n; i++) {
		d->rcpts[i].sent = false;
		if (d->rcpts[i].letter || t->n == TRANSACTION_RCPTS)
			continue;
		t->named[t->n++] = &d->rcpts[i];
		t->utf8 |= d->rcpts[i].utf8 ||
		           (c->dsn && c->utf8 && d->rcpts[i].utf8_orcpt);
	}
}

bool
transactions(struct client *c, struct delivery *d, struct manner *m)
{
	bool chunking = m->chunking;
	struct batch t;
	size_t left;

	refuse_impossible(c, d);
	left = delivery_undecided(d);
	while (left > 0 && !c->broken) {
		int r;

		gather(c, d, &t, m);
		c->used++;
		r = envelope(c, d, &t);
		if (r < 0 || (r > 0 && !body(c, d, &t, m)))
			break;
		if (delivery_undecided(d) == left)
			break; /* it does not get on */
		left = delivery_undecided(d);
	}
	return chunking && !m->chunking;
}
