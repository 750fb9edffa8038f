/* SPDX-License-Identifier: ISC */
/* What waits in a queue: the files below queue/new and, where there are slots,
 * queue/slot, that are complete and have a recipient without a final status. */
#ifndef PENDING_H
#define PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct pending {
	uint32_t token;
	unsigned users; /* as in ledger_users(): those still to get it */
	bool whole;     /* checksums and text are right */
	char *path;     /* below the root */
};

/* How many wait; reads only the fronts of files. */
uint32_t pending_count(const char *root);

/* All that wait, and those below queue/new that are no message (not whole, no
 * users), in the arena.  Returns how many. */
#define PENDING_MAX 20000
size_t pending_list(const char *root, struct arena *a, struct pending **list);

#endif
