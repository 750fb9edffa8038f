/* SPDX-License-Identifier: ISC */
/* The part of a report that people read, and what its other parts share with
 * it.  Pure. */
#ifndef QUEUE_BOUNCE_TEXT_H
#define QUEUE_BOUNCE_TEXT_H

#include "base/buf.h"
#include "queue/bounce.h"

/* Write the text: plain words in UTF-8, CRLF line ends. */
void bounce_text(const struct bounce *b, struct buf *out);

/* Append s as one harmless piece of a line: control characters and what is no
 * UTF-8 become '?'. */
void bounce_clean(struct str s, struct buf *out);

/* Append the words of s behind what is in the line, `column` wide, with line
 * ends and `indent` between them where the line would exceed 76 columns (one
 * long word may); cleaned; no line end behind it. */
void bounce_wrap(
    struct str s, size_t column, const char *indent, struct buf *out);

/* Whether a recipient of this kind is in the report. */
bool bounce_has(const struct bounce *b, enum report_kind what);

#endif
