/* SPDX-License-Identifier: ISC */
/* The monitor's side: it keeps the privilege, never sees the network, and
 * answers the questions of the session's child (serve/monitor.h). */
#ifndef SMTPD_PARENT_H
#define SMTPD_PARENT_H

#include "session.h"

/* Question kinds. */
#define PARENT_RCPT 'R'    /* local part, domain -> enum parent_rcpt */
#define PARENT_AUTH 'A'    /* user, password -> a verdict */
#define PARENT_SASL 'M'    /* mechanism or "", message -> a verdict, and data */
#define PARENT_ABANDON 'X' /* the exchange; no answer */
#define PARENT_TLS 'T'     /* -> the variables of TLS; nothing: it failed */
#define PARENT_BUSY 'B'    /* a worker's child has taken a connection */

#define PARENT_WAIT 60 /* seconds for an answer, beside CHECKER_TIMEOUT */

/* First octet of an answer. */
enum parent_rcpt {
	PARENT_OURS = 'O',    /* exists here; a domain may follow, see below */
	PARENT_UNKNOWN = 'U', /* our domain, no such mailbox */
	PARENT_FOREIGN = 'X', /* not our domain */
	PARENT_FAILED = '!'   /* cannot tell now */
};

/* A verdict is that of converse(), and the account's name as a netstring, which
 * is empty unless it is 'y'; data is for the client. */

/* Answer one question of m's child, waiting for it.  Returns the question's
 * kind; 0 the child is gone; -1 it does not behave: end it. */
int parent_answer(struct smtp *s, struct monitor *m);

/* Enter the sandbox of the parent, before there are children; and that of the
 * child, which is within it. */
void parent_confine(const struct smtp *s);
void child_confine(const struct smtp *s);

/* Answer questions until the child is gone.  The domain behind PARENT_OURS is
 * where a <postmaster> without domain (RFC 5321 4.5.1) lives: this host's own
 * name when it is a domain of ours, else the first domain there is. */
void parent_run(struct smtp *s);

#endif
