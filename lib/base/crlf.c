/* SPDX-License-Identifier: ISC */
/* LF to CRLF. */
#include "base/crlf.h"

#include <string.h>

#define BLOCK 64 /* a count fits into an octet, a loop into registers */
#define EACH(c) (0x0101010101010101u * (c))

/* The LF without CR among BLOCK octets; p[-1] can be read. */
static unsigned
count_block(const char *p)
{
	unsigned char n = 0;

	for (int i = 0; i < BLOCK; i++)
		n += (unsigned char)((p[i] == '\n') & (p[i - 1] != '\r'));
	return n;
}

uint64_t
crlf_size(struct str s)
{
	uint64_t n = s.n;
	size_t i = 1;

	if (s.n == 0)
		return 0;
	n += s.p[0] == '\n';
	for (; s.n - i >= BLOCK; i += BLOCK)
		n += count_block(s.p + i);
	for (; i < s.n; i++)
		n += s.p[i] == '\n' && s.p[i - 1] != '\r';
	return n;
}

static bool
has_lf(uint64_t w)
{
	/* An octet becomes 0 where the LF is; the borrow then sets its top
	 * bit, which was not set before. */
	w ^= EACH('\n');
	return ((w - EACH(1)) & ~w & EACH(0x80)) != 0;
}

size_t
crlf_expand(char *to, size_t room, struct str *s, bool *cr)
{
	const char *p = s->p, *const end = p + s->n;
	char *at = to, *const full = to + room;
	char last = *cr ? '\r' : '\0';

	while (p < end && full - at >= 2) {
		uint64_t w = EACH('\n');

		if (end - p >= 8 && full - at >= 8)
			memcpy(&w, p, 8);
		if (!has_lf(w)) {
			memcpy(at, &w, 8);
			at += 8;
			p += 8;
			last = p[-1];
			continue;
		}
		do {
			if (*p == '\n' && last != '\r')
				*at++ = '\r';
			last = *p++;
			*at++ = last;
		} while (last != '\n' && p < end && full - at >= 2);
	}
	*s = str_make(p, (size_t)(end - p));
	*cr = last == '\r';
	return (size_t)(at - to);
}
