/* SPDX-License-Identifier: ISC */
/* Does a message contain this text?  (IMAP SEARCH, RFC 3501 6.4.4.)  Transfer
 * encodings and character sets are undone and the text is folded (msg/fold.h)
 * piece by piece, so that the memory needed does not depend on the message.
 * Time is linear.  Pure. */
#ifndef MSG_TEXT_H
#define MSG_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "msg/fold.h"
#include "msg/part.h"

/* Buffers for looking, used again and again: at most some 500 KiB. */
struct text {
	struct str needle; /* of the search going on */
	bool found;
	struct fold fold;
	struct buf octets, utf8, folded;
	struct arena arena;
};

void text_init(struct text *t);
void text_free(struct text *t);

/* What is looked for, folded; lives in a.  The functions below take it as
 * their needle; an empty one is in every text. */
struct str text_needle(struct str utf8, struct arena *a);

/* In a text in UTF-8. */
bool text_in(struct text *t, struct str needle, struct str utf8);

/* In the value of any field called name of the header at the start of text
 * (SEARCH HEADER, SUBJECT, FROM …), folds removed and encoded words decoded;
 * an empty needle asks whether there is such a field.  Of a field with encoded
 * words the first MiB is read. */
bool text_in_field(
    struct text *t, struct str needle, struct str text, struct str name);

/* In the header at the start of text, names included, decoded likewise and
 * read as one text. */
bool text_in_header(struct text *t, struct str needle, struct str text);

/* SEARCH BODY: what is text/… or message/… of the parts, decoded, each a text
 * of its own, and the headers of all parts within the message (names of
 * attachments, fields of forwarded messages).  Text that does not say its set
 * is read as UTF-8, or as ISO-2022-JP when it has that one's escapes. */
bool text_in_body(
    struct text *t, struct str needle, const struct part_tree *tree);

/* SEARCH TEXT: the same and the message's own header. */
bool text_in_message(
    struct text *t, struct str needle, const struct part_tree *tree);

#endif
