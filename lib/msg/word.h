/* SPDX-License-Identifier: ISC */
/* Encoded words in header fields (RFC 2047), with the language mark of
 * RFC 2231 5.  Pure. */
#ifndef MSG_WORD_H
#define MSG_WORD_H

#include "base/buf.h"
#include "base/str.h"

/* Append a field's value as UTF-8: folds removed, encoded words decoded,
 * blanks between two of them dropped, broken ones left as they stand; 8-bit
 * text is taken for UTF-8.  What cannot be read becomes U+FFFD. */
void word_decode(struct str value, struct buf *to);

/* Append UTF-8 text as it may stand in an unstructured field: as it is when it
 * is printable ASCII and would not be mistaken for an encoded word, else as
 * encoded words of at most 75 characters with folds (CRLF, blank) between. */
void word_encode(struct str utf8, struct buf *to);

#endif
