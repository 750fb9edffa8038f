/* SPDX-License-Identifier: ISC */
/* base/lines: the same as octet by octet. */
#include "tap.h"

#include <stdlib.h>

#include "base/lines.h"

static size_t
dashes(struct str s)
{
	for (size_t i = 0; i + 2 < s.n; i++)
		if (memcmp(s.p + i, "\n--", 3) == 0)
			return i;
	return s.n;
}

static size_t
count(struct str s, bool cr, size_t *bare)
{
	size_t all = 0;

	*bare = 0;
	for (size_t i = 0; i < s.n; i++) {
		all += s.p[i] == '\n';
		*bare += s.p[i] == '\n' && !(i ? s.p[i - 1] == '\r' : cr);
	}
	return all;
}

int
main(void)
{
	static const char octets[] = "\n\n\r-- a";
	static char text[10000];
	size_t wrong = 0;

	srand(3);
	for (int round = 0; round < 3000; round++) {
		size_t n = round < 200 ? (size_t)round : (size_t)rand() % 9999;
		size_t few = 1 + (size_t)rand() % 60, bare, want;
		struct str s = str_make(text + rand() % 16, n);
		bool cr = rand() % 2;

		if (n > sizeof(text) - 16)
			continue;
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (size_t)rand() % few
			              ? 'x'
			              : octets[rand() % (int)sizeof(octets)];
		wrong += lines_dashes(s) != dashes(s);
		wrong += lines_count(s, cr, &bare) != count(s, cr, &want);
		wrong += bare != want;
	}
	CHECK_NUM(wrong, 0, "3,000 texts");
	memset(text, '\n', sizeof(text));
	CHECK_NUM(lines_count(str_make(text, 9999), true, &wrong), 9999,
	    "nothing but line ends");
	CHECK_NUM(wrong, 9998, "the first one with its CR");
	return tap_done();
}
