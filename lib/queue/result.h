/* SPDX-License-Identifier: ISC */
/* What a delivery program says about one recipient, one line of its output:
 * `K 2.0.0 text` delivered, `X 2.0.0 text` passed on by an alias or a program,
 * `R 2.0.0 text` relayed to a host without DSN, `T 2.0.0 text` transferred to a
 * host that takes over the duty to report (RFC 3461), `D 5.1.1 text` failed for
 * good, `Z 4.4.1 text` failed for now.  The middle word is a status code of RFC
 * 3463. */
#ifndef QUEUE_RESULT_H
#define QUEUE_RESULT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

#define RESULT_TEXT 900 /* octets of the text */

enum result_kind {
	RESULT_DONE = 'K',
	RESULT_EXPANDED = 'X',
	RESULT_RELAYED = 'R',
	RESULT_TRANSFERRED = 'T',
	RESULT_FAILED = 'D',
	RESULT_DEFERRED = 'Z'
};

struct result {
	enum result_kind kind;
	struct str status; /* "5.1.1"; its class always fits the kind */
	struct str text;   /* printable ASCII, no line ends */
};

/* Whether the message is out of our hands: K, X, R or T. */
bool result_is_success(enum result_kind kind);

/* Read a line without its LF.  A missing or wrong status becomes 2.0.0,
 * 5.0.0 or 4.0.0; text
 * is copied into the arena, cut to RESULT_TEXT, and what is not printable in
 * it becomes '?'.  Returns 0, or -1 EPROTO for a line of another form. */
int result_scan(struct str line, struct arena *a, struct result *r);

/* Make a result of our own; text as above. */
struct result result_make(
    enum result_kind kind, const char *status, const char *text);

/* The host that `text` of a remote delivery starts with ("mx.host.test[192.
 * 0.2.1]: 550 …" or "mx.host.test said: …"), else empty; and what it said,
 * without it, when that starts with a reply code. */
struct str result_host(struct str text);
struct str result_reply(struct str text);

#endif
