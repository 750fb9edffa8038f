/* SPDX-License-Identifier: ISC */
/* Memory that lives until the command ends: allocate freely, free nothing,
 * reset once.  Exceeding the ceiling is out of memory (base/fail.h): parsers
 * must bound what they build by their own limits, well below it. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *top;
	size_t used; /* octets handed out since the last reset */
	size_t max;
};

/* An empty arena that hands out at most max octets between resets. */
void arena_init(struct arena *a, size_t max);

/* n octets set to zero, aligned for any type; n may be 0.  Never NULL. */
void *arena_alloc(struct arena *a, size_t n);

/* count * size octets set to zero; an overflow of the product is oom(). */
void *arena_array(struct arena *a, size_t count, size_t size);

/* A copy of s with a NUL behind it. */
struct str arena_str(struct arena *a, struct str s);
char *arena_z(struct arena *a, struct str s);

/* Forget everything handed out; keeps one chunk for reuse. */
void arena_reset(struct arena *a);

/* The same, after writing zeros over all of it. */
void arena_erase(struct arena *a);

/* Give all memory back; the arena may be used again. */
void arena_free(struct arena *a);

/* The same, after writing zeros over all of it: for secrets. */
void arena_wipe(struct arena *a);

#endif
