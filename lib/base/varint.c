/* SPDX-License-Identifier: ISC */
/* Numbers of variable length. */
#include "base/varint.h"

void
varint_put(struct buf *to, uint64_t v)
{
	char text[10];
	size_t n = 0;

	for (; v > 0x7f; v >>= 7)
		text[n++] = (char)(0x80 | (v & 0x7f));
	text[n++] = (char)v;
	buf_put(to, text, n);
}

uint64_t
varint_take(struct scan *s, uint64_t max)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		int c = scan_peek(s);
		uint64_t bits = (uint64_t)(c & 0x7f);

		if (c < 0)
			break;
		s->p++;
		if (bits << shift >> shift != bits)
			break;
		v |= bits << shift;
		if (c > 0x7f)
			continue;
		if (v <= max)
			return v;
		break;
	}
	scan_fail(s, "no such number");
	return 0;
}
