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

static const block lf = ALL('\n'), cr = ALL('\r'), dash = ALL('-');

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
		block nall = ALL(0), ncrlf = ALL(0);

		for (int k = 0; k < RUN && s.n - i >= BLOCK; k++, i += BLOCK) {
			block is = load(s.p + i) == lf;

			/* True is -1. */
			nall -= is;
			ncrlf -= is & (load(s.p + i - 1) == cr);
		}
		all += sum(nall);
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
	size_t i = 0;

	for (; s.n - i >= BLOCK + 2; i += BLOCK)
		if (any((load(s.p + i) == lf) & (load(s.p + i + 1) == dash) &
			(load(s.p + i + 2) == dash)))
			break;
	for (; s.n - i > 2; i++)
		if (s.p[i] == '\n' && s.p[i + 1] == '-' && s.p[i + 2] == '-')
			return i;
	return s.n;
}
