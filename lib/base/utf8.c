/* SPDX-License-Identifier: ISC */
/* Valid sequences of RFC 3629 4: no overlong forms, no surrogates, nothing
 * above U+10FFFF. */
#include "base/utf8.h"

#include "base/ascii.h"

static size_t
length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t
utf8_len(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = s.n ? length(*p) : 0;

	if (n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if (n > 2 &&
	    ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)))
		return 0;
	return n;
}

bool
utf8_plain(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	if (n == 1)
		return !ascii_iscntrl(*p);
	return n > 0 && !(n == 2 && u[0] == 0xc2 && u[1] < 0xa0);
}
