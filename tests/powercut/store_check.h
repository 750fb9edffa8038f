/* SPDX-License-Identifier: ISC */
/* What a power cut left of a Maildir: a session of the image looks at all of
 * it, and it is compared with the shelf's last cut. */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "shelf.h"
#include "volume.h"

/* Sums over images. */
struct store_findings {
	uint64_t images;
	uint64_t expected; /* copies that must be there */
	uint64_t lost;     /* not there */
	uint64_t torn;     /* not octet by octet, or wrongly described */
	uint64_t twice;    /* copies too many, or back */
	uint64_t halfway;  /* moves cut off, in both folders, as may be there */
	uint64_t uids;     /* UIDs or UIDVALIDITY that changed their meaning */
};

/* Check one image file, with the programs in bin, and remove it.  what and
 * quiet: as in check_image(). */
void store_check_image(const struct volume_type *t, const char *file,
    const char *bin, const struct ledger *l, const char *what, bool quiet,
    struct store_findings *sum);

void store_check_add(
    struct store_findings *sum, const struct store_findings *f);

/* Whether something that must not be was found. */
bool store_check_failed(const struct store_findings *f);

/* The Maildir below a mount. */
void store_check_maildir(const char *mount, char to[RIG_PATH]);

#endif
