/* SPDX-License-Identifier: ISC */
/* Blocks of 16 octets are compared at once; compilers turn them into what the
 * processor has for that. */
#include "base/lines.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 16
#define RUN 127 /* blocks until a lane might overflow */

typedef signed char block __attribute__((vector_size(BLOCK)));

#define ALL(c) \
	{ \
		c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c \
	}

static const block lf = ALL('\n'), cr = ALL('\r');

static block
load(const char *p)
{
	block b;

	memcpy(&b, p, sizeof(b));
	return b;
}

static bool
any(block b)
{
	uint64_t half[2];

	memcpy(half, &b, sizeof(half));
	return (half[0] | half[1]) != 0;
}

static size_t
sum(block b)
{
	size_t n = 0;

	for (int i = 0; i < BLOCK; i++)
		n += (unsigned char)b[i];
	return n;
}

size_t
lines_count(struct str s, bool after_cr, size_t *bare)
{
	size_t i = 0, all = 0, crlf = 0;

	if (s.n) {
		all = s.p[0] == '\n';
		crlf = all && after_cr;
		i = 1;
	}
	while (s.n - i >= BLOCK) {
		block nall = ALL(0), ncrlf = ALL(0), ncr = ALL(0);
		size_t from = i;

		for (int k = 0; k < RUN && s.n - i >= BLOCK; k++, i += BLOCK) {
			block here = load(s.p + i);

			/* True is -1. */
			nall -= here == lf;
			ncr |= here == cr;
		}
		all += sum(nall);
		if (s.p[from - 1] != '\r' && !any(ncr))
			continue;
		for (size_t k = from; k < i; k += BLOCK)
			ncrlf -=
			    (load(s.p + k) == lf) & (load(s.p + k - 1) == cr);
		crlf += sum(ncrlf);
	}
	for (; i < s.n; i++) {
		all += s.p[i] == '\n';
		crlf += s.p[i] == '\n' && s.p[i - 1] == '\r';
	}
	*bare = all - crlf;
	return all;
}

size_t
lines_dashes(struct str s)
{
	size_t i = 1;

	/* Dashes are rare in what is long: it is encoded, or it is text. */
	while (i < s.n && (i += str_find(str_from(s, i), '-')) + 1 < s.n) {
		if (s.p[i - 1] == '\n' && s.p[i + 1] == '-')
			return i - 1;
		while (i < s.n && s.p[i] == '-')
			i++;
	}
	return s.n;
}
