/* SPDX-License-Identifier: ISC */
/* Places in a text as IMAP counts them: in the form where every line ends in
 * CRLF, while it is stored with LF, or with CRLF too. */
#ifndef IMAPD_FETCH_PLACE_H
#define IMAPD_FETCH_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "io/out.h"

/* Behind p stored octets, and, with mid, behind the CR that is to be put before
 * the LF that follows. */
struct fetch_place {
	size_t p;
	bool mid;
};

/* The place `want` octets behind `from`, or the end of the text; *got: how many
 * octets lie between. */
struct fetch_place fetch_place(
    struct str text, struct fetch_place from, uint64_t want, uint64_t *got);

/* Write what is between two places, the first before the second. */
void fetch_place_send(
    struct out *o, struct str text, struct fetch_place a, struct fetch_place b);

/* Where the last partial fetch ended: the next one mostly goes on there, and
 * need not count from the start again.  Of which text is for the caller to
 * say; if that has changed meanwhile, still as many octets are sent as are
 * announced. */
struct fetch_last {
	uint32_t uid;
	size_t at, n; /* the text: its offset and size in the message */
	uint64_t wire;
	struct fetch_place place;
};

#endif
