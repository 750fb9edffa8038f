/* SPDX-License-Identifier: ISC */
/* The messages of SCRAM (RFC 5802 5 and 7), server's side.  The order of their
 * attributes is fixed; "m=" in the first is an extension that must be known,
 * and there is none; unknown ones at the end are passed over.  Pure. */
#ifndef PROTO_SCRAM_TEXT_H
#define PROTO_SCRAM_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/gs2.h"

struct scram_text_first {
	struct gs2 gs2;
	struct str bare;  /* without the header */
	struct str name;  /* as it is sent, for gs2_name() */
	struct str nonce; /* the client's */
};

struct scram_text_final {
	struct str binding; /* c=, in base64 */
	struct str nonce;   /* r=, both */
	struct str without_proof;
	struct str proof; /* p=, in base64 */
};

/* Take client-first-message apart; the slices point into it. */
bool scram_text_first(struct str message, struct scram_text_first *f);

/* Likewise client-final-message. */
bool scram_text_final(struct str message, struct scram_text_final *f);

/* Append server-first-message: "r=NONCE,s=SALT,i=ITERATIONS"; the nonce is the
 * client's and ours together, the salt's octets are put in base64. */
void scram_text_server_first(struct buf *b, struct str client_nonce,
    struct str our_nonce, struct str salt, unsigned iterations);

/* Whether c= is what it has to be: the header of the first message and the data
 * of the channel (empty unless the header binds it). */
bool scram_text_bound(const struct scram_text_final *f, struct str gs2_header,
    struct str channel);

#endif
