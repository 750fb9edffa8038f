/* SPDX-License-Identifier: ISC */
/* One SMTP session (RFC 5321): its state, its loop, and how handlers answer.
 * A handler checks, acts and returns one reply; the loop counts errors, logs
 * refusals, sends the reply, and the next read flushes before it blocks. */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/str.h"
#include "proto/smtp_cmd.h"
#include "proto/smtp_path.h"
#include "proto/smtp_reply.h"
#include "queue/envelope.h"
#include "queue/put.h"
#include "serve/converse.h"
#include "serve/mechanisms.h"
#include "serve/monitor.h"
#include "serve/session.h"

/* The longest AUTH line or answer, RFC 4954 4; others have SMTP_CMD_LINE. */
#define SESSION_LINE 12288

/* MAIL with its parameters: SIZE adds 26, BODY 17, AUTH 500, SMTPUTF8 10, RET
 * and ENVID 100 octets (RFC 1870 3, 6152 2, 4954 3, 6531 3.1, 3461 3); RCPT
 * with NOTIFY and ORCPT 500. */
#define SESSION_MAIL_LINE (SMTP_CMD_LINE + 26 + 17 + 500 + 10 + 100)
#define SESSION_RCPT_LINE (SMTP_CMD_LINE + 500)

/* Addresses of ours that were asked about just now. */
#define SESSION_KNOWN 8
#define SESSION_KNOWN_MS 1000

struct known {
	char address[128];
	int64_t until_ms;
};

struct smtp {
	struct serve serve;
	struct monitor monitor;
	const char *checker;          /* password checker; NULL: no AUTH here */
	char offered[MECHANISMS_MAX]; /* SASL mechanisms, where there is one */

	/* settings */
	uint64_t max_message;
	size_t max_rcpts;
	unsigned max_errors, max_received, max_logins;
	int timeout_s;
	bool relay;           /* every domain, without login */
	bool cleartext_login; /* AUTH without TLS */
	bool tls_offered;     /* STARTTLS is possible */
	bool tls_required;    /* before anything that matters */

	bool in_worker;       /* see worker.h */
	struct converse talk; /* the parent's, with the checker */

	/* the session */
	bool closing;
	bool quit;                       /* by QUIT */
	bool esmtp;                      /* greeted by EHLO */
	char helo[SMTP_PATH_DOMAIN + 1]; /* "" before HELO or EHLO */
	char user[256];                  /* who logged in; "" for nobody */
	unsigned errors, failed_logins, refusals;

	/* the transaction: from MAIL on; strings live in the arena */
	bool in_mail;
	char id[ID_SIZE];
	struct str sender;
	bool eight_bit, utf8;
	struct str envid; /* of ENVID=, decoded; empty when not given */
	char ret;         /* of RET=: 'F', 'H', or 0 */
	uint64_t size;    /* SIZE= of MAIL, 0 when not given */
	struct envelope_rcpt *rcpts;
	size_t nrcpt, rcpt_room;
	bool refused_rcpt; /* some RCPT was refused */
	struct arena arena;
	struct queue_put put;

	struct known known[SESSION_KNOWN];
	size_t next_known;      /* to be replaced */
	struct smtp_path asked; /* the recipient of this command, for the log */
	struct buf orcpt;       /* and what its ORCPT stands for */

	/* the reply being made */
	struct smtp_reply reply;
	char text[SMTP_REPLY_LINE];
	struct buf line; /* replies, questions and other texts being written */
};

/* Read the settings; s is zeroed but for serve and checker. */
void session_init(struct smtp *s);

/* Greet and serve until the client is gone.  The child's side. */
void session_run(struct smtp *s);

/* Forget the session that has ended, for another one. */
void session_again(struct smtp *s);

/* Make the reply that a handler returns; lives until the next one. */
const struct smtp_reply *session_reply(
    struct smtp *s, unsigned code, const char *enhanced, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Send a reply now (354, 334); goes out when reading blocks. */
void session_send(struct smtp *s, const struct smtp_reply *r);

/* Give the next command or piece of data its time. */
void session_deadline(struct smtp *s);

/* What to answer when reading has failed (r of in_line() or in_peek(), 0 or
 * -1): ends the session; NULL when the client is gone. */
const struct smtp_reply *session_lost(struct smtp *s, int r, const char *where);

/* Forget the transaction (RSET, EHLO, after DATA). */
void session_reset(struct smtp *s);

/* May AUTH be used now, as far as encryption is concerned? */
bool session_may_login(const struct smtp *s);

#endif
