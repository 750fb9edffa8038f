/* SPDX-License-Identifier: ISC */
/* What an earlier try to deliver has left in a folder: a whole message, read
 * or not, or, when it was stored without a sync and the machine crashed, an
 * empty or torn one. */
#ifndef MAILDIR_EARLIER_H
#define MAILDIR_EARLIER_H

#include <stddef.h>

#include "maildir/name.h"

#define EARLIER_MAX 4

struct earlier {
	size_t n;
	char path[EARLIER_MAX][NAME_SIZE + 4]; /* "new/…" or "cur/…:2,S" */
};

/* Find the messages named base, whatever their sizes and flags, in new/ and
 * then in cur/; EARLIER_MAX at most.  Reads both directories, so ask only when
 * this is not the first try.  Returns how many, or -1 failed. */
int earlier_find(int folder, const char *base, struct earlier *e);

/* Make the file and its name durable.  Returns 1; 0 it is not there any more;
 * -1 failed. */
int earlier_sync(int folder, const char *path);

#endif
