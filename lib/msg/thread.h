/* SPDX-License-Identifier: ISC */
/* What puts messages into threads (RFC 5256): subjects without their "Re:" and
 * the message ids of References and In-Reply-To.  Pure. */
#ifndef MSG_THREAD_H
#define MSG_THREAD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Append the base subject (2.1) of a Subject field's value, in UTF-8, cut at
 * 1,000 octets.  Returns whether it is a reply or a forward: whether something
 * but blanks had to be removed. */
bool thread_subject(struct str value, struct buf *to);

/* Take the next message id, without its angle brackets, off the text of a
 * References, In-Reply-To or Message-ID field; what is no id is passed over.
 * The id may hold folds and blanks where the field does.  False at the end. */
bool thread_id(struct str *rest, struct str *id);

#endif
