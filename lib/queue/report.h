/* SPDX-License-Identifier: ISC */
/* Who is told what about a message: RFC 3461 4.1 and 5.2.  Pure. */
#ifndef QUEUE_REPORT_H
#define QUEUE_REPORT_H

#include <stdbool.h>

#include "queue/envelope.h"
#include "queue/result.h"

/* What a report says of one recipient: the actions of RFC 3464 2.3.3. */
enum report_kind {
	REPORT_NONE, /* nothing: the next host will (RFC 3461 5.2.2) */
	REPORT_FAILED,
	REPORT_DELAYED,
	REPORT_DELIVERED,
	REPORT_RELAYED,
	REPORT_EXPANDED
};

/* "failed", "delayed", …: the word in the Action field. */
const char *report_action(enum report_kind what);

/* What a result would be reported as: K delivered, X expanded, R relayed, T
 * nothing, D failed, Z delayed. */
enum report_kind report_of(enum result_kind result);

/* Whether the sender is to be told of this.  Without NOTIFY: failures only.
 * The null sender is never told anything (RFC 3461 5.2.1), nor is anybody
 * of REPORT_NONE. */
bool report_wanted(
    const struct envelope_rcpt *r, enum report_kind what, bool null_sender);

#endif
