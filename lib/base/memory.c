/* SPDX-License-Identifier: ISC */
/* See memory.h.  Nothing is read or written outside of the n octets: the last
 * block overlaps the one before it.  Nor does memchr() read a page that begins
 * behind what it finds: there may be none, for n may be more than there is
 * (C11 7.24.5.1); the C library's strnlen() and printf("%.9s") go by that. */
#include "base/memory.h"

#include <stdint.h>

typedef int memory_not_empty; /* C wants something in every file */

#if defined(__SSE2__)

#define BLOCK 16
#define PAGE 4096 /* or a multiple of it */
#define LONG 1024 /* from here on the processor's own loop is better */

/* Else the compiler makes calls of memcpy() from it. */
#if defined(__clang__)
#define PLAIN __attribute__((no_builtin))
#else
#define PLAIN __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif

typedef char block __attribute__((vector_size(BLOCK)));
typedef block loose __attribute__((aligned(1), may_alias));
typedef uint64_t loose8 __attribute__((aligned(1), may_alias));
typedef uint32_t loose4 __attribute__((aligned(1), may_alias));
typedef uint16_t loose2 __attribute__((aligned(1), may_alias));

/* Bit i: lanes i of both are the same. */
static unsigned
same(block a, block b)
{
	return (unsigned)__builtin_ia32_pmovmskb128(a == b);
}

/* At most 16 octets; all are read before any is written. */
static void
copy_few(char *to, const char *from, size_t n)
{
	if (n >= 8) {
		uint64_t a = *(const loose8 *)from;
		uint64_t b = *(const loose8 *)(from + n - 8);

		*(loose8 *)to = a;
		*(loose8 *)(to + n - 8) = b;
	} else if (n >= 4) {
		uint32_t a = *(const loose4 *)from;
		uint32_t b = *(const loose4 *)(from + n - 4);

		*(loose4 *)to = a;
		*(loose4 *)(to + n - 4) = b;
	} else if (n >= 2) {
		uint16_t a = *(const loose2 *)from;
		uint16_t b = *(const loose2 *)(from + n - 2);

		*(loose2 *)to = a;
		*(loose2 *)(to + n - 2) = b;
	} else if (n) {
		*to = *from;
	}
}

/* From the first octet to the last; more than 16. */
PLAIN static void
copy_up(char *to, const char *from, size_t n)
{
	/* What of it would be overwritten is read before that. */
	block last = *(const loose *)(from + n - BLOCK);

	for (size_t i = 0; n - i > BLOCK; i += BLOCK)
		*(loose *)(to + i) = *(const loose *)(from + i);
	*(loose *)(to + n - BLOCK) = last;
}

PLAIN static void
copy_down(char *to, const char *from, size_t n)
{
	block first = *(const loose *)from;

	for (size_t i = n; i > BLOCK; i -= BLOCK)
		*(loose *)(to + i - BLOCK) = *(const loose *)(from + i - BLOCK);
	*(loose *)to = first;
}

void *
MEMORY(memcpy)(void *restrict to, const void *restrict from, size_t n)
{
	void *t = to;

	if (n <= BLOCK)
		copy_few(to, from, n);
	else if (n < LONG)
		copy_up(to, from, n);
	else
		__asm__ volatile("rep movsb"
				 : "+D"(t), "+S"(from), "+c"(n)
				 :
				 : "memory");
	return to;
}

void *
MEMORY(memmove)(void *to, const void *from, size_t n)
{
	if (n <= BLOCK)
		copy_few(to, from, n);
	else if ((uintptr_t)to - (uintptr_t)from >= n)
		copy_up(to, from, n);
	else
		copy_down(to, from, n);
	return to;
}

/* The first w of s[from .. end), which lie in one page, or `end`. */
PLAIN static size_t
find_in_page(const char *s, char w, size_t from, size_t end)
{
	const block all = {w, w, w, w, w, w, w, w, w, w, w, w, w, w, w, w};
	size_t i = from;
	unsigned hit;

	for (; end - i >= BLOCK; i += BLOCK) {
		hit = same(*(const loose *)(s + i), all);
		if (hit)
			return i + (size_t)__builtin_ctz(hit);
	}
	if (i < end && end - from >= BLOCK) {
		i = end - BLOCK;
		hit = same(*(const loose *)(s + i), all);
		return hit ? i + (size_t)__builtin_ctz(hit) : end;
	}
	while (i < end && s[i] != w)
		i++;
	return i;
}

void *
MEMORY(memchr)(const void *p, int c, size_t n)
{
	const char *s = p;

	for (size_t i = 0, end, at; i < n; i = end) {
		size_t room = PAGE - ((uintptr_t)(s + i) & (PAGE - 1));

		end = n - i < room ? n : i + room;
		at = find_in_page(s, (char)c, i, end);
		if (at < end)
			return (char *)(uintptr_t)(s + at);
	}
	return NULL;
}

PLAIN int
MEMORY(memcmp)(const void *p, const void *q, size_t n)
{
	const unsigned char *a = p, *b = q;
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		unsigned hit =
		    same(*(const loose *)(a + i), *(const loose *)(b + i));

		if (hit != 0xffff) {
			i += (size_t)__builtin_ctz(~hit);
			return a[i] - b[i];
		}
	}
	for (; i < n; i++)
		if (a[i] != b[i])
			return a[i] - b[i];
	return 0;
}

#endif
