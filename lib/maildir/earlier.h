/* SPDX-License-Identifier: ISC */
/* What an earlier try to deliver has left in a folder: a whole message, read
 * or not, or, when it was stored without a sync and the machine crashed, an
 * empty or torn one. */
#ifndef MAILDIR_EARLIER_H
#define MAILDIR_EARLIER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "maildir/files.h"
#include "maildir/name.h"

#define EARLIER_MAX 4
#define EARLIER_LISTS 4

struct earlier {
	size_t n;
	char path[EARLIER_MAX][NAME_SIZE + 4]; /* "new/…" or "cur/…:2,S" */
};

/* What is in cur/ of some folders, kept as long as that does not change: after
 * a crash many messages may be looked for in one folder.  Zeros are none. */
struct earlier_list {
	dev_t dev;
	ino_t ino;
	struct files_seen seen;
	struct arena arena;
	char **names; /* sorted */
	size_t n;
	uint64_t used;
};

struct earlier_lists {
	struct earlier_list v[EARLIER_LISTS];
	uint64_t clock;
};

/* Find the messages named base: in new/ under one of the n names, which are
 * base with sizes; then in cur/, whatever their sizes and flags.  EARLIER_MAX
 * at most.  May read all of cur/, so ask only when this is not the first try.
 * Returns how many, or -1 failed. */
int earlier_find(struct earlier_lists *l, int folder, const char *base,
    char names[][NAME_SIZE], size_t n, struct earlier *e);

void earlier_forget(struct earlier_lists *l);

/* Make the file and its name durable.  Returns 1; 0 it is not there any more;
 * -1 failed. */
int earlier_sync(int folder, const char *path);

#endif
