/* SPDX-License-Identifier: ISC */
/* Envelope and structure of a message as IMAP writes them (RFC 3501 7.4.2), the
 * form in which they are also kept.  Pure. */
#ifndef MSG_STRUCTURE_H
#define MSG_STRUCTURE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "msg/part.h"

/* Append "(date subject from sender reply-to to cc bcc in-reply-to
 * message-id)" of the header at the start of text.  Fields doubled against
 * RFC 5322: To, Cc and Bcc are joined, of others the first counts.  Single
 * strings are cut at 64 KiB.  What would not fit below to->max (16 MiB hold
 * every envelope) is replaced by one of NILs.  scratch, at most 8 MiB of it, is
 * reset on the way. */
void structure_envelope(struct buf *to, struct str text, struct arena *scratch);

/* Append BODYSTRUCTURE, from the parts' `fields` alone.  Sizes are those of the
 * octets sent (CRLF).  What would not fit below to->max is replaced by the
 * structure of one application/octet-stream.  extra (at most 200 KB) gets what
 * structure_basic() needs to know. */
void structure_put(struct buf *to, const struct part_tree *t, struct buf *extra,
    struct arena *scratch);

/* Append BODY, which is BODYSTRUCTURE without the extension data.
 * Returns 0, or -1 when the two do not fit together (nothing is appended). */
int structure_basic(struct buf *to, struct str structure, struct str extra);

#endif
