/* SPDX-License-Identifier: ISC */
/* msg/header and msg/flags: fields, folds, subsets. */
#include "tap.h"

#include <time.h>

#include "base/buf.h"
#include "msg/flags.h"
#include "msg/header.h"

static struct buf out;

/* "name=value|" for every field. */
static void
check_fields(const char *text, const char *want, const char *what)
{
	struct header h = header_make(str_z(text));
	struct header_field f;

	buf_reset(&out);
	while (header_next(&h, &f)) {
		buf_str(&out, f.name);
		buf_chr(&out, '=');
		buf_str(&out, f.value);
		buf_chr(&out, '|');
	}
	CHECK_STR(buf_slice(&out), str_z(want), what);
}

static void
test_fields(void)
{
	check_fields("", "", "nothing");
	check_fields("\nA: b\n", "", "no header");
	check_fields("A: b\nC:d\n\nE: f\n", "A= b|C=d|", "LF");
	check_fields("A: b\r\nC:d\r\n\r\nE: f\r\n", "A= b|C=d|", "CRLF");
	check_fields("A: b\r\nC:d\n\nE: f\r\n", "A= b|C=d|", "mixed");
	check_fields("A: b\n c\n\td\nE:\n", "A= b\n c\n\td|E=|",
	    "folds, RFC 5322 2.2.3");
	check_fields("A: b\n \n c\n\n", "A= b\n \n c|",
	    "a line of blanks folds, RFC 5322 4.2");
	check_fields("A : b\n", "A= b|", "blanks before the colon, 4.5.8");
	check_fields("From ann@x.test Mon Nov 23 04:29:34 2026\nA: b\n",
	    "=From ann@x.test Mon Nov 23 04:29:34 2026|A= b|", "mbox");
	check_fields("junk\n more\nA: b\n: c\n d: e\nF: g",
	    "=junk\n more|A= b|=: c\n d: e|F= g|", "no fields, no end");
	check_fields(" A: b\nC: d\n", "= A: b|C= d|", "a fold at the start");
	CHECK_NUM(header_size(STR("A: b\n\nx")), 6, "size, LF");
	CHECK_NUM(header_size(STR("A: b\r\n\r\nx")), 8, "size, CRLF");
	CHECK_NUM(header_size(STR("A: b\n")), 5, "no empty line");
	CHECK_NUM(header_size(STR("\r\nx")), 2, "only the empty line");
}

static void
test_find(void)
{
	const struct str text =
	    STR("Received: 1\nTo: x\nreceived: 2\n\nReceived: 3\n");
	struct header h = header_make(text);
	struct header_field f;
	struct str v;

	CHECK(header_find(text, STR("TO"), &v) && str_eq(v, STR(" x")),
	    "the first of a name, any case");
	CHECK(!header_find(text, STR("Cc"), &v) && v.n == 0, "none");
	CHECK(!header_find(STR("junk\n"), STR(""), &v), "junk has no name");
	CHECK(header_next_named(&h, STR("Received"), &f) &&
		  str_eq(f.value, STR(" 1")),
	    "one of several");
	CHECK(header_next_named(&h, STR("Received"), &f) &&
		  str_eq(f.value, STR(" 2")),
	    "the next");
	CHECK(!header_next_named(&h, STR("Received"), &f), "not in the body");
}

static void
check_unfold(const char *value, const char *want, const char *what)
{
	buf_reset(&out);
	header_unfold(str_z(value), &out);
	CHECK_STR(buf_slice(&out), str_z(want), what);
}

static void
check_subset(const char *text, bool not, const char *want, const char *what)
{
	static const struct str names[] = {
	    {"Subject", 7}, {"TO", 2}, {"Nothing", 7}};

	buf_reset(&out);
	header_subset(str_z(text), names, 3, not, &out);
	CHECK_STR(buf_slice(&out), str_z(want), what);
}

static void
test_writing(void)
{
	check_unfold(" a\r\n b\n\tc \r\n", "a b\tc", "RFC 5322 2.2.3");
	check_unfold("", "", "empty");
	check_unfold("a\rb", "a\rb", "a bare CR is no line end");
	check_subset("To: a\nX: b\nSubject: c\n  d\nTo: e\n\nbody\n", false,
	    "To: a\r\nSubject: c\r\n  d\r\nTo: e\r\n\r\n",
	    "HEADER.FIELDS, RFC 3501 6.4.5");
	check_subset("To: a\r\nX: b\r\n  y\r\njunk\r\n\r\nbody\r\n", true,
	    "X: b\r\n  y\r\njunk\r\n\r\n", "HEADER.FIELDS.NOT");
	check_subset("To: a\nX: b\n", false, "To: a\r\n",
	    "no empty line when the message has none, RFC 3501 6.4.5");
	check_subset("X: b\n\n", false, "\r\n", "no field at all");
	buf_reset(&out);
	header_crlf(STR("a\nb\r\nc\rd\n\n"), &out);
	CHECK_STR(buf_slice(&out), STR("a\r\nb\r\nc\rd\r\n\r\n"), "CRLF");
}

static void
test_lexical(void)
{
	struct scan s = scan_make(STR(" (a(b\\)c)) \r\n (d) x"));
	struct str comment;

	CHECK(header_cfws(&s, &comment) && scan_peek(&s) == 'x',
	    "nested comments, RFC 5322 3.2.2");
	CHECK_STR(comment, STR("d"), "the last one");
	s = scan_make(STR("((((\\"));
	CHECK(header_cfws(&s, NULL) && scan_end(&s), "an open comment");
	s = scan_make(STR("\"a\\\"b\r\n c\"d"));
	buf_reset(&out);
	header_quoted(&s, &out);
	CHECK_STR(buf_slice(&out), STR("a\"b c"), "RFC 5322 3.2.4");
	CHECK_NUM(scan_peek(&s), 'd', "stands behind it");
	s = scan_make(STR("\"a\\"));
	buf_reset(&out);
	header_quoted(&s, &out);
	CHECK_STR(buf_slice(&out), STR("a"), "a backslash at the end");
}

static void
test_flags(void)
{
	CHECK_NUM(flags_bit(STR("\\seen")), FLAG_SEEN, "RFC 3501 2.3.2");
	CHECK_NUM(flags_bit(STR("\\Recent")), FLAG_RECENT, "recent");
	CHECK_NUM(flags_bit(STR("Seen")), 0, "a keyword is no system flag");
	CHECK_NUM(flags_bit(STR("")), 0, "nothing");
	for (unsigned i = 0; i < FLAGS_N; i++)
		CHECK_NUM(flags_bit(flags_name(i)), 1u << i, "round trip");
	CHECK_STR(flags_name(FLAGS_N), STR(""), "no more names");
}

static void
test_bomb(void)
{
	struct buf big;
	struct str v;
	clock_t start;

	buf_init(&big, 101 << 20);
	while (big.n < 100 << 20)
		buf_z(&big, "X-Long-Name: and a value that is not short\n");
	start = clock();
	CHECK(!header_find(buf_slice(&big), STR("Subject"), &v), "not there");
	printf("# 100 MB header: %.3f s\n",
	    (double)(clock() - start) / CLOCKS_PER_SEC);
	CHECK((clock() - start) / CLOCKS_PER_SEC < 10, "in linear time");
	buf_free(&big);
}

int
main(void)
{
	buf_init(&out, 10000);
	test_fields();
	test_find();
	test_writing();
	test_lexical();
	test_flags();
	test_bomb();
	buf_free(&out);
	return tap_done();
}
