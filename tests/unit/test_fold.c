/* SPDX-License-Identifier: ISC */
/* msg/fold: texts that read the same become the same octets. */
#include "tap.h"

#include <stdlib.h>

#include "base/buf.h"
#include "msg/charset.h"
#include "msg/fold.h"

static struct buf one, two;

static struct str
folded(struct buf *b, struct str s)
{
	buf_reset(b);
	fold_text(s, b);
	return buf_slice(b);
}

/* The right side is written as UTF-8 in NFD by hand. */
static const struct {
	const char *in, *want, *what;
} texts[] = {
    {"Hello WORLD 09 [\\]^_@`{|}~", "hello world 09 [\\]^_@`{|}~", "ASCII"},
    {"a \t\r\n b\n", "a b ", "white space is one blank"},
    {" a", " a", "at the start too"},
    {"a\u00a0\u3000\u2003b", "a b", "so is that of other scripts"},
    {"a\u2028\xc2\x85"
     "b",
	"a b", "and other line ends"},
    {"Stra\u00dfe STRASSE \u1e9e", "strasse strasse ss", "sharp s"},
    {"\u00c9t\u00e9", "e\u0301te\u0301", "composed"},
    {"E\u0301te\u0301", "e\u0301te\u0301", "decomposed"},
    {"\u039c\u0391\u03a3 \u03bc\u03b1\u03c2 \u03bc\u03b1\u03c3",
	"\u03bc\u03b1\u03c3 \u03bc\u03b1\u03c3 \u03bc\u03b1\u03c3",
	"final sigma"},
    {"\u00b5", "\u03bc", "micro is mu"},
    {"\u0130STANBUL I\u0307 \u0131 i I", "istanbul i i i i", "Turkish i"},
    {"I\u0328\u0307", "i\u0328\u0307", "other dotted letters keep the dot"},
    {"\u0420\u0423\u0421 \u0401", "\u0440\u0443\u0441 \u0435\u0308",
	"Cyrillic"},
    {"\u0531\u0587", "\u0561\u0565\u0582", "Armenian and its ligature"},
    {"\u10a0\u1c90", "\u2d00\u10d0", "Georgian"},
    {"\U00010400\U0001e900", "\U00010428\U0001e922", "Deseret, Adlam"},
    {"\uff21\uff22\uff23\uff11", "abc1", "full width letters"},
    {"\uff83\uff7d\uff84", "\u30c6\u30b9\u30c8", "half width katakana"},
    {"\uff8a\uff9f\uff76\uff9e", "\u30d1\u30ac", "with the sounds' marks"},
    {"\u30cf\u309a\u30ab\u3099\u3046\u3099\u309d\u3099\u30f2\u3099",
	"\u30d1\u30ac\u3094\u309e\u30fa", "which are put together"},
    {"\u30d1\u30ac", "\u30d1\u30ac", "and stay so"},
    {"\u304c\u304b", "\u304c\u304b", "hiragana stay hiragana"},
    {"\u30a2\u3099\u308f\u3099\u3078\u309a", "\u30a2\u3099\u308f\u3099\u307a",
	"what has no such form"},
    {"\u3231\u337f\u2460",
	"(\u682a)\u682a\u5f0f\u4f1a\u793e"
	"1",
	"squared and circled"},
    {"\ufb01\u0133", "fiij", "ligatures"},
    {"\ud55c\uac00", "\ud55c\uac00", "Hangul"},
    {"\u1112\u1161\u11ab\uac00\u11a8\u1100\u1161", "\ud55c\uac01\uac00",
	"Hangul's letters"},
    {"\u1100\u1100\u1161a\u1161",
	"\u1100\uac00"
	"a\u1161",
	"that make no syllable"},
    {"so\u00adft\u200b\ufeff\u200d\ufe0f", "soft", "the invisible"},
    {"\U000e0041x", "x", "tags"},
    {"\u1ec7 e\u0323\u0302 \u00ea\u0323",
	"e\u0323\u0302 e\u0323\u0302 e\u0323\u0302", "marks in order"},
    {"\u1fb4 \u03b1\u0345\u0301", "\u03b1\u0301\u03b9 \u03b1\u0301\u03b9",
	"iota below"},
    {"\u320e\u326e", "(\uac00)\uac00", "Hangul in brackets"},
    {"\U0002f800\uf900", "\u4e3d\u8c48", "ideographs' doubles"},
    {"\u65e5\u672c\U0001f4ec", "\u65e5\u672c\U0001f4ec", "as they are"},
    {"don\u2019t \u201cx\u201d", "don't \"x\"", "bent quotes"},
    {"1990\u20132000 \u22121", "1990-2000 -1", "dashes that are hyphens"},
    {"\u301c\uff5e \u2015 \u2225", "~~ \u2014 \u2016", "Japanese doubles"},
    {"a\xff\xc3", "a\ufffd\ufffd", "broken UTF-8"},
    {"\xe3\x81"
     "A",
	"\ufffd"
	"a",
	"broken off"},
    {"\U0010ffff", "\U0010ffff", "the last character"},
};

