/* SPDX-License-Identifier: ISC */
/* msg/word: encoded words, RFC 2047. */
#include "tap.h"

#include <time.h>

#include "base/buf.h"
#include "charset_samples.h"
#include "msg/word.h"

static struct buf out;

static const struct {
	const char *value, *want, *what;
} values[] = {
    {"", "", "nothing"},
    {" plain  text ", "plain  text", "no word"},
    {"(=?ISO-8859-1?Q?a?=)", "(a)", "RFC 2047 8"},
    {"(=?ISO-8859-1?Q?a?= b)", "(a b)", "RFC 2047 8"},
    {"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)", "RFC 2047 8"},
    {"(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)", "RFC 2047 8"},
    {"(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)", "RFC 2047 8"},
    {"(=?ISO-8859-1?Q?a_b?=)", "(a b)", "RFC 2047 8"},
    {"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)", "RFC 2047 8"},
    {"=?US-ASCII?Q?Keith_Moore?= <moore@x.test>", "Keith Moore <moore@x.test>",
	"RFC 2047 8"},
    {"=?ISO-8859-1?Q?Andr=E9?= Pirard", "Andr\xc3\xa9 Pirard", "RFC 2047 8"},
    {"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\n"
     " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
	"If you can read this you understand the example.", "RFC 2047 8"},
    {"=?utf-8*en?q?caf=c3=a9?=", "caf\xc3\xa9", "RFC 2231 5"},
    {"=?utf-8?b?w?= =?utf-8?b?w6k=?=", "\xc3\xa9", "an unfinished group"},
    {"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "\xc3\xa9", "a character cut in two"},
    {"=?utf-8?q?=C3?= x", "\xef\xbf\xbd x", "half a character"},
    {"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac",
	"the C library's sets"},
    {"=?x-unknown?q?a=FFb?=",
	"a\xef\xbf\xbd"
	"b",
	"an unknown set"},
    {"=?utf-8?q?a b?=", "a b", "blanks inside"},
    {"x=?utf-8?q?a?=y", "xay", "not set apart"},
    {"=?utf-8?q?"
     "?= =?utf-8?b?"
     "?=",
	"", "empty words"},
    {"=?utf-8?x?a?=", "=?utf-8?x?a?=", "an unknown encoding"},
    {"=?utf-8?q?a", "=?utf-8?q?a", "no end"},
    {"=?utf-8?q?a?", "=?utf-8?q?a?", "half an end"},
    {"=?utf-8?q?a?b?=", "=?utf-8?q?a?b?=", "'?' inside"},
    {"=??q?a?=", "=??q?a?=", "no set"},
    {"=?utf-8?q?=?=", "=", "a lone '='"},
    {"=?utf-8?q?=4?= =?=", "=4 =?=", "half an escape"},
    {"a =?= b =? c", "a =?= b =? c", "nearly words"},
    {"=?=?utf-8?q?a?=", "=?a", "a word behind its own start"},
    {"caf\xc3\xa9 \xff", "caf\xc3\xa9 \xef\xbf\xbd", "8-bit, RFC 6532"},
};

static void
test_decode(void)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		buf_reset(&out);
		word_decode(str_z(values[i].value), &out);
		CHECK_STR(
		    buf_slice(&out), str_z(values[i].want), values[i].what);
	}
}

static void
check_encode(const char *text, const char *want, const char *what)
{
	struct buf back;

	buf_init(&back, 10000);
	buf_reset(&out);
	word_encode(str_z(text), &out);
	if (want)
		CHECK_STR(buf_slice(&out), str_z(want), what);
	word_decode(buf_slice(&out), &back);
	CHECK_STR(buf_slice(&back), str_z(text), "and back");
	buf_free(&back);
}

static void
test_encode(void)
{
	struct str rest, line;
	struct buf text;
	size_t longest = 0;

	check_encode("plain text", "plain text", "ASCII stays");
	check_encode("caf\xc3\xa9 au lait?",
	    "=?utf-8?q?caf=C3=A9_au_lait=3F?=", "Q where most is ASCII");
	check_encode("\xe6\x97\xa5\xe6\x9c\xac",
	    "=?utf-8?b?5pel5pys?=", "B where little is");
	check_encode("a =?utf-8?q?b?=", NULL, "looks like a word");
	check_encode("a\nb", "=?utf-8?q?a=0Ab?=", "no line ends get through");
	buf_init(&text, 1000);
	for (int i = 0; i < 200; i++)
		buf_z(&text, i % 2 ? "\xc3\xa9" : "ab");
	check_encode(buf_cstr(&text), NULL, "long");
	for (rest = buf_slice(&out); str_cut(&rest, '\n', &line);)
		if (str_trim(line).n > longest)
			longest = str_trim(line).n;
	CHECK(longest <= 75 && longest > 60, "at most 75, RFC 2047 2");
	buf_free(&text);
	buf_reset(&out);
	word_encode(STR("\xff"), &out);
	CHECK_STR(buf_slice(&out), STR("=?utf-8?b?77+9?="), "broken UTF-8");
}

static void
test_sets(void)
{
	for (size_t i = 0; i < CHARSET_SAMPLES; i++) {
		char word[200];

		snprintf(word, sizeof(word),
		    "=?%s?B?%s?=", charset_samples[i].set,
		    charset_samples[i].base64);
		buf_reset(&out);
		word_decode(str_z(word), &out);
		CHECK_STR(buf_slice(&out), str_z(charset_samples[i].utf8),
		    charset_samples[i].set);
	}
}

static void
bomb(const char *piece, const char *what)
{
	struct buf big, to;
	clock_t start;

	buf_init(&big, 11 << 20);
	buf_init(&to, 40 << 20);
	while (big.n < 10 << 20)
		buf_z(&big, piece);
	start = clock();
	word_decode(buf_slice(&big), &to);
	tap_check(
	    (clock() - start) / CLOCKS_PER_SEC < 5, __FILE__, __LINE__, what);
	printf(
	    "# %s: %.3f s\n", what, (double)(clock() - start) / CLOCKS_PER_SEC);
	buf_free(&big);
	buf_free(&to);
}

int
main(void)
{
	buf_init(&out, 100000);
	test_decode();
	test_sets();
	test_encode();
	bomb("=?", "starts");
	bomb("=?a?q?", "half words");
	bomb("=?iso-2022-jp?b?GyRC?= =?utf-8?q?a?= ", "sets in turn");
	bomb("=?gb18030?q?=81?=", "foreign words");
	buf_free(&out);
	return tap_done();
}
