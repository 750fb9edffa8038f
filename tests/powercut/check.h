/* SPDX-License-Identifier: ISC */
/* What a power cut left: an image is mounted (which replays its journal), the
 * queue runner of the image works its queue off, and then everything that was
 * promised before the cut is looked for. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "disk.h"
#include "ledger.h"
#include "volume.h"

/* Sums over images. */
struct findings {
	uint64_t images;
	uint64_t expected; /* acknowledged, looked for */
	uint64_t lost;     /* not there for a recipient */
	uint64_t torn;     /* under a name that readers see */
	uint64_t twice;    /* copies too many */
	uint64_t queued;   /* whole, but still in the queue after recovery */
	uint64_t bad;      /* in queue/bad: torn before any acknowledgement */
	uint64_t left;     /* in tmp folders, younger than LEFT_S */
	uint64_t stale;    /* in tmp folders, older */
};
#define LEFT_S 120

/* Check one image file against the ledger's last cut, with the programs in bin,
 * and remove it.  what: for the report on standard error when it is not well;
 * quiet: without that report. */
void check_image(const struct volume_type *t, const char *file, const char *bin,
    const struct ledger *l, const char *what, bool quiet, struct findings *sum);

/* Check a live root in the same way, without a recovery; all states count as
 * of now. */
void check_live(const char *root, struct ledger *l, struct findings *sum);

void check_add(struct findings *sum, const struct findings *f);

/* Whether something that must not be was found. */
bool check_failed(const struct findings *f);

#endif
