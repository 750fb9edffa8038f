/* SPDX-License-Identifier: ISC */
/* SASL with an OAuth token: OAUTHBEARER (RFC 7628) and Google's XOAUTH2, which
 * is older, in many clients, and the same but for its spelling.  Pure. */
#ifndef PROTO_BEARER_H
#define PROTO_BEARER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct bearer {
	struct str user;  /* whom the client wants to be; "" it does not say.
	                   * For OAUTHBEARER as it is sent, for gs2_name() */
	struct str token; /* letters, digits and -._~+/=, at least one */
	struct str host, port; /* where the client has connected to; "" */
};

/* Take the client's message apart; the slices point into it.  Returns false
 * when it is malformed, has no token, or a scheme other than Bearer. */
bool bearer_parse(struct str message, struct bearer *b);
bool bearer_parse_xoauth2(struct str message, struct bearer *b);

/* Append the error that follows a bad token: scope and configuration are left
 * out when empty. */
void bearer_error(struct buf *b, struct str scope, struct str configuration);
void bearer_error_xoauth2(struct buf *b, struct str scope);

#endif
