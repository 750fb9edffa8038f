/* SPDX-License-Identifier: ISC */
/* SASLprep, by a few short tables. */
#include "msg/saslprep.h"

#include <errno.h>
#include <stdint.h>

#include "msg/charset.h"

struct range {
	uint32_t first, last;
};

/* RFC 3454 C.1.2 */
static const struct range spaces[] = {{0xa0, 0xa0}, {0x1680, 0x1680},
    {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

/* RFC 3454 B.1, and U+200B of C.1.2, which is both */
static const struct range nothing[] = {{0xad, 0xad}, {0x34f, 0x34f},
    {0x1806, 0x1806}, {0x180b, 0x180d}, {0x200b, 0x200d}, {0x2060, 0x2060},
    {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}};

/* RFC 3454 C.2.1, C.2.2, C.4, C.6, C.7, C.8, C.9; UTF-8 has no surrogates */
static const struct range refused[] = {{0, 0x1f}, {0x7f, 0x9f}, {0x340, 0x341},
    {0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x180e, 0x180e}, {0x200e, 0x200f},
    {0x2028, 0x202e}, {0x2061, 0x2063}, {0x206a, 0x206f}, {0x2ff0, 0x2ffb},
    {0xfdd0, 0xfdef}, {0xfff9, 0xfffd}, {0x1d173, 0x1d17a}, {0xe0001, 0xe0001},
    {0xe0020, 0xe007f}};

/* NFKC of single characters */
static const struct {
	uint32_t c;
	const char *text;
} forms[] = {{0xa8, " \314\210"}, {0xaa, "a"}, {0xaf, " \314\204"}, {0xb2, "2"},
    {0xb3, "3"}, {0xb4, " \314\201"}, {0xb5, "\316\274"}, {0xb8, " \314\247"},
    {0xb9, "1"}, {0xba, "o"}, {0xbc, "1\342\201\2044"},
    {0xbd, "1\342\201\2042"}, {0xbe, "3\342\201\2044"}, {0x2026, "..."},
    {0x2122, "TM"}};

#define IN(list, c) in_ranges(list, sizeof(list) / sizeof(*(list)), c)

static bool
in_ranges(const struct range *list, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= list[i].first && c <= list[i].last)
			return true;
	return false;
}

/* The character c, which is `one` in UTF-8. */
static int
put(struct buf *to, uint32_t c, struct str one)
{
	if (IN(nothing, c))
		return 0;
	if (IN(refused, c) || (c & 0xfffe) == 0xfffe) {
		errno = EINVAL;
		return -1;
	}
	if (c >= 0xff01 && c <= 0xff5e) {
		buf_chr(to, (char)(c - 0xff01 + '!'));
		return 0;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (forms[i].c == c) {
			buf_z(to, forms[i].text);
			return 0;
		}
	buf_str(to, IN(spaces, c) ? STR(" ") : one);
	return 0;
}

int
saslprep(struct buf *to, struct str s)
{
	while (s.n > 0) {
		uint32_t c;
		size_t n = charset_utf8(s, &c);

		if (n == 0) {
			errno = EINVAL;
			return -1;
		}
		/* Broken UTF-8 is U+FFFD, which is refused. */
		if (put(to, c, str_to(s, n)) < 0)
			return -1;
		s = str_from(s, n);
	}
	return 0;
}
