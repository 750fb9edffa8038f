/* SPDX-License-Identifier: ISC */
/* Chunked bump allocator; a command's memory. */
#define _DEFAULT_SOURCE /* explicit_bzero, madvise */
#include "base/arena.h"

#include <stdalign.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fail.h"

#define ARENA_CHUNK 16000
#define HUGE ((size_t)2 << 20)
#define HUGE_FROM ((size_t)256 << 10)

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

void
arena_init_large(struct arena *a, size_t max)
{
	*a = (struct arena){.max = max, .large = true};
}

/* A chunk of whole huge pages, of at least *size octets.  The more there is,
 * the greater, for the C library takes 2 MiB more for each. */
static struct arena_chunk *
huge_chunk(const struct arena *a, size_t *size)
{
	size_t need = *size > a->used / 8 ? *size : a->used / 8;
	size_t all =
	    (need + sizeof(struct arena_chunk) + HUGE - 1) / HUGE * HUGE;
	void *p = aligned_alloc(HUGE, all);
	int err = errno;

	/* It is only a wish. */
	if (p && madvise(p, all, MADV_HUGEPAGE) < 0)
		errno = err;
	*size = all - sizeof(struct arena_chunk);
	return p;
}

static void
push_chunk(struct arena *a, size_t need)
{
	size_t size = need > ARENA_CHUNK ? need : ARENA_CHUNK;
	struct arena_chunk *c;

	if (a->large && (a->used > HUGE_FROM || need > HUGE_FROM))
		c = huge_chunk(a, &size);
	else
		c = malloc(sizeof(*c) + size);
	if (!c)
		oom();
	c->below = a->top;
	c->size = size;
	c->used = 0;
	a->top = c;
}

static size_t
rounded(size_t n)
{
	const size_t align = alignof(max_align_t);

	return (n + align - 1) / align * align;
}

static void
count(struct arena *a, size_t n)
{
	if (n > a->max || a->used > a->max - n || n > SIZE_MAX / 2)
		oom();
	a->used += n;
}

void *
arena_room(struct arena *a, size_t n)
{
	void *p;

	count(a, n);
	n = rounded(n);
	if (!a->top || a->top->size - a->top->used < n)
		push_chunk(a, n);
	p = a->top->data + a->top->used;
	a->top->used += n;
	return p;
}

void *
arena_grow(struct arena *a, void *p, size_t n, size_t more)
{
	struct arena_chunk *c = a->top;
	size_t had = rounded(n), want = rounded(more);
	void *to;

	if (n && (char *)p + had == c->data + c->used &&
	    want - had <= c->size - c->used) {
		count(a, more - n);
		c->used += want - had;
		return p;
	}
	to = arena_room(a, more);
	if (n)
		memcpy(to, p, n);
	return to;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_room(a, n);

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
