/* SPDX-License-Identifier: ISC */
/* The file dovecot-uidlist: which UID belongs to which file (Dovecot's format,
 * version 3; version 1, which is also Courier's courierimapuiddb, is read).
 *
 *   3 V<uidvalidity> N<next uid> G<128-bit id of the mailbox in hex>
 *   <uid> [<letter><value> ...] :<base name>
 *
 * UIDs rise.  A line without LF at the end is one being written: ignored.
 * New lines are appended, or the whole is replaced by rename; both only under
 * the lock file dovecot-uidlist.lock, and durable before a UID is told to
 * anybody (which may be after the lock is released).  Lines whose files are
 * gone stay until a rewrite. */
#ifndef MAILDIR_UIDLIST_H
#define MAILDIR_UIDLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

#define UIDLIST "dovecot-uidlist"
#define UIDLIST_LOCK "dovecot-uidlist.lock"
#define UIDLIST_UID_MAX 0xf0000000u /* beyond it is garbage */

/* Which file it was, and in which state. */
struct uidlist_stamp {
	uint64_t dev, ino, size;
	int64_t mtime_ns;
};

struct uidlist_entry {
	uint32_t uid;
	uint32_t of;       /* the caller's; 0 at first */
	struct str fields; /* "S12 W13 Pxyz", without the blank behind */
	struct str base;
};

struct uidlist {
	uint32_t uidvalidity; /* 0: there is no usable list */
	uint32_t uidnext;     /* above all UIDs and the header's N */
	struct str header;    /* further header fields: "G0123…" */
	struct uidlist_entry *list;
	size_t n, room;
	bool rewrite; /* other version, or damaged: appending will not do */
	bool courier; /* loaded from Courier's list */
	/* Private. */
	struct arena memory;        /* what was read, and list */
	struct uidlist_stamp stamp; /* ino 0: there was no file */
};

void uidlist_init(struct uidlist *u);
void uidlist_free(struct uidlist *u);

/* Read a whole list; slices point into text.  Bad lines are skipped (their
 * files get new UIDs) and set rewrite.  Returns 0; -1 no usable header. */
int uidlist_parse(struct uidlist *u, struct str text);

/* Read the list of the folder; when it has none, Courier's.  Replaces what u
 * held.  Returns 1; 0 there is none or it is unusable (uidvalidity 0); -1. */
int uidlist_load(struct uidlist *u, int dirfd);

/* The stamp of the file with this status. */
struct stat;
void uidlist_stamp(struct uidlist_stamp *stamp, const struct stat *st);

/* Before UIDs of the list with this stamp, known from elsewhere, are told: make
 * it durable when it is so young that who wrote it may still be about that.
 * Returns 0 or -1. */
int uidlist_settle(const struct uidlist_stamp *stamp, int dirfd);

/* Whether the file is still the one with this stamp, unchanged. */
bool uidlist_fresh(const struct uidlist_stamp *stamp, int dirfd);

/* A list to append to, of which only this much is known. */
void uidlist_continue(struct uidlist *u, uint32_t uidvalidity, uint32_t uidnext,
    const struct uidlist_stamp *stamp);

/* About so many entries will be added. */
void uidlist_expect(struct uidlist *u, size_t n);

/* Add an entry with the next UID; base must live as long as u.  Returns the
 * UID. */
uint32_t uidlist_add(struct uidlist *u, struct str base);

/* Make the entries from index `from` on durable: append them, or rewrite the
 * whole when needed.  The lock must be held.  Returns 0 or -1. */
int uidlist_save(struct uidlist *u, int dirfd, size_t from);

/* Ask for the base of an entry that will be looked at soon after entry i. */
void uidlist_ahead(const struct uidlist *u, size_t i);

/* The value of the field with this letter, which may be empty (p not NULL); p
 * NULL: there is none. */
struct str uidlist_field(const struct uidlist_entry *e, char letter);

#endif
