/* SPDX-License-Identifier: ISC */
/* base/memory: the same as the C library's; base/sort: as a slow sort. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sort.h"

#define MOST 3000

static unsigned char text[2 * MOST], want[2 * MOST], *edge;

static void
fill(unsigned char *p, size_t n, int values)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(rand() % values + (values > 2) * 100);
}

/* As many octets as there are before a page that nobody may touch. */
static unsigned char *
before_edge(size_t n)
{
	return edge - n;
}

#if defined(__GLIBC__) && defined(__SSE2__)
static void
test_copy(void)
{
	size_t wrong = 0;

	for (size_t n = 0; n < 1200; n += n < 100 ? 1 : 37) {
		unsigned char *end = before_edge(n);

		fill(end, n, 256);
		memset(text, 0, sizeof(text));
		wrong += memory_memcpy(text + 1, end, n) != text + 1;
		wrong +=
		    memcmp(text + 1, end, n) != 0 || text[0] || text[1 + n];
	}
	CHECK_NUM(wrong, 0, "memcpy: all of it and nothing else");
	wrong = 0;
	for (int round = 0; round < 4000; round++) {
		size_t n = (size_t)rand() % (round < 3000 ? 100 : MOST);
		size_t from = (size_t)rand() % (sizeof(text) - n);
		size_t to = round % 2 ? (from + (size_t)rand() % 40) %
		                            (sizeof(text) - n)
		                      : (size_t)rand() % (sizeof(text) - n);

		fill(text, sizeof(text), 256);
		memcpy(want, text, sizeof(text));
		memmove(want + to, want + from, n);
		memory_memmove(text + to, text + from, n);
		wrong += memcmp(want, text, sizeof(text)) != 0;
	}
	CHECK_NUM(wrong, 0, "memmove: both ways, near and far");
}

static int
sign(int v)
{
	return (v > 0) - (v < 0);
}

static void
test_look(void)
{
	size_t wrong = 0;

	for (int round = 0; round < 4000; round++) {
		size_t n = (size_t)rand() % 100;
		unsigned char *p = before_edge(n);

		fill(p, n, round % 3 ? 60 : 2);
		wrong += memory_memchr(p, 101, n) != memchr(p, 101, n);
		wrong += memory_memchr(p, 1 + 256, n) != memchr(p, 1, n);
	}
	CHECK_NUM(wrong, 0, "memchr: the first one");
	wrong = 0;
	/* What is told to be longer than it is ends with what is found. */
	for (size_t n = 1; n < 4000; n += n < 100 ? 1 : 61)
		for (size_t more = 0; more < 40; more += 13) {
			unsigned char *p = before_edge(n);

			memset(p, 'x', n);
			p[n - 1] = '\0';
			wrong += memory_memchr(p, 0, n + more) != p + n - 1;
			wrong += memory_memchr(p, 0, SIZE_MAX) != p + n - 1;
			p[n / 2] = '\0';
			wrong += memory_memchr(p, 0, SIZE_MAX) != p + n / 2;
		}
	CHECK_NUM(wrong, 0, "memchr: nothing behind what is found");
	wrong = 0;
	for (int round = 0; round < 4000; round++) {
		size_t n = (size_t)rand() % 100;
		unsigned char *p = before_edge(n);

		fill(p, n, 256);
		memcpy(text, p, n);
		for (int k = rand() % 3; n && k > 0; k--)
			text[(size_t)rand() % n] = (unsigned char)rand();
		wrong +=
		    sign(memory_memcmp(p, text, n)) != sign(memcmp(p, text, n));
	}
	CHECK_NUM(wrong, 0, "memcmp: which one is less");
}
#else
static void
test_copy(void)
{
}

static void
test_look(void)
{
}
#endif

static int
by_key(const void *a, const void *b)
{
	const struct sort_item *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->of < y->of ? -1 : x->of > y->of;
}

static void
test_sort(void)
{
	static struct sort_item list[MOST], slow[MOST], spare[MOST];
	size_t wrong = 0;

	for (int round = 0; round < 64; round++) {
		size_t n = (size_t)rand() % (round < 32 ? 20 : MOST);

		for (size_t i = 0; i < n; i++)
			list[i] = (struct sort_item){
			    (uint64_t)rand() % 1000 << round % 50, i};
		memcpy(slow, list, sizeof(list));
		if (n)
			qsort(slow, n, sizeof(*slow), by_key);
		sort_items(list, spare, n);
		wrong += n && memcmp(list, slow, n * sizeof(*list)) != 0;
	}
	CHECK_NUM(wrong, 0, "sorted, and stable");
}

int
main(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + page, page, PROT_NONE) < 0)
		return 1;
	edge = p + page;
	srand(7);
	test_copy();
	test_look();
	test_sort();
	return tap_done();
}
