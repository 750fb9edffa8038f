/* SPDX-License-Identifier: ISC */
/* Mailboxes that were full a moment ago: a file each, queue/full/ADDRESS, which
 * holds the octets of a message that found no room.  The runner writes it when
 * a delivery ends with X.2.2 (RFC 3463 3.3), and smtpd asks for it at RCPT,
 * since it may not look into a Maildir.  It is only a help: rm lifts it, and so
 * does time. */
#ifndef QUEUE_FULL_H
#define QUEUE_FULL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define FULL_DIR "full"
#define FULL_SMALL 16384  /* no room for this is room for nothing */
#define FULL_TRACE 1024   /* octets that a message may grow by on its way in */
#define FULL_KEEP_S 86400 /* the runner removes what is older */

/* Make the directory of these files where there is none; queue: the queue's.
 * Best effort. */
void full_make(int queue);

/* A message of so many octets found no room at this address.  Best effort. */
void full_note(int queue, struct str address, uint64_t octets);

/* Whether a message of so many octets (0: not known) would find none either, as
 * was noted within the last age_s seconds in the queue below root. */
bool full_is(
    const char *root, struct str address, uint64_t octets, int64_t age_s);

#endif
