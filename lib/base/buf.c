/* SPDX-License-Identifier: ISC */
/* Growing octet buffer with a ceiling and a sticky overflow mark. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/num.h"

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_fixed(struct buf *b, char *storage, size_t size)
{
	*b = (struct buf){.p = storage, .cap = size, .max = size - 1};
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->over = false;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->cap = 0;
	buf_reset(b);
}

void
buf_erase(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->cap);
	buf_reset(b);
}

void
buf_wipe(struct buf *b)
{
	buf_erase(b);
	buf_free(b);
}

/* One octet more than asked for is kept, for buf_cstr(). */
static void
grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 64;
	char *p;

	if (need < b->cap)
		return;
	while (cap <= need)
		cap *= 2;
	p = realloc(b->p, cap);
	if (!p)
		oom();
	b->p = p;
	b->cap = cap;
}

char *
buf_room(struct buf *b, size_t n)
{
	char *at;

	if (b->over || n > b->max || b->n > b->max - n) {
		b->over = true;
		return NULL;
	}
	grow(b, b->n + n);
	at = b->p + b->n;
	b->n += n;
	return at;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	char *at = buf_room(b, n);

	if (at && n)
		memcpy(at, p, n);
}

void
buf_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void
buf_z(struct buf *b, const char *z)
{
	buf_put(b, z, strlen(z));
}

void
buf_chr(struct buf *b, char c)
{
	if (!b->over && b->n < b->max && b->n + 1 < b->cap)
		b->p[b->n++] = c;
	else
		buf_put(b, &c, 1);
}

void
buf_num(struct buf *b, uint64_t v)
{
	char text[NUM_SIZE];

	buf_put(b, text, num_print(text, v));
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	size_t left = b->p ? b->cap - b->n : 0;
	va_list ap;
	int n;
	char *at;

	va_start(ap, fmt);
	n = vsnprintf(left ? b->p + b->n : NULL, left, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < left && !b->over &&
	    (size_t)n <= b->max - b->n) {
		b->n += (size_t)n;
		return;
	}
	at = n < 0 ? NULL : buf_room(b, (size_t)n);
	if (!at) {
		b->over = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(at, (size_t)n + 1, fmt, ap);
	va_end(ap);
}

void
buf_netstr(struct buf *b, struct str s)
{
	buf_num(b, s.n);
	buf_chr(b, ':');
	buf_str(b, s);
	buf_chr(b, ',');
}

void
buf_eat(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n && n < b->n)
		memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

struct str
buf_slice(const struct buf *b)
{
	return b->p ? str_make(b->p, b->n) : STR("");
}

const char *
buf_cstr(struct buf *b)
{
	grow(b, b->n);
	b->p[b->n] = '\0';
	return b->p;
}
