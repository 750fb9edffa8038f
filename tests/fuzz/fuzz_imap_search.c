/* SPDX-License-Identifier: ISC */
/* SEARCH arguments: the tree must stay within its bounds. */
#include <stdlib.h>

#include "proto/imap_search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct arena arena;

static size_t
count(const struct imap_search *k, unsigned depth)
{
	size_t n = 0;

	if (depth > 2 * IMAP_SEARCH_DEPTH + 4)
		abort();
	for (; k; k = k->next)
		n += 1 + count(k->a, depth + 1) + count(k->b, depth + 1);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct scan s = scan_make(str_make((const char *)data, n));
	struct imap_query q;

	if (!arena.max)
		arena_init(&arena, 256 << 20);
	arena_reset(&arena);
	if (!imap_search_scan(&s, &arena, &q)) {
		if (!s.bad)
			abort();
		return 0;
	}
	if (count(q.keys, 0) > IMAP_SEARCH_KEYS + 1)
		abort();
	return 0;
}
