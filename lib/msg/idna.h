/* SPDX-License-Identifier: ISC */
/* Domain names in UTF-8 as the DNS has them: A-labels of IDNA (RFC 5891 5),
 * written in Punycode (RFC 3492).  Letters are put in lower case; a name that
 * is not in NFC, or holds what IDNA forbids, becomes one that does not exist.
 * Pure. */
#ifndef MSG_IDNA_H
#define MSG_IDNA_H

#include "base/buf.h"
#include "base/str.h"

#define IDNA_LABEL 63 /* octets of a label; RFC 1035 2.3.4 */

/* Append the domain with each label that is not ASCII turned into one that is.
 * Returns 0, or -1 with errno EINVAL: not UTF-8, or a label that is too long;
 * to may hold a part of it then. */
int idna_ascii(struct str domain, struct buf *to);

#endif
