/* SPDX-License-Identifier: ISC */
/* What imap-login and pop3-login share: the network side that may only ask,
 * and the monitor that knows, and becomes the session. */
#ifndef SERVE_LOGIN_H
#define SERVE_LOGIN_H

#include <stdbool.h>

#include "base/str.h"
#include "proto/sasl.h"
#include "serve/converse.h"
#include "serve/mechanisms.h"
#include "serve/monitor.h"
#include "serve/session.h"

#define LOGIN_BAD_MAX 10 /* bad commands before the connection is closed */

enum login_result {
	LOGIN_OK,     /* hand over now */
	LOGIN_DENIED, /* name or password is wrong */
	LOGIN_LATER   /* temporary trouble; it is in the log */
};

struct login {
	struct serve s;
	struct monitor m;
	bool can_starttls; /* offered, and not on yet */
	bool secure_only;  /* no password may be sent without TLS */
	int tries_left;
	int bad_left;
	char offered[MECHANISMS_MAX]; /* SASL mechanisms, if login_allowed() */
	const char *checker;

	/* Set before the start: the variable in which the session finds the
	 * tag of login_hand_over(); NULL: IMAPLOGINTAG. */
	const char *tag_name;

	/* the monitor's */
	struct converse talk;
	bool started; /* TLS, by us */
};

/* Start prog: checks the arguments "[-w] CHECKER SESSION [ARGUMENTS]", splits
 * (with -w for each connection that comes, serve/login_worker.h), and returns
 * in the network side only, which is confined then and has LOGIN_TIMEOUT
 * seconds.  l must be zeroed but for tag_name.  Logs and exits on failure. */
void login_start(struct login *l, const char *prog, int argc, char **argv);

/* Whether a login may be tried now: TLS is on, or not needed.  And whether it
 * may be one by name and password (mechanisms_password()). */
bool login_allowed(const struct login *l);
bool login_by_password(const struct login *l);

/* Ask for a verdict.  Takes its time.  Counts tries_left down unless it is
 * LOGIN_OK; at 0 the connection is to end.  Exits when the monitor is gone. */
enum login_result login_try(struct login *l, struct str user, struct str pass);

/* Go on with an exchange: when *r is SASL_ASK or SASL_DONE, have the checker
 * answer.  Takes its time.  Counts tries_left down when the checker says no, or
 * cannot say.  Exits when the monitor is gone.  Returns true when *r is
 * SASL_MORE, and the client's turn; at the end false, and *r is neither of
 * these. */
bool login_sasl(struct login *l, struct sasl *s, enum sasl_result *r);

/* Start TLS; the positive reply must be in the output buffer.  Exits when that
 * fails. */
void login_starttls(struct login *l);

/* After LOGIN_OK: the monitor becomes the session.  tag is the IMAP command's,
 * or what else of the session's state is to be told (n 0: nothing), input_b64
 * what the client has sent already, sorry the line that tells the client when
 * the session cannot be started. */
_Noreturn void login_hand_over(
    struct login *l, struct str tag, struct str input_b64, struct str sorry);

/* Flush and end the network side, and with it the monitor. */
_Noreturn void login_leave(struct login *l);

#endif
