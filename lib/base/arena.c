/* SPDX-License-Identifier: ISC */
/* Chunked bump allocator; a command's memory. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define ARENA_CHUNK 16000

struct arena_chunk {
	struct arena_chunk *below;
	size_t size;
	size_t used;
	alignas(max_align_t) char data[];
};

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){.max = max};
}

static void
push_chunk(struct arena *a, size_t need)
{
	size_t size = need > ARENA_CHUNK ? need : ARENA_CHUNK;
	struct arena_chunk *c = malloc(sizeof(*c) + size);

	if (!c)
		oom();
	c->below = a->top;
	c->size = size;
	c->used = 0;
	a->top = c;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	void *p;

	if (n > a->max || a->used > a->max - n || n > SIZE_MAX / 2)
		oom();
	a->used += n;
	n = (n + align - 1) / align * align;
	if (!a->top || a->top->size - a->top->used < n)
		push_chunk(a, n);
	p = a->top->data + a->top->used;
	a->top->used += n;
	return n ? memset(p, 0, n) : p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		oom();
	return arena_alloc(a, count * size);
}

char *
arena_z(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

struct str
arena_str(struct arena *a, struct str s)
{
	return str_make(arena_z(a, s), s.n);
}

static void
pop_chunk(struct arena *a)
{
	struct arena_chunk *c = a->top;

	a->top = c->below;
	free(c);
}

void
arena_reset(struct arena *a)
{
	while (a->top && (a->top->below || a->top->size > ARENA_CHUNK))
		pop_chunk(a);
	if (a->top)
		a->top->used = 0;
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	while (a->top)
		pop_chunk(a);
	a->used = 0;
}

void
arena_erase(struct arena *a)
{
	for (struct arena_chunk *c = a->top; c; c = c->below)
		explicit_bzero(c->data, c->size);
	arena_reset(a);
}

void
arena_wipe(struct arena *a)
{
	arena_erase(a);
	arena_free(a);
}
