/* SPDX-License-Identifier: ISC */
/* Adding to the end of dovecot-uidlist without reading more of it than the
 * header and the last lines: UIDs rise. */
#ifndef MAILDIR_UIDLIST_TAIL_H
#define MAILDIR_UIDLIST_TAIL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "maildir/uidlist.h"

struct uidlist_tail {
	int fd; /* the list, or -1 */
	uint32_t uidvalidity, uidnext;
	struct uidlist_stamp stamp; /* after uidlist_tail_write() */
};

/* Open the list of the folder; its lock must be held.
 * Returns 1, and uidlist_tail_close() must follow; 0 there is none to append
 * to, or its end is damaged: uidlist_load() knows what to do; -1 failed. */
int uidlist_tail_open(struct uidlist_tail *t, int dirfd);

/* Put the line of a message with this base into lines; returns its UID. */
uint32_t uidlist_tail_line(
    struct uidlist_tail *t, struct buf *lines, struct str base);

/* Append the lines; not durable before uidlist_tail_sync(), which needs no
 * lock: who replaces the list meanwhile has synced them.  (Nothing to sync when
 * fd is -1.)  Return 0 or -1. */
int uidlist_tail_write(struct uidlist_tail *t, const struct buf *lines);
int uidlist_tail_sync(const struct uidlist_tail *t);

void uidlist_tail_close(struct uidlist_tail *t);

#endif
