/* SPDX-License-Identifier: ISC */
/* msg/charset: to UTF-8, in pieces. */
#include "tap.h"

#include <iconv.h>

#include "base/buf.h"
#include "msg/charset.h"

static struct buf out;

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *set, *in, *want, *what;
} texts[] = {
    {"us-ascii", "abc\x80", "abc" BAD, "ASCII has no 8-bit octets"},
    {"", "abc", "abc", "no name"},
    {"UTF-8", "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xac",
	"a\xc3\xa9\xe2\x82\xac"
	"\xf0\x9f\x93\xac",
	"1 to 4 octets"},
    {"utf8", "\xc3\xa9", "\xc3\xa9", "another name"},
    {"utf-8", "\xc0\x80\xc1\xbf", BAD BAD BAD BAD, "overlong, RFC 3629 3"},
    {"utf-8", "\xed\xa0\x80", BAD BAD BAD, "a surrogate"},
    {"utf-8", "\xf4\x90\x80\x80", BAD BAD BAD BAD, "beyond U+10FFFF"},
    {"utf-8",
	"\xe2\x82"
	"a\xe2\x28\xa1",
	BAD "a" BAD "(" BAD, "broken off"},
    {"utf-8", "\xe2\xe2\x82\xac", BAD "\xe2\x82\xac", "and begun anew"},
    {"utf-8", "\xf0\x9f", BAD, "unfinished at the end"},
    {"utf-8",
	"\xff\xfe"
	"a",
	BAD BAD "a", "no UTF-8 at all"},
    {"ISO-8859-1", "caf\xe9\xa4", "caf\xc3\xa9\xc2\xa4", "Latin-1"},
    {"latin1", "\xe9", "\xc3\xa9", "another name"},
    {"iso-8859-15", "\xa4", "\xe2\x82\xac", "Latin-9 has the euro sign"},
    {"iso-8859-2", "\xb1", "\xc4\x85", "Latin-2"},
    {"windows-1252", "\x93\x80\x94", "\xe2\x80\x9c\xe2\x82\xac\xe2\x80\x9d",
	"windows-1252"},
    {"windows-1251", "\xcf\xf0\xe8", "\xd0\x9f\xd1\x80\xd0\xb8", "cyrillic"},
    {"cp1251", "\xcf", "\xd0\x9f", "another name"},
    {"KOI8-R", "\xf0\xd2\xc9", "\xd0\x9f\xd1\x80\xd0\xb8", "KOI8-R"},
    {"koi8-u", "\xa4", "\xd1\x94", "KOI8-U"},
    {"iso-8859-7", "\xe1", "\xce\xb1", "Greek"},
    {"ISO-2022-JP", "\x1b$BF|K\\\x1b(Babc",
	"\xe6\x97\xa5\xe6\x9c\xac"
	"abc",
	"RFC 1468"},
    {"Shift_JIS", "\x93\xfa\x96{a",
	"\xe6\x97\xa5\xe6\x9c\xac"
	"a",
	"Shift_JIS"},
    {"EUC-JP", "\xc6\xfc\xcb\xdc", "\xe6\x97\xa5\xe6\x9c\xac", "EUC-JP"},
    {"gb2312", "\xc8\xd5\xb1\xbe", "\xe6\x97\xa5\xe6\x9c\xac", "by GB18030"},
    {"GB18030", "\x81\x30\x81\x30", "\xc2\x80", "four octets"},
    {"euc-kr", "\xc7\xd1", "\xed\x95\x9c", "EUC-KR"},
    {"big5", "\xa4\xe9", "\xe6\x97\xa5", "Big5"},
    {"euc-kr", "\xc7", BAD, "half a character"},
    {"euc-jp",
	"a\xff"
	"b",
	"a" BAD "b", "what is none"},
    {"ISO-8859-1", "\x93\x80", "\u201c\u20ac", "windows-1252 in disguise"},
    {"iso_8859-1:1987", "a", "a", "with a year"},
    {"ISO8859_15", "\xa4", "\u20ac", "other marks in the name"},
    {"windows-1256", "\xd3\xe1\xc7\xe3", "\u0633\u0644\u0627\u0645", "Arabic"},
    {"iso-8859-8-i", "\xf9\xec\xe5\xed", "\u05e9\u05dc\u05d5\u05dd", "Hebrew"},
    {"windows-1258", "\xea\xd2", "\u00ea\u0309", "Vietnamese"},
    {"tis-620", "\xa1", "\u0e01", "Thai"},
    {"UTF-7", "Hi Mom -+Jjo--!", "Hi Mom -\u263a-!", "RFC 2152"},
    {"utf-7", "A+ImIDkQ.", "A\u2262\u0391.", "RFC 2152"},
    {"utf-7", "+ZeVnLIqe-", "\u65e5\u672c\u8a9e", "RFC 2152"},
    {"unicode-1-1-utf-7", "1 +- 1 +2D3c7A-", "1 + 1 \U0001f4ec", "a pair"},
    {"utf-7", "+2D0-a+AGE\n+", BAD "aa\n", "half a pair; no close"},
    {"utf-7", "\xe9", BAD, "8-bit"},
    {"iso-2022-jp", "\x1b$B-!\x1b(B1",
	"\u2460"
	"1",
	"NEC's circled one"},
    {"shift_jis", "\x87\x8a\xfb\xfc", "\u3231\u9ad9", "NEC's and IBM's"},
    {"euc-jp",
	"\x8e\xb1\x8f\xb0\xa1"
	"a",
	"\uff71" BAD "a", "half width; JIS X 0212"},
    {"shift_jis",
	"\xb1\x81"
	"\n\x82\xa0",
	"\uff71" BAD "\n\u3042", "half width; broken off by a line's end"},
    {"cp50221", "\x1b(I1^\x1b(B1",
	"\uff71\uff9e"
	"1",
	"half width"},
    {"iso-2022-jp", "\xb1\xfe", "\uff71" BAD, "half width in 8 bits"},
    {"iso-2022-jp", "\x1b$BF|\nF|", "\u65e5\nF|", "a line starts in ASCII"},
    {"iso-2022-jp", "\x1b$BF \x1b$B|", BAD " " BAD, "half a pair"},
    {"iso-2022-jp",
	"\x1b$\x80"
	"a\x1b",
	BAD BAD "a" BAD, "half an escape"},
    {"iso-2022-jp", "\x1b(Za\x1b(((((((Za", "a" BAD "Za", "what is none"},
    {"iso-2022-jp-2", "\x1b$AVP\x1b$(CGQ\x1b(B", "\u4e2d\ud55c", "RFC 1554"},
    {"iso-2022-kr", "\x1b$)C\x0eGQ\x0f!", "\ud55c!", "RFC 1557"},
    {"iso-2022-cn", "\x1b$)A\x0eVP\x0f!", "\u4e2d!", "RFC 1922"},
    {"gbk", "\x80\xfe\xffz", "\u20ac" BAD "z", "euro; none"},
    {"gb18030",
	"\x90\x30\x81\x30\x81\x30"
	"a",
	"\U00010000" BAD "0a", "beyond the BMP; broken off"},
    {"gb18030", "\xe3\x32\x9a\x35\xe3\x32\x9a\x36", "\U0010ffff" BAD,
	"the last; beyond"},
    {"ks_c_5601-1987", "\x8c\x63", "\ub620", "Microsoft's additions"},
    {"x-nothing", "a\xe9", "a" BAD, "unknown"},
    {"UTF-8//TRANSLIT", "\xe9", BAD, "nothing of iconv's own"},
};

