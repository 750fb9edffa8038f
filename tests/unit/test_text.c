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
	CHECK(text_in_header(
		  &finder, text_needle(STR("lait x-EMPTY: to:"), &arena), h),
	    "as one text");
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

/* What a user sees on the left is found by what is typed on the right. */
static const struct {
	const char *head; /* of the part, behind "Content-Type: text/plain" */
	const char *body;
	const char *yes, *no; /* searched for */
} bodies[] = {
    {"; charset=iso-2022-jp", "\x1b$B%F%9%H3t<02q<R\x1b(B",
	"\uff83\uff7d\uff84", "\uff83\uff7d\u3000"},
    {"; charset=shift_jis", "\x83p\x83\\\x83R\x83\x93", "\uff8a\uff9f\uff7f",
	"\u30d1\u30bd\u30b7"},
    {"; charset=shift_jis", "\xca\xdf\xbf\xba\xdd", "\u30d1\u30bd\u30b3\u30f3",
	"\u30cf\u30bd"},
    {"; charset=EUC-JP", "\xc5\xec\xb5\xfe\xc5\xd4", "\u4eac\u90fd",
	"\u4eac\u6771"},
    {"; charset=gb2312", "\xb1\xb1\xbe\xa9", "\u5317\u4eac", "\u5317\u6d77"},
    {"; charset=gb18030", "\x82\x35\x8f\x33", "\u9fa6", "\u9fa5"},
    {"; charset=big5", "\xa5_\xa8\xca", "\u5317\u4eac", "\u5317\u6d77"},
    {"; charset=euc-kr", "\xc7\xd1\xb1\xb9", "\u1112\u1161\u11ab\uad6d",
	"\ud55c\uad6c"},
    {"; charset=koi8-r", "\xf0\xf2\xe9\xf7\xe5\xf4",
	"\u043f\u0440\u0438\u0432\u0435\u0442",
	"\u043f\u0440\u0438\u0432\u0430"},
    {"; charset=windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2",
	"\u041f\u0420\u0418\u0412\u0415\u0422",
	"\u041f\u0420\u0418\u0412\u0410"},
    {"; charset=windows-1252",
	"Stra\xdf"
	"e 5 \x80",
	"STRASSE 5 \u20ac", "strase"},
    {"; charset=iso-8859-9",
	"D\xdd"
	"YARBAKIR Isparta",
	"diyarbak\u0131r \u0131sparta", "diyarbaker"},
    {"; charset=windows-1253", "\xc1\xc8\xc7\xcd\xc1 \xeb\xfc\xe3\xef\xf2",
	"\u03bb\u03cc\u03b3\u03bf\u03c3", "\u03bb\u03cc\u03b3\u03b1"},
    {"; charset=windows-1258", "Vi\xea\xf2t", "vi\u1ec7t", "vi\u1ebft"},
    {"; charset=utf-7", "Caf+AOk- +MMYwuTDI-", "caf\u00e9 \uff83\uff7d\uff84",
	"caff"},
    {"; charset=utf-8", "cafe\u0301 na\u00efve", "CAF\u00c9 NAI\u0308VE",
	"caf\u00e8"},
    {"; charset=utf-8", "\ufb01nance \uff21\uff22\uff23", "finance abc",
	"fnance"},
    {"; charset=utf-8", "so\u00adft hy\u200bphen", "soft hyphen", "so ft"},
    {"; charset=utf-8; format=flowed", "one two \nthree\r\n  four",
	"two three four", "twothree"},
    {"", "caf\u00e9 \x1b", "caf\u00e9", "cafe\u0300"},
    {"", "\x1b$BF|K\\\x1b(B", "\u65e5\u672c", "F|K"},
    {"; charset=x-what", "caf\u00e9", "caf\u00e9", "cafe\u0300"},
    {"; charset=utf-8\nContent-Transfer-Encoding: quoted-printable",
	"Caf=C3=\n=A9 =\nau l=61it", "caf\u00e9 au lait", "caf\u00e9au"},
    {"; charset=iso-8859-1\nContent-Transfer-Encoding: base64",
	"Q2Fm\n6SBh\ndSBsYWl0", "caf\u00e9 au lait", "Q2Fm"},
};

static void
put_message(struct buf *b, const char *head, size_t pad, const char *body)
{
	buf_reset(b);
	buf_fmt(b, "Subject: x\nContent-Type: text/plain%s\n\n", head);
	for (size_t i = 0; i < pad; i++)
		buf_chr(b, '\n');
	buf_z(b, body);
	buf_chr(b, '\n');
}

static void
test_bodies(void)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		size_t missed = 0;

		put_message(&b, bodies[i].head, 0, bodies[i].body);
		CHECK(body_has(buf_cstr(&b), bodies[i].yes), bodies[i].head);
		CHECK(!body_has(buf_cstr(&b), bodies[i].no), bodies[i].head);
		/* The end of a chunk lies at every octet of it. */
		for (size_t n = 0; n <= strlen(bodies[i].body) + 1; n++) {
			put_message(
			    &b, bodies[i].head, 8192 - n, bodies[i].body);
			missed += !body_has(buf_cstr(&b), bodies[i].yes);
		}
		CHECK_NUM(missed, 0, "over the end of a chunk");
	}
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
	bomb("\n", "\u0315\u0301", "zz", "marks");
	bomb("\n", "\ufdfa", "zz", "eighteen letters each");
	bomb("\n", "\u304b\u3099\u1100\u1161", "zz", "syllables in parts");
	bomb("Content-Type: text/plain; charset=utf-7\n\n", "+2D0-", "zz",
	    "halves of pairs");
	bomb("Content-Type: text/plain; charset=gb18030\n\n",
	    "\x81\x30\x81\x30\xa8\xb4", "zz", "GB18030");
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
	arena_init(&arena, 8 << 20);
	text_init(&finder);
	test_case();
	test_header();
	test_body();
	test_bodies();
	test_bombs();
	text_free(&finder);
	arena_free(&arena);
	return tap_done();
}
