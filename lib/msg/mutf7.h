/* SPDX-License-Identifier: ISC */
/* Modified UTF-7 of mailbox names (RFC 3501 5.1.3): "&" starts base64 of
 * UTF-16 with "," for "/", ended by "-"; "&-" is "&"; everything printable
 * stands for itself.  There is one way to write each name. */
#ifndef MSG_MUTF7_H
#define MSG_MUTF7_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Whether s is a well-formed name: only printable ASCII, shifts closed, no
 * shift for printable ASCII or directly behind another, whole UTF-16 units
 * with paired surrogates, zero padding bits, and no control characters. */
bool mutf7_valid(struct str s);

/* Append s, a valid name, as UTF-8.  Returns 0, or -1 (EINVAL) when it is not
 * valid; b has got some text then. */
int mutf7_decode(struct str s, struct buf *b);

/* Append s, UTF-8, as modified UTF-7.  Returns 0, or -1 (EINVAL) when s is not
 * valid UTF-8 or has control characters. */
int mutf7_encode(struct str s, struct buf *b);

#endif
