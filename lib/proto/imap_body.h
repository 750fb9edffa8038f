/* SPDX-License-Identifier: ISC */
/* ENVELOPE, BODY and BODYSTRUCTURE of a message as IMAP writes them (RFC 3501
 * 7.4.2).  Strings that hold 8-bit text, CR or LF, or that are long, become
 * literals; NUL, which no IMAP4rev1 string can hold, becomes '?'.  Pure. */
#ifndef PROTO_IMAP_BODY_H
#define PROTO_IMAP_BODY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "msg/part.h"

/* Append "(date subject from sender reply-to to cc bcc in-reply-to
 * message-id)" of the header at the start of text.  Fields doubled against
 * RFC 5322: To, Cc and Bcc are joined, of others the first counts.  Single
 * strings are cut at 64 KiB.  What would not fit below to->max (16 MiB hold
 * every envelope) is replaced by one of NILs. */
void imap_body_envelope(struct buf *to, struct str text);

/* Append the parenthesised structure of the whole message; extended adds the
 * extension data and is BODYSTRUCTURE, without it is BODY.  Sizes are those of
 * the octets sent (CRLF).  What would not fit below to->max is replaced by
 * that of one application/octet-stream. */
void imap_body_structure(
    struct buf *to, const struct part_tree *t, bool extended);

/* Append a string as quoted string or literal, as its contents demand. */
void imap_body_string(struct buf *to, struct str s);

#endif
