/* SPDX-License-Identifier: ISC */
/* SASL with the password checker: it has the secrets, takes the client's
 * messages apart, and makes the challenges; the process that runs it, the
 * monitor, only passes on octets, delays whoever guesses, and hears what came
 * of it.  The checker is started as checker_run() does, with these in its
 * environment:
 *
 *	CHECKPW_MECHANISM  "SCRAM-SHA-256": a conversation of this mechanism
 *	CHECKPW_OFFERED    all that were offered to this client, with blanks
 *	                   between
 *	SSL_…              what the TLS server says of the connection
 *
 * Descriptor 3 brings netstrings: the client's messages, decoded, the initial
 * response first.  On descriptor 4 the checker writes netstrings, the first
 * octet of which says what they are:
 *
 *	C text   a challenge; the client's answer comes on 3
 *	T name   it knows all that it needs to judge whether the client is
 *	         `name` (empty: it does not know who).  An empty netstring comes
 *	         on 3 after the delay that failures have earned.  No verdict
 *	         without it.
 *	D text   what goes to the client with the news of success
 *	R reply  whom to become: the reply of serve/checker.h; then it exits
 *	         with 0
 *	F text   what goes to the client with the news of failure; then it exits
 *	         with 1
 *	B        the client's message is malformed; then it exits with 1
 *
 * It exits with 1 to refuse, with 111 for temporary trouble.  The end of file
 * on 3 means that the client has given up. */
#ifndef SERVE_CONVERSE_H
#define SERVE_CONVERSE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"
#include "serve/checker.h"
#include "users/slow.h"

#define CONVERSE_MESSAGE 9216 /* octets of one message from the client */
#define CONVERSE_ANSWER (CHECKER_REPLY + 1) /* … from the checker */
#define CONVERSE_NAME 320

struct converse {
	pid_t pid; /* the checker; 0: there is no conversation */
	int to, from;
	char mechanism[24];
	char name[CONVERSE_NAME]; /* of T, "" before it */
	bool asked;               /* T was said, and slow is in use */
	struct slow slow;
	struct buf in;   /* what the checker has said and was not read yet */
	struct buf data; /* for the client */
};

struct converse_with {
	const char *root;    /* of the state: the delays are kept there */
	const char *source;  /* the client's address */
	const char *checker; /* the program */
	const char *offered; /* the mechanisms, see mechanisms.h */
};

/* The client's next message.  No mechanism: in the conversation that is going
 * on; else it begins another one.  c must be zeroed before the first.
 * Takes 2 * CHECKER_TIMEOUT and SLOW_PATIENCE seconds at most.
 * Returns 'c' a challenge for the client is in c->data; 'y' *reply says whom to
 * become, and only then is its verdict CHECKER_OK; 'n' refused, with c->data
 * for the client, unless it is empty; 'b' the client's message is malformed, or
 * there is no conversation; 't' trouble, which is in fail_last().  After all
 * but 'c' the conversation is over. */
char converse(struct converse *c, const struct converse_with *w,
    struct str mechanism, struct str message, struct checker_reply *reply);

/* Give the conversation up, if there is one. */
void converse_end(struct converse *c);

#endif
