/* SPDX-License-Identifier: ISC */
/* Bringing a batch of files into a folder, with UIDs, durably: the end of
 * APPEND, COPY and MOVE. */
#ifndef MAILDIR_ARRIVE_H
#define MAILDIR_ARRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/home.h"
#include "maildir/index.h"
#include "maildir/name.h"

struct arrival {
	int from;             /* directory the file is in now */
	char old[NAME_SIZE];  /* its name there */
	char name[NAME_SIZE]; /* base to have */
	uint32_t flags, letters;
	uint64_t more;            /* keywords beyond the letters */
	struct index_record like; /* what is known of its size and date */
	uint32_t uid;             /* given here; 0: it was not there any more */
};

/* Give UIDs to the n files and move them into the folder open at fd: to new/
 * those without flags, so that they are \Recent, else to cur/.  Rising UIDs
 * in the order of the array.
 * lax: files that are gone are passed over, and all come from the same home;
 * else all or nothing, and they must have room in its quota (EDQUOT).
 * Returns 0; -1 failed, files moved so far are moved back. */
int arrive(const struct home *h, int fd, struct arrival *list, size_t n,
    bool lax, uint32_t *uidvalidity);

#endif