static void
convert(struct str set, struct str s, size_t step)
{
	struct charset c;

	buf_reset(&out);
	charset_begin(&c, set);
	for (size_t k = 0; k < s.n; k += step)
		charset_feed(&c, str_to(str_from(s, k), step), &out);
	charset_end(&c, &out);
}

static void
test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (size_t step = 1; step < 40; step += step < 4 ? 1 : 36) {
			convert(str_z(texts[i].set), str_z(texts[i].in), step);
			CHECK_STR(buf_slice(&out), str_z(texts[i].want),
			    texts[i].what);
		}
}

static void
check_utf16(const char *set, struct str s, const char *want, const char *what)
{
	for (size_t step = 1; step < 4; step++) {
		convert(str_z(set), s, step);
		CHECK_STR(buf_slice(&out), str_z(want), what);
	}
}

static void
test_utf16(void)
{
	check_utf16("utf-16", STR("\0a\x20\xac"), "a\xe2\x82\xac",
	    "big-endian without a mark, RFC 2781 4.3");
	check_utf16("utf-16", STR("\xfe\xff\0a"), "a", "a mark");
	check_utf16("utf-16",
	    STR("\xff\xfe"
		"a\0"),
	    "a", "the other mark");
	check_utf16("utf-16le", STR("a\0\x3d\xd8\xec\xdc"), "a\xf0\x9f\x93\xac",
	    "surrogates");
	check_utf16("utf-16be", STR("\xd8\x3d\0a"), BAD "a", "half a pair");
	check_utf16("utf-16be", STR("\xdc\0\0a"), BAD "a", "the other half");
	check_utf16("utf-16be", STR("\xd8\x3d\xd8\x3d\xdc\xec"),
	    BAD "\xf0\x9f\x93\xac", "half a pair before a pair");
	check_utf16("utf-16be", STR("\0"), BAD, "half a unit");
	check_utf16("utf-16be", STR("\0a\xd8\x3d"), "a" BAD, "unfinished");
}

