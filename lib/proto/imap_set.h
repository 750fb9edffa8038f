/* SPDX-License-Identifier: ISC */
/* Sequence sets: "1,4:7,*" (RFC 3501 9, sequence-set). */
#ifndef PROTO_IMAP_SET_H
#define PROTO_IMAP_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/scan.h"

struct imap_range {
	uint32_t lo, hi; /* as parsed 0 stands for "*"; see imap_set_resolve */
};

struct imap_set {
	struct imap_range *r;
	size_t n;
};

/* Read one set; its ranges live in the arena.  Numbers are 1 … 2^32-1. */
bool imap_set_scan(struct scan *s, struct arena *a, struct imap_set *set);

/* Put star for each "*", turn backward ranges around, sort and join: from then
 * on the ranges ascend and do not touch.  star is the largest number in use;
 * 0 (an empty mailbox) makes "*" match nothing. */
void imap_set_resolve(struct imap_set *set, uint32_t star);

/* Whether a resolved set contains v; logarithmic. */
bool imap_set_has(const struct imap_set *set, uint32_t v);

/* The largest (smallest) number of a resolved set; 0 when it is empty. */
uint32_t imap_set_last(const struct imap_set *set);
uint32_t imap_set_first(const struct imap_set *set);

/* Append n numbers in the order given as a set: runs that ascend by one become
 * ranges.  RFC 4315 3 needs the order kept (COPYUID). */
void imap_set_put(struct buf *b, const uint32_t *v, size_t n);

#endif
