/* SPDX-License-Identifier: ISC */
/* msg/text: looking for text, RFC 3501 6.4.4. */
#include "tap.h"

#include <time.h>

#include "base/buf.h"
#include "msg/text.h"

static struct arena arena;
static struct text finder;

static struct part_tree
parse(struct str text)
{
	struct part_tree t;

	arena_reset(&arena);
	part_parse(&t, text, &arena);
	return t;
}

static bool
body_has(const char *text, const char *needle)
{
	struct part_tree t = parse(str_z(text));

	return text_in_body(&finder, text_needle(str_z(needle), &arena), &t);
}

static bool
message_has(const char *text, const char *needle)
{
	struct part_tree t = parse(str_z(text));

	return text_in_message(&finder, text_needle(str_z(needle), &arena), &t);
}

static bool
in(const char *text, const char *needle)
{
	return text_in(
	    &finder, text_needle(str_z(needle), &arena), str_z(text));
}

static void
test_case(void)
{
	CHECK(in("Hello World", "O w"), "ASCII");
	CHECK(!in("Hello", "Hello!"), "longer than the text");
	CHECK(in("", ""), "an empty needle is everywhere");
	CHECK(!in("", "a"), "nothing is in nothing");
	CHECK(in("\xc3\x89T\xc3\x89 \xc3\x98", "\xc3\xa9t\xc3\xa9 \xc3\xb8"),
	    "Latin-1");
	CHECK(!in("\xc3\x97", "\xc3\xb7"), "times is not divided by");
	CHECK(in("\xc5\x81\xc3\x93"
		 "D\xc5\xb9",
		  "\xc5\x82\xc3\xb3"
		  "d\xc5\xba"),
	    "Latin Extended-A");
	CHECK(in("\xce\x9c\xce\xac\xce\x81\xce\x9f\xce\xa3", "\xce\xbc"),
	    "Greek");
	CHECK(in("\xcf\x82", "\xce\xa3"), "final sigma");
	CHECK(in("\xd0\x9f\xd0\xa0\xd0\x98\xd0\x81", "\xd0\xbf\xd1\x80\xd0\xb8"
						     "\xd1\x91"),
	    "Cyrillic");
	CHECK(!in("a\xff", "\xff"
			   "b"),
	    "broken UTF-8");
}

static void
test_header(void)
{
	const struct str h =
	    STR("Subject: =?iso-8859-1?q?Caf=C9?= au\n lait\n"
		"X-Empty:\nTo: \"Ann Lee\" <ann@x.test>\n\nSubject: body\n");
	struct str none = text_needle(STR(""), &arena);

	CHECK(text_in_field(&finder,
		  text_needle(STR("caf\xc3\xa9 AU lait"), &arena), h,
		  STR("subject")),
	    "decoded and unfolded");
	CHECK(!text_in_field(
		  &finder, text_needle(STR("body"), &arena), h, STR("Subject")),
	    "only the header");
	CHECK(text_in_field(&finder, none, h, STR("x-empty")),
	    "empty: is there such a field? RFC 3501 6.4.4 (HEADER)");
	CHECK(!text_in_field(&finder, none, h, STR("Cc")), "there is not");
	CHECK(text_in_header(&finder, text_needle(STR("to: \"ann"), &arena), h),
	    "names too");
	CHECK(!text_in_header(&finder, text_needle(STR("body"), &arena), h),
	    "no body");
}