static void
test_names(void)
{
	CHECK(charset_known(STR("utf-8")), "RFC 3501 6.4.4");
	CHECK(charset_known(STR("US-ASCII")), "RFC 3501 6.4.4");
	CHECK(charset_known(STR("Iso-2022-Jp")), "any case");
	CHECK(!charset_known(STR("x-nothing")), "unknown");
	CHECK(!charset_known(STR("UTF-16XYZ")), "unknown");
	CHECK(charset_is_utf8(STR("a\xc3\xa9" BAD)), "valid");
	CHECK(!charset_is_utf8(STR("a\xc3")), "unfinished");
	CHECK(!charset_is_utf8(STR("\xff")), "broken");
	CHECK(charset_is_utf8(STR("")), "empty");
}

/* Every octet of every set gives valid UTF-8. */
static void
test_all(void)
{
	static const char *const sets[] = {"iso-8859-1", "iso-8859-3",
	    "iso-8859-4", "iso-8859-5", "iso-8859-9", "iso-8859-13",
	    "windows-1250", "windows-1253", "windows-1254", "windows-1255",
	    "windows-1257", "iso-8859-6", "iso-8859-16", "shift_jis", "gbk",
	    "iso-2022-jp", "utf-16", "utf-8", "big5", "euc-jp", "utf-7",
	    "iso-2022-kr", "macintosh", "ibm866", "windows-874"};
	char all[512];

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		CHECK(charset_known(str_z(sets[i])), sets[i]);
		for (size_t step = 1; step <= 512; step += 73) {
			convert(
			    str_z(sets[i]), str_make(all, sizeof(all)), step);
			CHECK(out.n >= 200 && charset_is_utf8(buf_slice(&out)),
			    sets[i]);
		}
	}
}

/* Every character of the East Asian sets as the C library reads it; it has
 * other opinions on few, and user-defined ones are none here. */
static size_t
compare(const char *set, const char *theirs, uint32_t first, uint32_t last,
    size_t *read)
{
	iconv_t cd = iconv_open("UTF-8", theirs);
	size_t other = 0;

	for (uint32_t v = first; v <= last && cd != (iconv_t)-1; v++) {
		char in[4] = {(char)(v >> 24), (char)(v >> 16 & 255),
		    (char)(v >> 8 & 255), (char)(v & 255)};
		size_t n = v > 0xffffff ? 4 : 2;
		char *i = in + 4 - n, want[16], *o = want;
		size_t room = sizeof(want);
		struct str got;

		convert(str_z(set), str_make(i, n), 1);
		got = buf_slice(&out);
		if (iconv(cd, &i, &n, &o, &room) == (size_t)-1 || n)
			continue;
		/* U+E000 to U+F8FF: user-defined. */
		if (want[0] == '\xee' ||
		    (want[0] == '\xef' && (unsigned char)want[1] < 0xa4))
			continue;
		(*read)++;
		if (!str_eq(got, str_make(want, sizeof(want) - room)))
			other++;
	}
	if (cd != (iconv_t)-1)
		iconv_close(cd);
	return other;
}

static void
test_compare(void)
{
	static const struct {
		const char *set, *theirs;
		uint32_t first, last;
		size_t least, most; /* characters; read otherwise */
	} sets[] = {
	    {"shift_jis", "CP932", 0x8140, 0xfcfc, 7724, 0},
	    {"euc-jp", "EUC-JP-MS", 0xa1a1, 0xfefe, 6900, 0},
	    {"gb18030", "GB18030", 0x8140, 0xfefe, 21000, 30},
	    {"gb18030", "GB18030", 0x81308130, 0x8130fe39, 1000, 0},
	    {"gb18030", "GB18030", 0x90308130, 0x9030fe39, 1000, 0},
	    {"euc-kr", "UHC", 0x8141, 0xfefe, 17000, 0},
	    {"big5", "CP950", 0xa140, 0xf9fe, 13000, 0},
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		size_t read = 0;
		size_t other = compare(sets[i].set, sets[i].theirs,
		    sets[i].first, sets[i].last, &read);

		printf("# %s: %zu read, %zu otherwise\n", sets[i].set, read,
		    other);
		CHECK(read >= sets[i].least && other <= sets[i].most,
		    sets[i].theirs);
	}
}

int
main(void)
{
	buf_init(&out, 10000);
	test_texts();
	test_utf16();
	test_names();
	test_all();
	test_compare();
	buf_free(&out);
	return tap_done();
}
