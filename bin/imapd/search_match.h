/* SPDX-License-Identifier: ISC */
/* Does a message match SEARCH's keys?  (RFC 3501 6.4.4) */
#ifndef IMAPD_SEARCH_MATCH_H
#define IMAPD_SEARCH_MATCH_H

#include "msg/text.h"
#include "proto/imap_search.h"
#include "session.h"

struct search {
	struct imap *s;
	struct imap_search *keys;
	struct text text;
};

/* Make the keys ready for this mailbox: sets resolved, keywords looked up,
 * texts folded.  False when a sequence number does not exist (args says so
 * then).  Either way search_end() must follow. */
bool search_begin(struct search *h, struct imap *s, struct scan *args,
    struct imap_search *keys);

/* Whether message i matches.  Returns 1, 0 no (or it is gone), -1 failed. */
int search_match(struct search *h, size_t i);

void search_end(struct search *h);

#endif
