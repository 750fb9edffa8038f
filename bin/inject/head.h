/* SPDX-License-Identifier: ISC */
/* The header of a message from a local program: who it is for, what is
 * missing, what must not leave the house. */
#ifndef INJECT_HEAD_H
#define INJECT_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* How to complete a header. */
struct head {
	const char *id, *host;
	const char *sender; /* envelope sender, or ""; for From */
	const char *name;   /* display name for From; "" for none */
	unsigned uid;       /* for Received */
	int64_t now_s;
};

/* text behind mbox's line ("From ann Mon …"), which some programs pass on. */
struct str head_skip_from(struct str text);

/* Whether text starts with a whole header: its empty line is there. */
bool head_complete(struct str text);

/* Append text (a message from its first octet, CRLF line ends, possibly cut
 * in the body) to b with its header completed: Received in front; Date,
 * Message-ID and From (of *h) added where missing; Bcc, Resent-Bcc and
 * Return-Path removed; @host added to the only address of From, Sender, To, Cc
 * or Reply-To when it has no domain; an empty line added behind a header that
 * lacks it. */
void head_complete_to(const struct head *h, struct str text, struct buf *b);

/* Whether the header says, or shows, that the message needs 8BITMIME. */
bool head_eight_bit(struct str text);

#endif
