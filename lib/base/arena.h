/* SPDX-License-Identifier: ISC */
/* Memory that lives until the command ends: allocate freely, free nothing,
 * reset once.  Exceeding the ceiling is out of memory (base/fail.h): parsers
 * must bound what they build by their own limits, well below it. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* A ceiling of n gigabytes, or of half the address space where that is less. */
#define ARENA_GIGA(n) \
	((n) <= SIZE_MAX >> 31 ? (size_t)(n) << 30 : SIZE_MAX / 2)

struct arena_chunk;

struct arena {
	struct arena_chunk *top;
	size_t used; /* octets handed out since the last reset */
	size_t max;
	bool large;
};

/* An empty arena that hands out at most max octets between resets. */
void arena_init(struct arena *a, size_t max);

/* The same for tables that may be great and are given back soon: what is beyond
 * 256 KiB comes in huge pages where the kernel has some.  One of these costs
 * less than a tenth of the 512 page faults that it spares. */
void arena_init_large(struct arena *a, size_t max);

/* n octets set to zero, aligned for any type; n may be 0.  Never NULL. */
void *arena_alloc(struct arena *a, size_t n);

/* n octets with whatever was in them. */
void *arena_room(struct arena *a, size_t n);

/* Make the n octets at p, from arena_room() or this, `more` of them, which is
 * at least n: in place when nothing was handed out since, else in a copy.  n
 * may be 0.  The rest holds whatever was in it. */
void *arena_grow(struct arena *a, void *p, size_t n, size_t more);

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
