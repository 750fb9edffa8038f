/* SPDX-License-Identifier: ISC */
/* yubin maildir check and repair: what is wrong in a Maildir, in plain words,
 * and what is done about it.  Sessions and deliveries may go on meanwhile. */
#ifndef EXAMINE_H
#define EXAMINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "store.h"

#define EXAMINE_OLD_S \
	(36L * 3600) /* what is left in tmp/ for so long is dead */

struct examine {
	struct store *s;
	bool repair;
	size_t faults, notes, mended;
	int64_t now_s;
	uid_t owner; /* of the Maildir */
	/* The folder under the eye. */
	const struct store_folder *f;
	int fd;
};

/* Tell of a fault, or of something that is odd and harmless.  file is below
 * the folder, or NULL. */
void examine_fault(struct examine *x, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void examine_note(struct examine *x, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Tell what became of the last fault: r is 0, mended, how is said by `how`; or
 * -1. */
void examine_mended(struct examine *x, int r, const char *how);

/* Move the entry `name` of the directory open at fd out of the way, into
 * ..aside of the Maildir.  0 or -1. */
int examine_aside(struct examine *x, int fd, const char *name);

/* The messages' files and names in new/, cur/ and tmp/ of the folder. */
void examine_files(struct examine *x);

/* Its lists: UIDs, keywords; locks and temporary files. */
void examine_lists(struct examine *x);

/* The Maildir as a whole: folders inside others, leftovers, subscriptions,
 * modes. */
void examine_home(struct examine *x);

/* yubin maildir stats. */
int stats_run(struct store *s, bool json);

#endif
