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
 * spare: room for n more, whose contents do not matter. */
void sort_items(struct sort_item *list, struct sort_item *spare, size_t n);

#endif
