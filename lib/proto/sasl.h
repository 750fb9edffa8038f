/* SPDX-License-Identifier: ISC */
/* SASL, server's side, for the mechanisms that carry a password: PLAIN
 * (RFC 4616) and LOGIN (draft-murchison-sasl-login, obsolete and everywhere).
 * The protocols differ only in how they frame the base64 lines. */
#ifndef PROTO_SASL_H
#define PROTO_SASL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define SASL_MAX 1024  /* octets of one decoded response */
#define SASL_LINE 1400 /* octets of a response line that may be right */

/* The mechanisms' names between blanks, as capabilities list them. */
#define SASL_MECHANISMS "PLAIN LOGIN"

enum sasl_result {
	SASL_MORE,      /* send the challenge, then give the response */
	SASL_DONE,      /* user and pass are complete */
	SASL_BAD,       /* not base64, or not the mechanism's grammar */
	SASL_CANCELLED, /* the client sent "*" */
	SASL_OTHER,     /* it wants to act as somebody else: refuse */
	SASL_UNKNOWN    /* no such mechanism */
};

struct sasl {
	bool login; /* LOGIN, not PLAIN */
	int step;
	struct buf text;       /* the decoded responses */
	struct str user, pass; /* valid after SASL_DONE until sasl_end() */
	size_t user_n;
};

/* Begin with the mechanism's name (any case) and the initial response: p is
 * NULL for none, "=" is an empty one (RFC 4954 4, RFC 4959 3).  s is
 * initialised in any case; end with sasl_end(). */
enum sasl_result sasl_begin(
    struct sasl *s, struct str mechanism, struct str initial);

/* The challenge to send after SASL_MORE, in base64; a string literal. */
const char *sasl_challenge(const struct sasl *s);

/* The client's response line. */
enum sasl_result sasl_step(struct sasl *s, struct str line);

/* Overwrite and free what was sent. */
void sasl_end(struct sasl *s);

/* Take a PLAIN message apart: [authzid] NUL authcid NUL passwd, the last two
 * not empty.  Returns SASL_DONE, SASL_BAD, or SASL_OTHER when authzid is
 * neither empty nor authcid. */
enum sasl_result sasl_plain(
    struct str message, struct str *authcid, struct str *passwd);

#endif
