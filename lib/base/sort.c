/* SPDX-License-Identifier: ISC */
/* Radix sort, from the lowest octet of the keys to the highest that differs. */
#include "base/sort.h"

#include <string.h>

#define OCTETS 8
#define VALUES 256

/* Move all items of `from` to `to`, in the order of one octet. */
static void
pass(const struct sort_item *from, struct sort_item *to, size_t n, int shift)
{
	size_t at[VALUES] = {0}, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[from[i].key >> shift & 0xff]++;
	for (int v = 0; v < VALUES; v++) {
		size_t count = at[v];

		at[v] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[from[i].key >> shift & 0xff]++] = from[i];
}

void
sort_items(struct sort_item *list, struct sort_item *spare, size_t n)
{
	struct sort_item *from = list, *to = spare;
	uint64_t differ = 0, falls = 0;

	for (size_t i = 1; i < n; i++) {
		differ |= list[i].key ^ list[0].key;
		falls += list[i].key < list[i - 1].key;
	}
	if (falls == 0)
		return;
	for (int k = 0; k < OCTETS; k++) {
		struct sort_item *done = to;

		if ((differ >> 8 * k & 0xff) == 0)
			continue;
		pass(from, to, n, 8 * k);
		to = from;
		from = done;
	}
	if (from != list)
		memcpy(list, from, n * sizeof(*list));
}
