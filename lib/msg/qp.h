/* SPDX-License-Identifier: ISC */
/* Quoted-printable (RFC 2045 6.7), decoding in pieces.  Pure. */
#ifndef MSG_QP_H
#define MSG_QP_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

#define QP_HELD 80

/* What may turn out to be a soft line break, an escape or blanks at a line's
 * end is held back until more is known. */
struct qp {
	char held[QP_HELD];
	size_t n;
};

void qp_begin(struct qp *d);

/* Append what is certain; s may be cut anywhere.  Soft line breaks and blanks
 * at line ends go, line ends stay as they are, and an '=' that starts nothing
 * valid stands for itself. */
void qp_feed(struct qp *d, struct str s, struct buf *to);

/* Append what was held back. */
void qp_end(struct qp *d, struct buf *to);

#endif
