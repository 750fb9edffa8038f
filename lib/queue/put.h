/* SPDX-License-Identifier: ISC */
/* Putting a message into the queue.  When queue_put_commit() has returned 0
 * the message survives the death of the process, the kernel and the power. */
#ifndef QUEUE_PUT_H
#define QUEUE_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/id.h"
#include "queue/envelope.h"
#include "queue/slot.h"
#include "queue/walk.h"

struct queue_put {
	bool open; /* these are, until queue_put_close() or a failure: */
	int queue; /* its directory */
	int bell;  /* the socket of nudges; -1 before the first one */
	struct sockaddr_un runner; /* where they go */
	int slots;                 /* see slot_claim() */
	struct buf text;           /* the envelope */
	size_t most;               /* octets of chunk that were in use */

	int fd;  /* the file or slot being written; -1 when none yet */
	int err; /* errno of the failure that sticks, or 0 */
	bool begun, named; /* named: it lies at path, below new/ or a slot */
	bool paced;        /* commit may wait */
	struct envelope_header header;
	uint32_t text_crc;
	char id[ID_SIZE];
	char tmp[4 + ID_SIZE];
	char path[WALK_PATH];
	size_t n;              /* octets in chunk, the first of them those of */
	char chunk[SLOT_SIZE]; /* the file until that is written */
};

/* Begin a message in the queue below root.  *q is zeroed before its first
 * message; later ones are for the same root.  size_hint: its size if known, 0
 * if not; refused when twice that and 16 MiB, or 1,000 inodes, are not free.
 * The id must be a new one.  Returns 0; -1 failed and there is nothing to
 * abort: ENOSPC (452 4.3.1), EINVAL (the envelope has a value that may not be
 * written, see envelope_print()), or what the system said. */
int queue_put_begin(struct queue_put *q, const char *root,
    const struct envelope *e, uint64_t size_hint);

/* In-flow control, for those who can make the other side wait, after begin:
 * while mail comes faster than a runner delivers it, commit takes up to a
 * second. */
void queue_put_pace(struct queue_put *q);

/* Append to the message: CRLF line ends, exactly as it is to be sent on.  An
 * error sticks and shows in queue_put_commit() (and as q->err). */
void queue_put_data(struct queue_put *q, const void *p, size_t n);

/* Make it durable and visible, and wake the queue runner.  Returns 0: it is
 * safe; or -1 and nothing is left behind.  Ends the put in both cases. */
int queue_put_commit(struct queue_put *q);

/* The two parts of it, for whom somebody waits who need not wait for the
 * second: that comes when the first was well.  A runner that is not told finds
 * the message some seconds later. */
int queue_put_store(struct queue_put *q);
void queue_put_tell(struct queue_put *q);

/* Forget it, and close; nothing is left behind.  Fine after a commit or a
 * failed begin. */
void queue_put_abort(struct queue_put *q);

/* Overwrite what was there of messages.  Not in the midst of one. */
void queue_put_erase(struct queue_put *q);

/* Give back what is kept between messages.  Not in the midst of one. */
void queue_put_close(struct queue_put *q);

/* Tell the queue runner of this queue directory something: an id to try now
 * ("ID/0012" when it lies in that slot), or "*" to try everything now.  Loss is
 * harmless: new messages are found by looking every few seconds too.  Returns
 * whether there is a runner. */
bool queue_put_nudge(int queue, struct str what);

#endif
