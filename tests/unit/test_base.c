/* SPDX-License-Identifier: ISC */
/* base: slices, buffers, numbers, scanners, ids, checksums. */
#include "tap.h"

#include <errno.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/crc32c.h"
#include "base/id.h"
#include "base/num.h"
#include "base/scan.h"

static void
test_str(void)
{
	struct str rest = STR("a,,b");
	struct str f;
	char to[4];

	CHECK(str_ieq(STR("InBoX"), STR("INBOX")), "ASCII case is ignored");
	CHECK(!str_eq(STR("a"), STR("ab")), "a prefix is not equal");
	CHECK_NUM(str_search(STR("aab"), STR("ab")), 1, "search");
	CHECK_NUM(str_search(STR("aa"), STR("aab")), 2, "longer needle");
	CHECK(str_cut(&rest, ',', &f) && str_eq(f, STR("a")), "first field");
	CHECK(str_cut(&rest, ',', &f) && f.n == 0, "empty field");
	CHECK(str_cut(&rest, ',', &f) && str_eq(f, STR("b")), "last field");
	CHECK(!str_cut(&rest, ',', &f), "no more fields");
	CHECK_STR(str_trim(STR(" \tx y\r\n")), STR("x y"), "trim");
	CHECK(str_listed(STR("AB CD"), STR("cd")), "a word of a list");
	CHECK(!str_listed(STR("AB CD"), STR("B")), "a part of one is none");
	CHECK(!str_listed(STR(" AB "), STR("")), "an empty one is in none");
	CHECK(
	    str_copy(to, sizeof(to), STR("abcd")) < 0 && errno == ENAMETOOLONG,
	    "a copy that does not fit is refused");
	CHECK(str_copy(to, sizeof(to), str_make("a\0b", 3)) < 0 &&
		  errno == EINVAL,
	    "NUL is refused");
}

static void
test_buf(void)
{
	struct buf b;

	buf_init(&b, 5);
	buf_z(&b, "abc");
	buf_z(&b, "def");
	CHECK(b.over, "over the ceiling");
	buf_z(&b, "d");
	CHECK_STR(buf_slice(&b), STR("abc"), "over sticks, nothing is cut");
	buf_reset(&b);
	buf_netstr(&b, STR("hi"));
	CHECK_STR(buf_slice(&b), STR("2:hi,"), "netstring");
	buf_eat(&b, 2);
	CHECK_STR(buf_slice(&b), STR("hi,"), "eat from the front");
	buf_free(&b);
}

static void
test_buf_fmt(void)
{
	char room[8];
	struct buf b;

	buf_init(&b, 70);
	buf_fmt(&b, "%d:", 1);
	buf_fmt(&b, "%060d", 7);
	CHECK(b.n == 62 && b.p[61] == '7', "formatted, also behind others");
	buf_fmt(&b, "%s", "12345678");
	CHECK(b.n == 70 && b.p[69] == '8', "up to the ceiling");
	buf_fmt(&b, "%s", "9");
	CHECK(b.over && b.n == 70, "not over it");
	buf_reset(&b);
	buf_fmt(&b, "%071d", 7);
	CHECK(b.over && b.n == 0, "though there is room");
	buf_free(&b);
	buf_fixed(&b, room, sizeof(room));
	buf_fmt(&b, "%s", "1234567");
	CHECK_STR(buf_slice(&b), STR("1234567"), "as much as fits");
	buf_fmt(&b, "%s", "8");
	CHECK(b.over && b.n == 7, "and no more");
}

static void
test_num(void)
{
	uint64_t v;

	CHECK(num_scan(STR("18446744073709551615"), UINT64_MAX, &v) == 0 &&
		  v == UINT64_MAX,
	    "largest number");
	CHECK(num_scan(STR("18446744073709551616"), UINT64_MAX, &v) < 0 &&
		  errno == ERANGE,
	    "one more overflows");
	CHECK(num_scan(STR("10"), 9, &v) < 0 && errno == ERANGE, "over max");
	CHECK(num_scan(STR(""), 9, &v) < 0 && errno == EINVAL, "empty");
	CHECK(num_scan(STR("-1"), 9, &v) < 0 && errno == EINVAL, "sign");
	CHECK(num_scan_hex(STR("fF"), 255, &v) == 0 && v == 255, "hex");
}

