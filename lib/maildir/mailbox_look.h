/* SPDX-License-Identifier: ISC */
/* What the mailbox_*.c files share among themselves.
 *
 * The view is a number of records of the index but for the holes: those that
 * were dead before, or whose end was told.  So message i is found without a
 * list of messages, and a session needs memory only for what vanished. */
#ifndef MAILDIR_MAILBOX_LOOK_H
#define MAILDIR_MAILBOX_LOOK_H

#include <sys/stat.h>

#include "maildir/look.h"
#include "maildir/mailbox.h"
#include "maildir/name.h"

/* ------------------------------------------------ mailbox_view.c: the view */

void mailbox_list_add(struct mailbox_list *l, uint32_t v);
void mailbox_list_free(struct mailbox_list *l);
/* Sort, and leave out what is there twice. */
void mailbox_list_sort(struct mailbox_list *l);
/* How many are below v, in a sorted list. */
size_t mailbox_list_below(const struct mailbox_list *l, uint32_t v);
bool mailbox_list_has(const struct mailbox_list *l, uint32_t v);

/* The record of message i. */
uint32_t mailbox_at(const struct mailbox *m, size_t i);

/* Read the record of message i, mending a damaged index.  Returns its number;
 * INDEX_NONE: the view is lost, rec is one of a vanished message. */
uint32_t mailbox_get(struct mailbox *m, size_t i, struct index_record *rec);

/* The name of message i's file, and the directory it is in; false: gone. */
bool mailbox_file(struct mailbox *m, size_t i, char name[NAME_SIZE], int *dir);

/* Let the view lose everything: the mailbox is gone, or its UIDs are. */
void mailbox_lose_all(struct mailbox *m);

/* ---------------------------------------- mailbox_look.c: disk and index */

/* Bring the index up to date with the disk; a full look reads all.
 * Return 0 or -1. */
int mailbox_renew(struct mailbox *m);
int mailbox_look(struct mailbox *m);

/* Open the folder's index, or make it; it may be locked then.  0 or -1. */
int mailbox_begin(struct mailbox *m);

/* Before new UIDs are told: who gave them may be about to make them durable.
 * Returns 0 or -1. */
int mailbox_settle_uids(struct mailbox *m);

/* Take the index's lock (nested) to change it.  `changed` is complete then.
 * 0 or -1. */
int mailbox_lock(struct mailbox *m);
/* Release it; what was changed meanwhile is not told to this session. */
void mailbox_unlock(struct mailbox *m);

/* Under the lock: cur/ has the stamp `before` when we began, and we changed
 * it: keep the index trusted. */
void mailbox_touched(struct mailbox *m, int64_t before);
/* The same of any index, whose cur/ is open at cur. */
void mailbox_index_touched(
    struct index *x, int cur, int64_t grain_ns, int64_t before);

/* An operation on mail i's file said ENOENT: look where it is now.  Returns
 * 1 it is there (perhaps under another name), 0 gone, -1 failed. */
int mailbox_missed(struct mailbox *m, size_t i);

/* Under the lock: message i's file was renamed to this in cur/; or removed. */
void mailbox_renamed(struct mailbox *m, size_t i, const char *name);
void mailbox_removed(struct mailbox *m, size_t i);

/* ----------------------------------------- mailbox_take.c: new mail alone */

/* Under the lock: only new/ has changed; look at nothing else.  Returns 1; 0:
 * this needs a full look; -1. */
int mailbox_take_new(struct mailbox *m);

/* ------------------------------------- mailbox_merge.c: look into index */

/* Under the lock (if there is an index to lock): make the index say what the
 * look saw. */
void mailbox_merge(struct mailbox *m, struct look *l);

/* Write x, with dead records of these UIDs added, anew: to is open and locked
 * then. */
void mailbox_add_dead(struct mailbox *m, struct index *x,
    const struct mailbox_list *uids, struct index *to);

/* ------------------------------ mailbox_move.c: the view on another index */

/* Whether a client sees a difference between the two. */
bool mailbox_differs(
    const struct index_record *a, const struct index_record *b);

/* mailbox_collect() of an index that was replaced, when those who still write
 * into it have ended: nobody begins to any more. */
void mailbox_collect_last(struct mailbox *m);

/* Whether records of the view cannot be read. */
bool mailbox_has_gaps(const struct mailbox *m);

/* Put the view on x, which becomes m->index; its lock is held.  False: x is
 * damaged, and closed. */
bool mailbox_put_view(struct mailbox *m, struct index *x);

/* The file in the folder is another index than ours: put the view on it.
 * False: it cannot be used. */
bool mailbox_adopt(struct mailbox *m);

/* ------------------------------------------ mailbox_sync.c: what is told */

/* Take note of what others changed in the index. */
void mailbox_collect(struct mailbox *m);

/* The same of an index that is damaged: as far as it can be read. */
void mailbox_collect_bad(struct mailbox *m);

/* ------------------------------------------------------------- the rest */

/* Read the keyword names if their file has changed (0 or -1); the letters in
 * use. */
int mailbox_load_words(struct mailbox *m);
uint64_t mailbox_words(const struct mailbox *m);

/* Open the message's file `name` below dirfd for reading.  Returns the
 * descriptor; -1 failed, ENOENT also when it is no ordinary file. */
int mailbox_open_file(int dirfd, const char *name, struct stat *st);

/* ------------------------------------------------------ mailbox_digest.c */

/* End what mailbox_digest() began. */
void mailbox_digests_close(struct mailbox *m);

/* Sizes and date of the file `name` below dirfd; wire_hint: its wire size if
 * the name does not tell it, 0 unknown.  Returns 0; -1 failed, ENOENT. */
int mailbox_file_sizes(int dirfd, const char *name, uint64_t wire_hint,
    uint64_t *size, uint64_t *wire, int64_t *date_s);

#endif
