/* SPDX-License-Identifier: ISC */
/* One consistent look at a folder: its files, each with its UID.  Files that
 * have none get one, durably, under the lock of the UID list. */
#ifndef MAILDIR_LOOK_H
#define MAILDIR_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "maildir/files.h"
#include "maildir/home.h"
#include "maildir/index.h"
#include "maildir/uidlist.h"

#define LOOK_MEMORY ARENA_GIGA(8)

struct look {
	struct files files;
	struct file **order; /* all of them by UID */
	uint32_t uidvalidity, uidnext;
	/* Private. */
	struct uidlist list;
	struct index *known;
	bool running;
	struct arena *memory;
	bool inherit; /* the first list of the INBOX; see inherit.h */
};

/* Look at the folder open at fd.  memory: where files and names go, a large
 * one, to outlive the look.  take: move new/ to cur/.  known: the index of
 * before, or NULL; running: it is that of an open session, which a lost UID
 * list is made again from. Returns 0, and look_free() must follow; -1 failed.
 */
int look_take(struct look *l, const struct home *h, int fd, int cur, int new,
    struct arena *memory, bool take, struct index *known, bool running);
void look_free(struct look *l);

/* A folder without a list gets one, with all that it takes over from another
 * server: to be called by whoever gives UIDs without a look.  0 or -1. */
int look_first(const struct home *h, int fd);

/* Begin an empty UID list with a new UIDVALIDITY.  0 or -1. */
int look_begin_list(struct uidlist *u, const struct home *h);

#endif