static void
test_scan(void)
{
	struct scan s = scan_make(STR("3:a,b,12 x"));
	struct str f;
	uint64_t v = 0;

	CHECK(scan_netstr(&s, 10, &f) && str_eq(f, STR("a,b")), "netstring");
	CHECK(scan_num(&s, 99, &v) && v == 12, "number");
	CHECK(!scan_need(&s, 'x', "x expected") && s.bad, "failure sticks");
	CHECK(!scan_try(&s, ' ') && scan_peek(&s) == -1, "nothing moves then");
	s = scan_make(STR("99999999999999999999:a,"));
	CHECK(!scan_netstr(&s, 10, &f), "a huge length is refused");
	s = scan_make(STR("5:abc,"));
	CHECK(!scan_netstr(&s, 10, &f), "a length past the end is refused");
}

static void
test_id(void)
{
	char a[ID_SIZE], b[ID_SIZE];

	id_make(a);
	do
		id_make(b);
	while (memcmp(a, b, 11) == 0);
	CHECK(id_valid(str_z(a)), "a new id is valid");
	CHECK(strcmp(a, b) < 0, "later ids sort behind");
	CHECK(!id_valid(STR("../../../etc/passwdxx")), "a path is no id");
}

static void
test_crc(void)
{
	static unsigned char text[512];
	char zero[32] = {0};

	/* RFC 3720 B.4: 32 octets of zeroes give aa 36 91 8a. */
	CHECK_NUM(crc32c(0, zero, 32), 0x8a9136aa, "RFC 3720 B.4, zeroes");
	CHECK_NUM(crc32c(0, "123456789", 9), 0xe3069283, "check value");
	CHECK_NUM(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283,
	    "in two parts");
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * i + 7 * i);
	for (size_t i = 0; i < 40; i++)
		CHECK_NUM(crc32c(9, text + i, 300 - 3 * i),
		    crc32c_by_tables(9, text + i, 300 - 3 * i), "both ways");
}

static void
test_arena(void)
{
	struct arena a;
	char *p;

	arena_init(&a, 1 << 20);
	for (int i = 0; i < 100; i++)
		arena_alloc(&a, 1000);
	p = arena_alloc(&a, 50000);
	CHECK(p[0] == 0 && p[49999] == 0, "large allocations are zeroed");
	arena_reset(&a);
	CHECK_NUM(a.used, 0, "reset");
	CHECK_STR(arena_str(&a, STR("xy")), STR("xy"), "copy");
	arena_free(&a);
}

/* A table that grows alone stays where it is; what is beside it is kept. */
static void
test_arena_large(void)
{
	struct arena a;
	char *p = NULL, *q, *before;
	size_t n = 0, bad = 0;

	arena_init_large(&a, 64 << 20);
	for (size_t more = 64; more <= (8u << 20); n = more, more *= 2) {
		p = arena_grow(&a, p, n, more);
		for (size_t i = n; i < more; i++)
			p[i] = (char)(i % 251);
	}
	for (size_t i = 0; i < n; i++)
		bad += p[i] != (char)(i % 251);
	CHECK_NUM(bad, 0, "copied as it grows");
	q = before = arena_grow(&a, NULL, 0, 100);
	q = arena_grow(&a, q, 100, 200);
	CHECK(q == before, "the last one grows in place");
	p = arena_alloc(&a, 300000);
	for (size_t i = 0; i < 300000; i++)
		bad += p[i] != 0;
	CHECK_NUM(bad, 0, "zeros");
	before = q;
	memset(q, 'q', 200);
	q = arena_grow(&a, q, 200, 400);
	CHECK(q != before && q[0] == 'q' && q[199] == 'q', "another does not");
	arena_free(&a);
	CHECK_NUM(a.used, 0, "all given back");
}

int
main(void)
{
	test_str();
	test_buf();
	test_buf_fmt();
	test_num();
	test_scan();
	test_id();
	test_crc();
	test_arena();
	test_arena_large();
	return tap_done();
}
