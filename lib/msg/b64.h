/* SPDX-License-Identifier: ISC */
/* Base64 (RFC 4648 4; in MIME RFC 2045 6.8).  Pure. */
#ifndef MSG_B64_H
#define MSG_B64_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Append s in base64, padded, without line breaks. */
void b64_encode(struct buf *to, struct str s);

/* Append s in base64, in lines of 76 characters each ended by CRLF. */
void b64_encode_lines(struct buf *to, struct str s);

/* Append what s stands for; s must be exactly one canonical encoding (whole
 * groups of four, padding, unused bits 0, nothing else), as SASL wants it.
 * Returns 0, or -1 with errno EINVAL and nothing appended.  When the result
 * does not fit, to->over is set and 0 returned, as with every buffer. */
int b64_decode(struct buf *to, struct str s);

/* Decoding in pieces, the tolerant way of RFC 2045 6.8: whatever is not of the
 * alphabet is passed over, '=' ends a group, missing padding is forgiven. */
struct b64 {
	uint32_t bits;
	unsigned n; /* characters in the group so far, 0..3 */
};

void b64_begin(struct b64 *d);

/* Append what is complete; s may be cut anywhere. */
void b64_feed(struct b64 *d, struct str s, struct buf *to);

/* Append what an unfinished last group still holds. */
void b64_end(struct b64 *d, struct buf *to);

#endif
