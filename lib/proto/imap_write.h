/* SPDX-License-Identifier: ISC */
/* Pieces of IMAP replies (RFC 3501 9), appended to a buffer. */
#ifndef PROTO_IMAP_WRITE_H
#define PROTO_IMAP_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* s as an atom when that is possible (and it is not NIL), else as a string. */
void imap_put_astring(struct buf *b, struct str s);

/* "(\Seen \Answered)" from the bits of msg/flags.h and the keywords whose bit
 * i is set in keywords, their names in names[0..n); recent adds \Recent. */
void imap_put_flags(struct buf *b, uint32_t flags, bool recent,
    uint64_t keywords, const char *const *names, size_t n);

/* The INTERNALDATE of seconds since 1970, in UTC and with its quotes:
 * "17-Jul-1996 02:44:25 +0000". */
void imap_put_date(struct buf *b, int64_t seconds);

/* Text for a resp-text: control and 8-bit characters become '?', at most max
 * octets. */
void imap_put_text(struct buf *b, struct str s, size_t max);

#endif
