/* SPDX-License-Identifier: ISC */
/* SMTP command lines, RFC 5321 4.1. */
#include "tap.h"

#include "proto/smtp_cmd.h"

static const struct {
	struct str line;
	const char *verb, *args; /* NULL: refused */
} lines[] = {
    {{"NOOP", 4}, "NOOP", ""},
    {{"noop  x y \t", 11}, "noop", "x y"},
    {{"MAIL FROM:<a@b>", 15}, "MAIL", "FROM:<a@b>"},
    {{"EHLO\tx", 6}, "EHLO", "x"},
    {{"", 0}, NULL, NULL},
    {{" NOOP", 5}, NULL, NULL},
    {{"NO\0OP", 5}, NULL, NULL},
    {{"NOOP \x1b[2J", 9}, NULL, NULL},
    {{"NOOP \xc3\xa4", 7}, "NOOP", "\xc3\xa4"},
    {{"NOOP \xc3", 6}, NULL, NULL},
    {{"NO\xc3\xa4P x", 7}, NULL, NULL},
};

static void
test_split(void)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct str verb, args;
		bool ok = smtp_cmd_split(lines[i].line, &verb, &args);

		CHECK_NUM(ok, lines[i].verb != NULL, "split");
		if (!ok)
			continue;
		CHECK_STR(verb, str_z(lines[i].verb), "verb");
		CHECK_STR(args, str_z(lines[i].args), "arguments");
	}
}

/* Parameters joined by "|", values behind "="; NULL when refused. */
static const struct {
	const char *args, *address, *params, *why;
} mails[] = {
    {"FROM:<a@b>", "a@b", "", "plain"},
    {"from:<a@b>", "a@b", "", "case does not matter"},
    {"FROM: <a@b>", "a@b", "", "Outlook's blank"},
    {"FROM:<>", "", "", "null sender"},
    {"FROM:<a@b> SIZE=10 BODY=8BITMIME", "a@b", "SIZE=10|BODY=8BITMIME|", ""},
    {"FROM:<a@b>  X-y ", "a@b", "X-y|", "no value"},
    {"FROM:<a@b>SIZE=1", "a@b", NULL, "no blank"},
    {"FROM:<a@b> =1", "a@b", NULL, "no keyword"},
    {"FROM:<a@b> SIZE=", "a@b", NULL, "empty value"},
    {"FROM:<a@b> A=b=c", "a@b", NULL, "two equal signs"},
    {"FROM:<a@b> A=\xc3\xb6", "a@b", "A=\xc3\xb6|", "UTF-8, RFC 6531 3.3"},
    {"FROM:<a@b> \xc3\xb6=A", "a@b", NULL, "keywords are ASCII"},
    {"FROM:<a@b> A=b\x7f", "a@b", NULL, "DEL"},
    {"FROM:<a@b> -A", "a@b", NULL, "keyword starts with a hyphen"},
    {"FROM <a@b>", NULL, NULL, "no colon"},
    {"TO:<a@b>", NULL, NULL, "the other word"},
    {"FROM:a@b", NULL, NULL, "no brackets"},
    {"", NULL, NULL, "nothing"},
};

static void
test_mail(void)
{
	for (size_t i = 0; i < sizeof(mails) / sizeof(*mails); i++) {
		struct scan s = scan_make(str_z(mails[i].args));
		struct smtp_path p;
		struct smtp_param param;
		char got[200] = "";
		int r;
		bool ok = smtp_cmd_path(&s, STR("FROM:"), SMTP_PATH_NULL, &p);

		CHECK_NUM(ok, mails[i].address != NULL, mails[i].why);
		if (!ok)
			continue;
		CHECK_STR(
		    smtp_path_text(&p), str_z(mails[i].address), mails[i].why);
		while ((r = smtp_cmd_param(&s, &param)) > 0)
			snprintf(got + strlen(got), 60, "%.*s%s%.*s|",
			    STR_FMT(param.keyword), param.has_value ? "=" : "",
			    STR_FMT(param.value));
		CHECK_NUM(r, mails[i].params ? 0 : -1, mails[i].why);
		if (mails[i].params)
			CHECK_STR(str_z(got), str_z(mails[i].params), "params");
	}
}

static void
test_name(void)
{
	CHECK(smtp_cmd_is_name(STR("mx.example.test")), "domain");
	CHECK(smtp_cmd_is_name(STR("[192.0.2.1]")), "IPv4 literal");
	CHECK(smtp_cmd_is_name(STR("[IPv6:2001:db8::1]")), "IPv6 literal");
	CHECK(smtp_cmd_is_name(STR("MY_PC")), "a PC");
	CHECK(!smtp_cmd_is_name(STR("")), "nothing");
	CHECK(!smtp_cmd_is_name(STR("a b")), "two words");
	CHECK(!smtp_cmd_is_name(STR("a(b")), "would be a comment");
	CHECK(!smtp_cmd_is_name(STR("a;b")), "would end the clause");
	CHECK(!smtp_cmd_is_name(str_make("a\0b", 3)), "NUL");
}

int
main(void)
{
	test_split();
	test_mail();
	test_name();
	return tap_done();
}