static void
test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct str in = str_z(texts[i].in);
		struct fold f;

		CHECK_STR(
		    folded(&one, in), str_z(texts[i].want), texts[i].what);
		/* The same cut at every octet, and folded once more. */
		fold_begin(&f);
		buf_reset(&two);
		for (size_t k = 0; k < in.n; k++)
			fold_feed(&f, str_to(str_from(in, k), 1), &two);
		fold_end(&f, &two);
		CHECK_STR(buf_slice(&two), buf_slice(&one), "in octets");
		folded(&two, buf_slice(&one));
		CHECK_STR(buf_slice(&two), buf_slice(&one), "twice");
	}
}

static void
test_bounds(void)
{
	struct buf in;
	size_t marks = 0;

	buf_init(&in, 1 << 20);
	buf_chr(&in, 'a');
	for (int i = 0; i < 1000; i++)
		buf_z(&in, i % 2 ? "\u0301" : "\u0323");
	folded(&one, buf_slice(&in));
	for (size_t i = 1; i + 1 < one.n; i += 2)
		marks += (unsigned char)one.p[i] == 0xcc;
	CHECK_NUM(marks, 1000, "no mark of a thousand is lost");
	buf_reset(&in);
	for (int i = 0; i < 5000; i++)
		buf_z(&in, "\ufdfa");
	folded(&one, buf_slice(&in));
	CHECK_NUM(one.n, 5000 * 33, "the longest text there is");
	buf_free(&in);
}

/* Hexadecimal numbers up to ';' to UTF-8. */
static struct str
column(char **p, struct buf *b)
{
	buf_reset(b);
	while (**p != ';')
		charset_put(b, (uint32_t)strtoul(*p, p, 16));
	(*p)++;
	return buf_slice(b);
}

/* All five columns are compatibility equivalents, so all fold alike. */
static size_t
check_line(char *line)
{
	char *p = line;
	struct buf text;
	size_t wrong = 0;

	buf_init(&text, 1000);
	folded(&one, column(&p, &text));
	for (int i = 1; i < 5; i++) {
		folded(&two, column(&p, &text));
		wrong += !str_eq(buf_slice(&one), buf_slice(&two));
	}
	if (wrong)
		printf("# %s", line);
	buf_free(&text);
	return wrong;
}

static void
test_conformance(void)
{
	static const char file[] =
	    "/usr/share/unicode/NormalizationTest.txt.bz2";
	FILE *f = fopen(file, "r");
	char line[4096];
	size_t wrong = 0, lines = 0;

	if (!f) {
		CHECK(1, "# SKIP no package unicode-data");
		return;
	}
	fclose(f);
	f = popen("bzcat /usr/share/unicode/NormalizationTest.txt.bz2", "r");
	while (f && fgets(line, sizeof(line), f))
		if (strchr("0123456789ABCDEF", line[0]) && line[0]) {
			wrong += check_line(line);
			lines++;
		}
	CHECK(f && pclose(f) == 0 && lines > 15000, "the file was read");
	CHECK_NUM(wrong, 0, "NormalizationTest.txt");
}

int
main(void)
{
	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	test_texts();
	test_bounds();
	test_conformance();
	buf_free(&one);
	buf_free(&two);
	return tap_done();
}
