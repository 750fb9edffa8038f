/* SPDX-License-Identifier: ISC */
/* SASL (RFC 4422), server's side, as seen by the process that speaks with the
 * network: base64, the empty challenge to whoever sends no initial response,
 * cancelling, what follows success and failure.  The protocols differ only in
 * how they frame the base64 lines.
 *
 * PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login, obsolete and
 * everywhere) are taken apart here, into a name and a password.  The messages
 * of all others are for the password checker, which has the secrets
 * (serve/converse.h): SASL_ASK says that there is one, sasl_told() what the
 * checker said. */
#ifndef PROTO_SASL_H
#define PROTO_SASL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define SASL_LINE 12288     /* octets of a response line (RFC 4954 4) */
#define SASL_MESSAGE 9216   /* octets of one decoded response */
#define SASL_PASSWORD 1024  /* of a name and a password together */
#define SASL_CHALLENGE 6144 /* octets of a challenge */

enum sasl_result {
	SASL_MORE,      /* send the challenge, then give the response */
	SASL_DONE,      /* user and pass are complete */
	SASL_ASK,       /* give text to the checker */
	SASL_GRANTED,   /* the checker has said yes, and the client has heard */
	SASL_REFUSED,   /* it has said no */
	SASL_LATER,     /* it cannot tell now */
	SASL_BAD,       /* not base64, or not the mechanism's grammar */
	SASL_CANCELLED, /* the client sent "*" */
	SASL_OTHER,     /* it wants to act as somebody else: refuse */
	SASL_UNKNOWN    /* no such mechanism */
};

enum sasl_kind { SASL_PLAIN, SASL_LOGIN, SASL_CHECKER };

enum sasl_state {
	SASL_READING,  /* responses are for the mechanism */
	SASL_LAST_YES, /* the last challenge was the news of success */
	SASL_LAST_NO   /* … of failure */
};

struct sasl {
	enum sasl_kind kind;
	enum sasl_state state;
	char mechanism[24]; /* its name, in capitals */
	bool asked;         /* for the caller: the checker knows of it */
	int step;
	struct buf text;       /* the decoded response, all of LOGIN's */
	struct buf challenge;  /* in base64 */
	struct str user, pass; /* valid after SASL_DONE until sasl_end() */
	size_t user_n;
};

/* Begin with the mechanism's name (any case), which must be among those
 * offered, a list of names in capitals with blanks between, and the initial
 * response: p is NULL for none, "=" is an empty one (RFC 4954 4, RFC 4959 3).
 * s is initialised in any case; end with sasl_end(). */
enum sasl_result sasl_begin(struct sasl *s, struct str offered,
    struct str mechanism, struct str initial);

/* The challenge to send after SASL_MORE, in base64; lives until the next call
 * with s. */
const char *sasl_challenge(struct sasl *s);

/* The client's response line. */
enum sasl_result sasl_step(struct sasl *s, struct str line);

/* After SASL_ASK: what the checker said, 'c' a challenge, 'y' yes, 'n' no, 'b'
 * a malformed message, anything else: it cannot tell now.  data goes to the
 * client: a challenge, or what it is to hear of success or failure before the
 * protocol says so, which it acknowledges; empty for none.  Returns SASL_MORE
 * or the end. */
enum sasl_result sasl_told(struct sasl *s, char verdict, struct str data);

/* Overwrite and free what was sent. */
void sasl_end(struct sasl *s);

/* Take a PLAIN message apart: [authzid] NUL authcid NUL passwd, the last two
 * not empty.  Returns SASL_DONE, SASL_BAD, or SASL_OTHER when authzid is
 * neither empty nor authcid. */
enum sasl_result sasl_plain(
    struct str message, struct str *authcid, struct str *passwd);

#endif
