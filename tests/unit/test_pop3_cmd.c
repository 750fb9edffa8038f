/* SPDX-License-Identifier: ISC */
/* POP3 command lines: RFC 1939 3 and 9. */
#include "proto/pop3_cmd.h"
#include "tap.h"

static void
test_verbs(void)
{
	static const struct {
		const char *line;
		enum pop3_verb verb;
		const char *args;
	} t[] = {
	    {"STAT", POP3_STAT, ""},
	    {"stat", POP3_STAT, ""},
	    {"RetR 1", POP3_RETR, "1"},
	    {"TOP 1 10", POP3_TOP, "1 10"},
	    {"AUTH ", POP3_AUTH, ""},
	    {"LIST   7  ", POP3_LIST, "7"},
	    {"", POP3_UNKNOWN, ""},
	    {" STAT", POP3_UNKNOWN, "STAT"},
	    {"STATS", POP3_UNKNOWN, ""},
	    {"STA", POP3_UNKNOWN, ""},
	    {"RETR\t1", POP3_UNKNOWN, ""},
	    {"USER ann", POP3_USER, "ann"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct pop3_cmd c = pop3_cmd_parse(str_z(t[i].line));

		CHECK_NUM(c.verb, t[i].verb, "verb, any case (RFC 1939 3)");
		CHECK_STR(c.args, str_z(t[i].args), "arguments");
	}
	CHECK_NUM(pop3_cmd_parse(STR("STAT\0")).verb, POP3_UNKNOWN, "NUL");
}

static void
test_numbers(void)
{
	uint32_t v[2] = {0, 0};

	CHECK(pop3_cmd_numbers(STR("12"), v, 1) && v[0] == 12, "one");
	CHECK(pop3_cmd_numbers(STR("1  20"), v, 2) && v[0] == 1 && v[1] == 20,
	    "two");
	CHECK(pop3_cmd_numbers(STR("4294967295"), v, 1) && v[0] == UINT32_MAX,
	    "the greatest");
	CHECK(!pop3_cmd_numbers(STR("4294967296"), v, 1), "too great");
	CHECK(!pop3_cmd_numbers(STR("99999999999999999999999"), v, 1), "huge");
	CHECK(!pop3_cmd_numbers(STR(""), v, 1), "none");
	CHECK(!pop3_cmd_numbers(STR("-1"), v, 1), "negative");
	CHECK(!pop3_cmd_numbers(STR("+1"), v, 1), "sign");
	CHECK(!pop3_cmd_numbers(STR("1x"), v, 1), "text behind");
	CHECK(!pop3_cmd_numbers(STR("1 2"), v, 1), "one too many");
	CHECK(!pop3_cmd_numbers(STR("1"), v, 2), "one too few");
	CHECK(!pop3_cmd_numbers(STR("1,2"), v, 2), "no blank between");
}

int
main(void)
{
	test_verbs();
	test_numbers();
	return tap_done();
}
