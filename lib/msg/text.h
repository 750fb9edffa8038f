/* SPDX-License-Identifier: ISC */
/* Does a message contain this text?  (IMAP SEARCH, RFC 3501 6.4.4.)  Transfer
 * encodings and character sets are undone piece by piece, so that the memory
 * needed does not depend on the message; letters compare without case (ASCII,
 * Latin, Greek, Cyrillic, Armenian, without locale).  Time is linear.  Pure. */
#ifndef MSG_TEXT_H
#define MSG_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "msg/part.h"

/* Append UTF-8 text in lower case; broken UTF-8 becomes U+FFFD. */
void text_lower(struct str utf8, struct buf *to);

/* What is looked for, in lower case. */
struct text_needle {
	struct str lower;
};

/* Prepare looking for utf8; lives in a.  An empty needle is in every text. */
struct text_needle text_needle(struct str utf8, struct arena *a);

/* In a text in UTF-8. */
bool text_in(struct text_needle n, struct str utf8);

/* In a field's value, folds removed and encoded words decoded. */
bool text_in_value(struct text_needle n, struct str value);

/* In the value of any field called name of the header at the start of text
 * (SEARCH HEADER, SUBJECT, FROM …); an empty needle asks whether there is
 * such a field. */
bool text_in_field(struct text_needle n, struct str text, struct str name);

/* In any line of the header, names included. */
bool text_in_header(struct text_needle n, struct str text);

/* In the body of a leaf, decoded, when it is text/… or message/…; others have
 * no text in this sense. */
bool text_in_leaf(
    struct text_needle n, const struct part_tree *t, const struct part *p);

/* SEARCH BODY: the leaves, and the headers of all parts within the message
 * (names of attachments, fields of forwarded messages). */
bool text_in_body(struct text_needle n, const struct part_tree *t);

/* SEARCH TEXT: the same and the message's own header. */
bool text_in_message(struct text_needle n, const struct part_tree *t);

#endif
