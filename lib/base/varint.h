/* SPDX-License-Identifier: ISC */
/* Whole numbers in as few octets as they need: seven bits each, the lowest
 * first, with the eighth bit set where more follow (LEB128). */
#ifndef BASE_VARINT_H
#define BASE_VARINT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/scan.h"

/* Append v: 1 to 10 octets. */
void varint_put(struct buf *to, uint64_t v);

/* Take one off.  0 and s->bad when there is none or it is above max. */
uint64_t varint_take(struct scan *s, uint64_t max);

#endif
