/* SPDX-License-Identifier: ISC */
/* The file of digests (msg/digest.h) of one folder: a cache that all sessions
 * of all processes share.  It may be deleted, damaged or replaced at any
 *moment; what is not right in it is passed over, and made anew by whoever needs
 *it. Failures are no failures but missing digests.
 *
 *	yubin digests 1 LF
 *	and entries, each at a multiple of 8 octets:
 *	magic, CRC-32C of what follows up to the base, octets of the base, of
 *the digest (four numbers of 32 bits, of this machine) base: the name of the
 *message's file up to ":2," digest, which has a checksum of its own
 *
 * Entries are only added, under a lock on the file; the last one of a base
 * counts.  When most are of messages that are gone the file is written anew and
 * replaced by rename.  Nothing is synced.  It is read, not mapped: who cuts it
 * short must not kill us. */
#ifndef MAILDIR_DIGESTS_H
#define MAILDIR_DIGESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define DIGESTS "yubin-digests"
#define DIGESTS_NAME 80
#define DIGESTS_ENTRY ((size_t)256 << 10) /* larger ones are not kept */

struct digests_slot {
	uint32_t hash; /* of the base */
	uint32_t at;   /* where the entry is, in units of 8; 0: free */
};

struct digests {
	int dirfd; /* the caller's */
	char name[DIGESTS_NAME];
	int fd;         /* -1: none there */
	bool looked;    /* since digests_refresh() */
	bool scanned;   /* this time */
	bool wrote;     /* the same */
	bool broken;    /* writing failed: not tried again */
	unsigned blind; /* not found where they were said to be */
	uint64_t ino, dev;
	uint64_t end; /* what lies before is in slots */
	size_t n;     /* entries in slots */
	size_t nslots;
	struct digests_slot *slots;
	char *window; /* what was read last */
	uint64_t window_at;
	size_t window_n;
	struct buf added;  /* entries not written yet */
	struct buf tags;   /* theirs */
	struct buf placed; /* digests_placed() */
};

/* Where the digest of the message with this tag is now. */
struct digests_place {
	uint32_t tag;
	uint32_t at; /* in units of 8 octets */
	uint32_t n;  /* octets of the entry */
};

/* The name of the file that goes with an index of this name. */
void digests_name(char to[DIGESTS_NAME], const char *index);

/* The file `name` below dirfd, which must stay open until digests_close(); that
 * writes what was added. */
void digests_init(struct digests *d, int dirfd, const char *name);
void digests_close(struct digests *d);

/* Look for others' entries once more: before each command. */
void digests_refresh(struct digests *d);

/* The digest of the message with this base, which the caller calls tag: 1 and
 * its octets, which live until the next call; 0 there is none.  at: where it
 * may be, 0 unknown.  With the right place nothing is searched for, and a wrong
 * one does no harm; a message without a place counts as having no digest until
 * several are missed: then all of the file is read, once.  A small file is read
 * at the first. */
int digests_find(struct digests *d, struct str base, uint32_t tag, uint32_t at,
    struct str *octets);

/* Add one; it is written with others, at the latest by digests_write(). */
void digests_add(
    struct digests *d, struct str base, uint32_t tag, struct str octets);
void digests_write(struct digests *d);

/* Places that became known since the last call, n of them; they live until the
 * next call of anything here. */
const struct digests_place *digests_placed(struct digests *d, size_t *n);

/* After digests_write(): whether the file should be written anew, the folder
 * having n messages.  Asked of a file that has grown large, it reads all of
 * it. */
bool digests_wasteful(struct digests *d, size_t n);

/* Write it anew: begin (-1: it cannot be done now), add those that are to stay
 * to `new`, end. */
int digests_rewrite_begin(struct digests *d, struct digests *new);
void digests_rewrite_end(struct digests *d, struct digests *new);

#endif
