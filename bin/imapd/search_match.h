/* SPDX-License-Identifier: ISC */
/* Does a message match SEARCH's keys?  (RFC 3501 6.4.4) */
#ifndef IMAPD_SEARCH_MATCH_H
#define IMAPD_SEARCH_MATCH_H

#include "proto/imap_search.h"
#include "session.h"

/* Make the keys ready for this mailbox, once: sets resolved, keywords looked
 * up, texts lowered.  False when a sequence number does not exist (args says
 * so then). */
bool search_prepare(struct imap *s, struct scan *args, struct imap_search *k);

/* Whether message i matches.  Returns 1, 0 no (or it is gone), -1 failed. */
int search_match(struct imap *s, const struct imap_search *keys, size_t i);

#endif
