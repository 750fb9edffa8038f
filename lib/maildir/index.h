/* SPDX-License-Identifier: ISC */
/* The index of one folder: the file yubin-index, one fixed record for each
 * message, mapped and shared by all sessions.  It is only a cache: whatever is
 * wrong with it is found by checksums when it is used, and then it is made
 * anew from the directories and the UID list.
 *
 *   head | one bit for each record: dead | records, by UID | file names
 *
 * All is in the machine's own octet order; another machine's magic differs.
 * A record's place and UID never change.  New ones are appended, and vanished
 * ones stay as dead ones, for sessions that have not told them yet and for
 * QRESYNC, until the file is written anew and replaced by rename.  Changes are
 * made in the mapping under an OFD lock on the file; readers take no lock: the
 * checksum tells when a record was caught half-way. */
#ifndef MAILDIR_INDEX_H
#define MAILDIR_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "maildir/files.h"
#include "maildir/name.h"
#include "maildir/uidlist.h"

#define INDEX "yubin-index"
#define INDEX_RING 256  /* changes remembered one by one */
#define INDEX_WAIT_S 60 /* for the lock */
#define INDEX_NONE UINT32_MAX

/* Bits of index_record.flags above those of msg/flags.h. */
#define INDEX_DEAD 0x100u     /* the file is gone */
#define INDEX_IN_NEW 0x200u   /* it is in new/ */
#define INDEX_MEASURED 0x400u /* size, wire_more and date_s are known */
#define INDEX_MADE 0x800u     /* its name is base, ":2," and sorted flags */

struct index_record {
	uint32_t check;
	uint32_t uid;
	uint64_t modseq;
	uint64_t keywords; /* bits 0 to 25: the letters in the name */
	uint64_t size;
	int64_t date_s; /* not measured: the UID list's wire size, or 0 */
	/* Where the content cache has this message's entry (length 0: none)
	 * and the entry's checksum; nothing here looks inside. */
	uint64_t digest_at;
	uint32_t digest_n, digest_check;
	uint32_t wire_more; /* wire octets beyond size */
	uint32_t saved_s;   /* arrival in this folder, seconds since 1970 */
	uint32_t name_at, name_check; /* in the area of names */
	uint16_t flags;
	uint8_t name_n; /* the base alone when INDEX_MADE */
	uint8_t base_n;
	uint8_t uidl_n; /* POP3 unique-id of the UID list, behind the name */
	uint8_t zero[3];
};

struct index_head {
	uint64_t magic;
	uint32_t check, record_size;
	uint64_t id; /* of this file: random */
	/* The folder it is of. */
	uint64_t cur_dev, cur_ino;
	uint32_t uidvalidity, uidnext;
	uint32_t room, count; /* records: how many fit, how many there are */
	uint32_t names_room, names_n;
	uint32_t dead, in_new, unseen, deleted; /* the latter of live ones */
	uint32_t unseen_from;   /* all records before it are seen or dead */
	uint32_t dead_check;    /* over the bits */
	uint64_t modseq;        /* the highest given */
	uint64_t vanished_from; /* dead ones of lower modseq are forgotten */
	uint64_t changes;       /* records changed so far */
	/* What it is true of: the modification time of cur/, what was seen of
	 * new/, and the UID list. */
	int64_t cur_mtime_ns;
	struct files_seen new;
	struct uidlist_stamp list;
	/* cur/ must be read again at this time, though its stamp agrees: it
	 * may have changed in the same tick.  0: no need. */
	int64_t again_ns;
	int64_t cost_ns;   /* what reading everything took last time */
	int64_t boot_ns;   /* when this machine started */
	int64_t cleaned_s; /* tmp/ */
};

struct index {
	struct index_head head; /* as last read; under the lock: changed here,
	                         * and written back by index_unlock() */
	/* Private. */
	int fd; /* -1: only in memory, for this process alone */
	unsigned char *map;
	size_t mapped;
	int locked;  /* how often */
	bool bad;    /* damaged: not to be used any more */
	size_t read; /* records, since index_rest() */
};

