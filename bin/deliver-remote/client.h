/* SPDX-License-Identifier: ISC */
/* An SMTP session as client: connection, replies, greeting, TLS. */
#ifndef DELIVER_REMOTE_CLIENT_H
#define DELIVER_REMOTE_CLIENT_H

#include "base/buf.h"
#include "io/in.h"
#include "io/out.h"
#include "job.h"
#include "proto/smtp_answer.h"

/* Seconds to wait for replies: RFC 5321 4.5.3.2 */
#define WAIT_GREETING 300
#define WAIT_MAIL 300
#define WAIT_DATA 120
#define WAIT_BLOCK 180
#define WAIT_END 600
#define WAIT_QUIT 5

struct client {
	struct in in;
	struct out out;
	struct smtp_answer answer;
	const char *host;
	const char *ip;
	bool broken; /* nothing more can be said */
	bool greeted;
	bool pipelining, starttls, eight_bit, size, utf8;
	uint64_t max_size;
	char protocol[16]; /* of TLS, or "" */
	char in_data[4096];
	char out_data[16384];
};

enum client_open {
	CLIENT_READY,
	CLIENT_USELESS,   /* this host will not do; the job has the excuse */
	CLIENT_TLS_FAILED /* try again without */
};

/* Connect, greet, start TLS when it is offered and wanted.  Unless the result
 * is CLIENT_READY, the connection is closed. */
enum client_open client_open(
    struct client *c, struct job *j, const struct dns_address *to, bool tls);

/* Say it (with CRLF) as far as the buffer goes; sent by client_answer(). */
void client_say(struct client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Read one whole reply into c->answer, waiting at most wait_s (and at most
 * REMOTE_TIMEOUT).  Returns its class, 2 to 5, or -1: the connection is broken
 * then, and the reason is in fail_last(). */
int client_answer(struct client *c, int wait_s);

/* "host[ip] said: 550 5.1.1 …", or "host[ip]: reason" when broken. */
const char *client_quote(struct client *c, char text[JOB_TEXT]);

/* The enhanced code of the reply, or one of its class made up. */
const char *client_enhanced(const struct client *c);

/* QUIT when that is still possible, and close. */
void client_close(struct client *c);

#endif
