/* SPDX-License-Identifier: ISC */
/* Slots: files of the queue that are there before any message is.  They are
 * named, allocated and written in advance, so that accepting a small message
 * is overwriting one in place: one fdatasync(2), no change of a directory or
 * of a file's length, and so nothing to write but the message itself.
 *
 *	queue/slot/0000 …   SLOT_SIZE octets each
 *	queue/slot/count    symbolic link whose text is how many may be used
 *
 * A slot is free when its first line says so; it holds a message when that
 * line is the header of one (queue/envelope.h).  It is taken by whoever holds
 * the lock on the file and finds it free, and given back by the runner alone.
 * lib/queue/README tells what a crash leaves. */
#ifndef QUEUE_SLOT_H
#define QUEUE_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "queue/envelope.h"
#include "queue/walk.h"

#define SLOT_SIZE 65536
#define SLOT_MOST 65536 /* slots of one queue */

/* "slot/0012" for slot i; whether a path is one of a slot. */
void slot_path(char to[WALK_PATH], int i);
bool slot_is_path(const char *path);

/* How many slots may be used; 0 when there are none. */
int slot_count(int queue);

/* Make slots 0 to n-1 where they are missing, durably, and then let them be
 * used; fewer when there is not room enough.  Only the runner does so.
 * Returns how many there are now, or -1. */
int slot_make(int queue, int n);

/* Take a free slot: a few are looked at, chosen by `from`, a random number.
 * *n: how many there may be, looked up when it is 0, as it is again when none
 * was found.  Who keeps it meanwhile may be late to use more of them; of those
 * that may not be used any more the runner still reads what exists.
 * Returns 1 with *fd open for reading and writing and locked until it is
 * closed; 0 none was found; -1 failed. */
int slot_claim(int queue, int *n, uint32_t from, char path[WALK_PATH], int *fd);

/* Whether most slots are taken, judged by a few chosen at random: mail comes
 * faster than it leaves.  No when there are no slots. */
bool slot_scarce(int queue);

/* Give a slot back, by its path or by a descriptor that may write it.  Not
 * synced: the caller has made sure before that its message may go.  0 or -1. */
int slot_free(int queue, const char *path);
int slot_free_at(int fd);

/* What lies in slot i.  Returns 1 a message, its id in id; 0 none, or one that
 * is just being written; -1 failed (ENOENT: no such slot; EPROTO: neither free
 * nor a message, see fail_last()). */
int slot_look(int queue, int i, char id[ID_SIZE]);

#endif
