/* SPDX-License-Identifier: ISC */
/* base: JSON (RFC 8259), UTF-8 (RFC 3629). */
#include "tap.h"

#include "base/json.h"
#include "base/utf8.h"

static void
test_utf8(void)
{
	CHECK_NUM(utf8_len(STR("a")), 1, "ASCII");
	CHECK_NUM(utf8_len(STR("\xc3\xa9x")), 2, "two octets");
	CHECK_NUM(utf8_len(STR("\xf4\x8f\xbf\xbf")), 4, "U+10FFFF is the last");
	CHECK_NUM(utf8_len(STR("\xf4\x90\x80\x80")), 0, "beyond U+10FFFF");
	CHECK_NUM(utf8_len(STR("\xed\xa0\x80")), 0, "surrogates are none");
	CHECK_NUM(utf8_len(STR("\xc0\x80")), 0, "overlong");
	CHECK_NUM(utf8_len(STR("\xe2\x82")), 0, "cut short");
	CHECK_NUM(utf8_len(STR("\xa9")), 0, "a continuation alone");
	CHECK_NUM(utf8_len(str_make(NULL, 0)), 0, "nothing");
	CHECK(!utf8_plain("\x1b", 1), "ESC is a control character");
	CHECK(!utf8_plain("\xc2\x9b", 2), "so is CSI of C1");
	CHECK(utf8_plain("\xc2\xa0", 2), "a no-break space is none");
	CHECK(!utf8_plain("\xff", 0), "and no character is not plain");
}

static void
test_json(void)
{
	struct buf b;

	buf_init(&b, 10000);
	json_begin(&b, '{');
	json_key_str(&b, "a", STR("x\"\\\n\x7f\xc2\x9b\xff{"));
	json_key_num(&b, "b", INT64_MIN);
	json_key(&b, STR("c"));
	json_begin(&b, '[');
	json_str(&b, STR("["));
	json_bool(&b, true);
	json_begin(&b, '{');
	json_end(&b, '}');
	json_begin(&b, '[');
	json_end(&b, ']');
	json_num(&b, 0);
	json_end(&b, ']');
	json_end(&b, '}');
	buf_chr(&b, '\n');
	json_begin(&b, '{');
	json_key_str(&b, "", str_make("\0", 1));
	json_end(&b, '}');
	CHECK_STR(buf_slice(&b),
	    STR("{\"a\":\"x\\\"\\\\\\u000a\\u007f\\u009b\xef\xbf\xbd{\","
		"\"b\":-9223372036854775808,"
		"\"c\":[\"[\",true,{},[],0]}\n{\"\":\"\\u0000\"}"),
	    "escapes, replaced octets, commas where they belong");
	buf_free(&b);
}

int
main(void)
{
	test_utf8();
	test_json();
	return tap_done();
}