static void
test_body(void)
{
	static const char mail[] =
	    "Subject: Outer\n"
	    "Content-Type: multipart/mixed; boundary=a\n\n"
	    "preamble\n"
	    "--a\n"
	    "Content-Type: text/plain; charset=koi8-r\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "=F0=D2=\n=C9=D7=C5=D4 a soft =\nbreak\n"
	    "--a\n"
	    "Content-Type: text/html; charset=utf-8\n"
	    "Content-Transfer-Encoding: base64\n\n"
	    "SGVs\nbG8gd8O2cmxk\n"
	    "--a\n"
	    "Content-Type: application/pdf; name=secret.pdf\n\n"
	    "needle\n"
	    "--a\n"
	    "Content-Type: message/rfc822\n\n"
	    "Subject: Inner\n\nforwarded\n"
	    "--a--\n";

	CHECK(
	    body_has(mail, "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"),
	    "quoted-printable and KOI8-R");
	CHECK(body_has(mail, "soft break"), "over a soft line break");
	CHECK(body_has(mail, "HELLO W\xc3\x96RLD"), "base64 and UTF-8");
	CHECK(!body_has(mail, "needle"), "what is no text is not searched");
	CHECK(body_has(mail, "secret.PDF"), "names of attachments");
	CHECK(body_has(mail, "forwarded"), "a message inside");
	CHECK(body_has(mail, "inner"), "and its header");
	CHECK(!body_has(mail, "outer"), "BODY leaves out the header");
	CHECK(message_has(mail, "outer"), "TEXT does not");
	CHECK(!message_has(mail, "preamble"), "RFC 2046 5.1.1");
	CHECK(!message_has(mail, "nowhere"), "nowhere");
	CHECK(message_has("", "") && body_has("", ""), "an empty needle");
	CHECK(body_has("\ncaf\xc3\x89\n", "caf\xc3\xa9"), "8-bit, no label");
	CHECK(body_has("\n\xff\xc3\xa9\xff\n", "\xc3\xa9"), "broken UTF-8");
}

/* A match may lie over any two chunks. */
static void
test_chunks(void)
{
	struct buf b;
	size_t missed = 0;

	buf_init(&b, 1 << 20);
	for (size_t at = 16370; at < 16390; at++) {
		struct part_tree t;

		buf_reset(&b);
		buf_z(&b, "\n");
		while (b.n < at)
			buf_chr(&b, 'x');
		buf_z(&b, "n\xc3\xa9"
			  "edle");
		t = parse(buf_slice(&b));
		missed += !text_in_body(&finder,
		    text_needle(STR("N\xc3\x89"
				    "EDLE"),
			&arena),
		    &t);
		missed += !text_in(&finder,
		    text_needle(STR("N\xc3\x89"
				    "EDLE"),
			&arena),
		    buf_slice(&b));
	}
	CHECK_NUM(missed, 0, "over the end of a chunk");
	buf_free(&b);
}

static void
bomb(const char *head, const char *piece, const char *needle, const char *what)
{
	struct buf b;
	struct part_tree t;
	clock_t start;

	buf_init(&b, 11 << 20);
	buf_z(&b, head);
	while (b.n < 10 << 20)
		buf_z(&b, piece);
	start = clock();
	t = parse(buf_slice(&b));
	tap_check(
	    !text_in_message(&finder, text_needle(str_z(needle), &arena), &t) &&
		(clock() - start) / CLOCKS_PER_SEC < 8,
	    __FILE__, __LINE__, what);
	printf(
	    "# %s: %.3f s\n", what, (double)(clock() - start) / CLOCKS_PER_SEC);
	buf_free(&b);
}

static void
test_bombs(void)
{
	struct buf needle;

	buf_init(&needle, 10000);
	for (int i = 0; i < 4000; i++)
		buf_chr(&needle, i == 10 ? 'b' : 'a');
	bomb("\n", "aaaaaaaaaaaaaaaa", buf_cstr(&needle), "a hard needle");
	bomb("\n", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 ", "zz",
	    "Cyrillic");
	bomb("\n", "\xff", "zz", "broken UTF-8");
	bomb("Content-Type: text/plain; charset=iso-2022-jp\n\n",
	    "\x1b$BF|K\\\x1b(B\n", "zz", "escapes");
	bomb("Content-Transfer-Encoding: quoted-printable\n\n", "=", "zz",
	    "equal signs");
	bomb("", "Subject: =?utf-8?q?a?= =?utf-8?b?YQ==?=\n", "zz", "subjects");
	bomb("Content-Type: multipart/mixed; boundary=a\n\n",
	    "--a\nContent-Type: text/plain; charset=euc-jp\n\nx\n", "zz",
	    "many small parts");
	buf_free(&needle);
}

int
main(void)
{
	arena_init(&arena, 4 << 20);
	text_init(&finder);
	test_case();
	test_header();
	test_body();
	test_chunks();
	test_bombs();
	text_free(&finder);
	arena_free(&arena);
	return tap_done();
}
