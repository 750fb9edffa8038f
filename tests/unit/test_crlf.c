/* SPDX-License-Identifier: ISC */
/* LF to CRLF: the same as octet by octet, wherever the text and the room are
 * cut. */
#include <stdio.h>
#include <string.h>

#include "base/crlf.h"
#include "tap.h"

#define MOST 300

static unsigned long seed = 1;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(seed >> 33) % n;
}

/* What is right: every LF without CR in front becomes two octets. */
static size_t
slowly(const char *p, size_t n, char *to)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'))
			to[at++] = '\r';
		to[at++] = p[i];
	}
	return at;
}

/* In pieces of the text and of the room. */
static size_t
in_pieces(const char *p, size_t n, char *to)
{
	size_t at = 0, given = 0;
	bool cr = false;

	while (given < n) {
		size_t some = 1 + below((unsigned)(n - given));
		struct str s = str_make(p + given, some);

		given += some;
		while (s.n > 0)
			at += crlf_expand(to + at, 2 + below(30), &s, &cr);
	}
	return at;
}

static void
test_random(void)
{
	static const char octets[] = "\n\r\n\rab\x0b\x09\x8a\xff";
	char text[MOST], want[2 * MOST], got[2 * MOST + 32];
	int wrong = 0;

	for (int turn = 0; turn < 20000; turn++) {
		size_t n = below(MOST);
		/* Few line ends, or many. */
		unsigned kinds = turn % 2 ? 4 : 1;
		size_t size;

		for (size_t i = 0; i < n; i++)
			text[i] = below(20) < kinds ? octets[below(4)]
			                            : octets[4 + below(6)];
		size = slowly(text, n, want);
		if (crlf_size(str_make(text, n)) != size ||
		    in_pieces(text, n, got) != size ||
		    memcmp(got, want, size) != 0)
			wrong++;
	}
	CHECK_NUM(wrong, 0, "20,000 texts of line ends and others");
}

static void
test_cases(void)
{
	struct str s = STR("abcdefgh\n");
	bool cr = true;
	char to[16];

	CHECK_NUM(crlf_size(STR("")), 0, "nothing");
	CHECK_NUM(crlf_size(STR("\n")), 2, "an LF at the start");
	CHECK_NUM(crlf_size(STR("a\r\n\nb\r\r\n")), 9, "only bare ones count");
	CHECK_NUM(crlf_expand(to, 9, &s, &cr), 8, "no room for two");
	CHECK_STR(s, STR("\n"), "the LF is left");
	CHECK_NUM(crlf_expand(to, 2, &s, &cr), 2, "CR LF");
	CHECK(s.n == 0 && !cr, "all");
	s = STR("\n");
	cr = true;
	CHECK(crlf_expand(to, 2, &s, &cr) == 1 && to[0] == '\n',
	    "the CR was there already");
	s = STR("a\r");
	CHECK(crlf_expand(to, 16, &s, &cr) == 2 && cr, "a CR at the end");
}

int
main(void)
{
	test_cases();
	test_random();
	return tap_done();
}
