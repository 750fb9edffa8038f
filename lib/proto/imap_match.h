/* SPDX-License-Identifier: ISC */
/* The wildcards of LIST and LSUB (RFC 3501 6.3.8): "*" matches anything, "%"
 * anything without the hierarchy delimiter. */
#ifndef PROTO_IMAP_MATCH_H
#define PROTO_IMAP_MATCH_H

#include <stdbool.h>

#include "base/str.h"

#define IMAP_PATTERN_MAX 1024

/* Whether the whole name matches.  INBOX, alone or as the first part of name,
 * matches in any case of letters (RFC 3501 5.1).  Takes time proportional to
 * pattern.n * name.n, however many wildcards; patterns longer than
 * IMAP_PATTERN_MAX match nothing. */
bool imap_match(struct str pattern, struct str name, char delimiter);

#endif
