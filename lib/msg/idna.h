/* SPDX-License-Identifier: ISC */
/* Domains in UTF-8 to the ASCII form that DNS knows: U-labels become A-labels,
 * "xn--…" (RFC 5890 2.3.2.1, RFC 3492).  Capitals become small letters first,
 * as RFC 5895 2 advises; nothing else is mapped or normalised, and whether a
 * registry would give away such a name is not asked.  Pure. */
#ifndef MSG_IDNA_H
#define MSG_IDNA_H

#include "base/buf.h"
#include "base/str.h"

#define IDNA_LABEL 63 /* octets of an A-label (RFC 1035 2.3.4) */

/* Append the domain, valid UTF-8, with every label that is not ASCII as an
 * A-label and the others as they are.  Returns 0, or -1 EINVAL: a label is too
 * long or not UTF-8, or the buffer is full. */
int idna_ascii(struct str domain, struct buf *to);

#endif
