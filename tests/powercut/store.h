/* SPDX-License-Identifier: ISC */
/* Power cuts under sessions that change a Maildir. */
#ifndef STORE_H
#define STORE_H

#include "store_check.h"

struct store_sum {
	struct store_findings found;
	uint64_t cuts, acked;
};

/* A new volume of type t with a Maildir, on which the programs in bin work;
 * cuts at random moments until the deadline (ms), or, when it is 0, until
 * cuts_most.  check: the programs that look at what is left.  until_lost: end
 * at the first loss, and say nothing of it. */
void store_run(const struct volume_type *t, const char *bin, const char *check,
    int64_t deadline, uint32_t cuts_most, bool until_lost, uint64_t *seed,
    struct store_sum *sum);

#endif
