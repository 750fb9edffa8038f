/* SPDX-License-Identifier: ISC */
/* A message that lies in the queue: reading it and marking its recipients. */
#ifndef QUEUE_ENTRY_H
#define QUEUE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/str.h"
#include "queue/envelope.h"
#include "queue/walk.h"

struct entry {
	int fd; /* open for reading and writing */
	char path[WALK_PATH];
	struct envelope_header header;
	struct envelope e; /* with the statuses of the file */
	int64_t touched_s; /* when a mark was last written; or received */
};

/* Open the message at `path` ("new/X/ID", "hold/ID", "slot/0012") below the
 * directory queue and verify its front: size, header, checksum of the envelope,
 * statuses, and that the id in it is its name (a slot has another one).  The
 * envelope is in the arena, whose ceiling should be ENTRY_ARENA.  Returns 1; 0
 * there is something, but no message that was ever accepted (fail_last() says
 * what is wrong; see entry_move()); -1 failed (ENOENT: it is gone).  q->fd is
 * -1 unless 1. */
#define ENTRY_ARENA ((size_t)2 * ENVELOPE_MAX)
int entry_open(struct entry *q, int queue, const char *path, struct arena *a);

/* Verify the checksum of the message itself, reading all of it.
 * Returns 1 right, 0 wrong, -1 failed. */
int entry_check(const struct entry *q);

/* Write recipient i's status into file and envelope; not synced.  0 or -1. */
int entry_mark(struct entry *q, size_t i, char status);

/* Make the marks durable.  0 or -1. */
int entry_sync(const struct entry *q);

/* Whether every recipient is done or bounced. */
bool entry_finished(const struct entry *q);

void entry_close(struct entry *q);

/* Remove the message: unlink its file, or give its slot back, whose marks must
 * be durable then.  The caller syncs the directory with entry_sync_dir()
 * before it relies on that.  0 or -1. */
int entry_remove(int queue, const char *path);
int entry_sync_dir(int queue, const char *path);

/* Copy a message out of its slot to new/X/ID, marks and all; q is that file
 * from then on, from[] gets the slot's path.  Nothing is synced: the slot may
 * be given back when a later syncfs(2) has succeeded, and not before.  A file
 * of that name is left from an earlier try and replaced.  0, or -1 and q is
 * what it was. */
int entry_leave_slot(struct entry *q, int queue, char from[WALK_PATH]);

/* Move a file to `to` ("bad/ID", "hold/ID", "new/X/ID"), durably; a file of
 * that name there is not replaced.  0 or -1. */
int entry_move(int queue, const char *path, const char *to);

#endif
