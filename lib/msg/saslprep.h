/* SPDX-License-Identifier: ISC */
/* Names and passwords in one spelling before they are hashed: SASLprep (RFC
 * 4013), as far as keyboards reach.  Pure.
 *
 * Spaces of all kinds become blanks (RFC 3454 C.1.2), what is invisible goes
 * (B.1), control characters and what is none are refused (C.2, C.4, C.6 to
 * C.9).  Of the normalisation (NFKC) there are the compatibility forms of
 * Latin-1, the ellipsis and the trade mark sign, and full width forms; other
 * text stays as it was typed, which is composed (NFC) nearly everywhere.
 * Private use, unassigned characters and the directions of RFC 3454 6 are not
 * looked at. */
#ifndef MSG_SASLPREP_H
#define MSG_SASLPREP_H

#include "base/buf.h"
#include "base/str.h"

/* Append s prepared.  ASCII without control characters is what it was.
 * Returns 0, or -1 EINVAL: s is not UTF-8 (RFC 3629), or has characters that
 * are refused.  Give it room for SASLPREP_GROWTH times as many octets. */
#define SASLPREP_GROWTH 3
int saslprep(struct buf *to, struct str s);

#endif
