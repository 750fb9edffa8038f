/* SPDX-License-Identifier: ISC */
/* An SMTP session as client: connection, replies, greeting, TLS, login. */
#ifndef DELIVER_REMOTE_CLIENT_H
#define DELIVER_REMOTE_CLIENT_H

#include "base/buf.h"
#include "delivery.h"
#include "io/in.h"
#include "io/out.h"
#include "proto/smtp_answer.h"

/* Seconds to wait for replies: RFC 5321 4.5.3.2 */
#define WAIT_GREETING 300
#define WAIT_MAIL 300
#define WAIT_DATA 120
#define WAIT_BLOCK 180
#define WAIT_END 600
#define WAIT_QUIT 5

struct client {
	bool open;   /* there is a connection */
	bool broken; /* nothing more can be said on it */
	bool dirty;  /* MAIL was accepted and the transaction not ended */
	struct in in;
	struct out out;
	struct smtp_answer answer;
	size_t owed; /* replies still to come */
	char host[256];
	char ip[46];
	unsigned port;
	char domain[256];   /* the destination this connection is for */
	struct route route; /* and how it was made */
	unsigned used;      /* transactions */
	/* What the server announced. */
	bool pipelining, starttls, eight_bit, size, utf8, dsn, chunking;
	bool auth_plain, auth_login;
	uint64_t max_size;
	char protocol[16]; /* of TLS, or "" */
	char in_data[4096];
	char out_data[16384];
};

/* What is to be tried with a host; what fails is cleared, and the host asked
 * again without. */
struct manner {
	bool tls;      /* opportunistic STARTTLS */
	bool chunking; /* BDAT */
};

/* Connect, greet, start TLS as the route and m want it, log in.  Returns 0
 * ready; 1 ask again, m has changed; -1 this host will not do, the delivery
 * has the excuse.  Unless 0 the connection is closed. */
int client_open(struct client *c, struct delivery *d, const struct host *h,
    const struct dns_address *to, struct manner *m);

/* Say it (with CRLF) as far as the buffer goes; sent by client_answer().  A
 * reply that nobody asked for breaks the connection: no later one could be
 * trusted to belong to its command. */
void client_say(struct client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether no reply is waiting that nobody asked for; it breaks the connection
 * otherwise. */
bool client_quiet(struct client *c);

/* Read one whole reply into c->answer, waiting at most wait_s (and at most
 * REMOTE_TIMEOUT).  Returns its class, 2 to 5, or -1: the connection is broken
 * then, and the reason is in fail_last().  After 421 it is broken too. */
int client_answer(struct client *c, int wait_s);

/* The lesser of seconds and REMOTE_TIMEOUT. */
int client_limit(int seconds);

/* Mark the connection as broken.  why: for fail_last(), or NULL when that is
 * set.  Returns -1. */
int client_broken(struct client *c, const char *why);

/* "host[ip] said: 550 5.1.1 …", or "host[ip]: reason" when broken. */
const char *client_quote(struct client *c, char text[DELIVERY_TEXT]);

/* The enhanced code of the reply, or one of its class made up. */
const char *client_enhanced(const struct client *c);

/* The host is of no use for now: remember its answer, or what broke the
 * connection, as the delivery's excuse. */
void client_excuse(struct client *c, struct delivery *d);

/* QUIT when that is still possible, and close. */
void client_close(struct client *c);

/* Use fd from now on. */
void client_attach(struct client *c, int fd);

/* Read the reply to EHLO and note what it announces, as client_answer(). */
int client_ehlo_answer(struct client *c);

/* Log in with the file that the route names.  0, or -1 with the excuse. */
int auth_login(struct client *c, struct delivery *d);

/* Hand over the message for all undecided recipients it can be sent for.
 * Returns true when the host asks for another manner. */
bool transactions(struct client *c, struct delivery *d, struct manner *m);

/* Send the message by DATA (whose command was said before if `said`) or BDAT.
 * Returns the class of the last reply; 0 it was refused before all was sent, or
 * by BDAT, see c->answer; -1 the connection broke before the end was sent; -2 all
 * was sent, and no reply came; -3 the server announced BDAT and does not know
 * it. */
int body_send(struct client *c, const struct delivery *d, bool bdat, bool said);

#endif