/* No index at all. */
void index_init(struct index *x);

/* Map the index `name` below dirfd.  Returns 1; 0 there is none that can be
 * used (missing, damaged, another version's). */
int index_open(struct index *x, int dirfd, const char *name);
void index_close(struct index *x);

/* For a long pause: give back the memory of what has been looked at.  It stays
 * in the kernel's cache of the file, and comes back when it is looked at
 * again.  The second form: if it may be much. */
void index_rest(struct index *x);
void index_rest_after_much(struct index *x);

/* Whether there is one. */
bool index_is_open(const struct index *x);

/* Read the head.  False: damaged, x->bad is set. */
bool index_look(struct index *x);

/* Whether the file is no longer the one in its folder. */
bool index_replaced(const struct index *x);

/* Take the lock and read the head; may be nested.  Returns 1; 0 it was
 * replaced or is damaged: not locked; -1 no lock to be had, ETIMEDOUT. */
int index_lock(struct index *x);
void index_unlock(struct index *x);

/* Read record r < head.count.  False: damaged, x->bad is set. */
bool index_get(struct index *x, uint32_t r, struct index_record *rec);

/* The same of an index that is bad, too. */
bool index_peek(const struct index *x, uint32_t r, struct index_record *rec);

/* Change a record, keeping the counts.  told: other sessions learn of it, and
 * it gets head.modseq, which index_next_modseq() raised before.  The lock must
 * be held. */
void index_put(
    struct index *x, uint32_t r, struct index_record *rec, bool told);

/* Append a record of a UID above all others, with its file name (see
 * index_set_name()).  Returns false when there is no room for it. */
bool index_append(struct index *x, struct index_record *rec, struct str name,
    struct str uidl);

/* Give a record another file name of the same base.  False: no room. */
bool index_set_name(struct index *x, struct index_record *rec, struct str name);

/* Count all records anew, in case one who counted was killed.  The lock must
 * be held. */
void index_recount(struct index *x);

/* Raise head.modseq: above all given before, also by an index that was lost. */
uint64_t index_next_modseq(struct index *x);

/* The file name (base) of a record.  False: damaged, x->bad is set. */
bool index_name(
    struct index *x, const struct index_record *rec, char to[NAME_SIZE]);
bool index_base(
    struct index *x, const struct index_record *rec, char to[NAME_SIZE]);
/* The POP3 unique-id; "" for none. */
void index_uidl(
    struct index *x, const struct index_record *rec, char to[NAME_SIZE]);

/* The record with this UID, or the first above it (head.count: none); false in
 * *found then.  INDEX_NONE: damaged. */
uint32_t index_find(struct index *x, uint32_t uid);

/* The numbers of the dead records, rising, into to[head.dead].  False:
 * damaged.  The lock must be held. */
bool index_dead(struct index *x, uint32_t *to);

/* The records changed since the counter was `since`: calls each() for every
 * one, perhaps more often than once.  False: too many to remember, or the
 * list is damaged. */
bool index_changed(struct index *x, uint64_t since, void *arg,
    void (*each)(void *arg, uint32_t r));

/* ------------------------------------------------- writing one anew */

struct index_build {
	struct index_head head; /* stamps, counters of the new file */
	struct index_record *list;
	uint32_t n, room;
	char *names;
	size_t names_n, names_room;
	struct arena memory; /* for both */
};

/* room: about so many records are to come. */
void index_build_init(struct index_build *b, size_t room);
void index_build_free(struct index_build *b);

/* Add a record; UIDs must rise.  name, uidl: as index_append(). */
void index_build_add(struct index_build *b, struct index_record *rec,
    struct str name, struct str uidl);

/* Write it as `name` below dirfd and open it in x, which must be closed;
 * locked when lock.  Where it cannot be written it stays in memory. */
void index_build_finish(struct index_build *b, struct index *x, int dirfd,
    const char *name, bool lock);

/* When this machine started, nanoseconds since 1970; differs by some seconds
 * at most while it runs. */
int64_t index_boot_ns(void);

#endif
