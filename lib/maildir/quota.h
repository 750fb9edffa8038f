/* SPDX-License-Identifier: ISC */
/* How much a Maildir holds and may hold: the file maildirsize of Maildir++, as
 * Courier, Dovecot and vpopmail keep it (inter7.com/courierimap/README.
 * maildirquota.html).
 *
 *   1073741824S,10000C       the limits: octets, messages
 *   1234567 89               so much there was when it was counted
 *   4321 1                   a message came
 *   -1234 -1                 one went
 *
 * All folders count, \Trash too; so a move or a RENAME changes nothing.  What
 * is hidden (a folder being removed) does not count.  The file is only a help:
 * it is made anew when it is missing, cannot be read, has other limits, or has
 * grown to QUOTA_FILE_MAX, and always before anything is refused. */
#ifndef MAILDIR_QUOTA_H
#define MAILDIR_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct home;

#define QUOTA_FILE_MAX 5120 /* octets, by Maildir++ */
#define QUOTA_STALE_S 900   /* what is told, not refused, may be so old */

struct quota_limit {
	uint64_t storage, messages; /* 0: no limit */
	bool told; /* by the account; else the file's first line counts */
};

struct quota_used {
	uint64_t storage, messages; /* octets as stored */
};

struct quota {
	struct quota_limit limit;
	bool looks; /* set by who may not write the file */
	/* Private. */
	const struct home *home;
	int64_t bytes, count; /* not yet written */
	bool unsure;          /* nobody knows how much */
};

/* Read "1000S,10C", "1000S", "10C"; 0 or nothing is no limit.  *l is told
 * unless text is empty.  Returns 0, or -1 EINVAL. */
int quota_parse(struct str text, struct quota_limit *l);

/* Begin to count for the home, which must outlive q. */
void quota_open(
    struct quota *q, const struct home *h, const struct quota_limit *l);

/* Whether there is a limit. */
bool quota_on(const struct quota *q);

/* How much there is, with changes of ours.  Returns 0 or -1. */
int quota_use(struct quota *q, struct quota_used *used);

/* Whether so many octets and messages have room; counted anew before the
 * answer is no.  q may be NULL.  Returns 1; 0 no; -1 it cannot be said. */
int quota_room(struct quota *q, uint64_t bytes, uint64_t count);

/* A message with this file name came (by 1) or went (by -1), or something of
 * unknown size did.  q may be NULL. */
void quota_note(struct quota *q, struct str name, int by);
void quota_note_unknown(struct quota *q);

/* Append these changes to the file, when there is one.  q may be NULL. */
void quota_flush(struct quota *q);

#endif
