/* SPDX-License-Identifier: ISC */
/* DSN parameters, RFC 3461 4, with the address type of RFC 6533 3. */
#include "tap.h"

#include "proto/smtp_dsn.h"

static const struct {
	const char *value;
	int notify; /* -1: refused */
} notifies[] = {
    {"NEVER", SMTP_DSN_NEVER},
    {"never", SMTP_DSN_NEVER},
    {"SUCCESS", SMTP_DSN_SUCCESS},
    {"Failure", SMTP_DSN_FAILURE},
    {"DELAY", SMTP_DSN_DELAY},
    {"FAILURE,DELAY", SMTP_DSN_FAILURE | SMTP_DSN_DELAY},
    {"delay,success,failure",
	SMTP_DSN_SUCCESS | SMTP_DSN_FAILURE | SMTP_DSN_DELAY},
    {"", -1},
    {"NEVER,FAILURE", -1},
    {"SUCCESS,NEVER", -1},
    {"SUCCESS,", -1},
    {",SUCCESS", -1},
    {"SUCCESS,,DELAY", -1},
    {"SUCCESS DELAY", -1},
    {"SUCCES", -1},
    {"ALWAYS", -1},
};

static void
test_notify(void)
{
	unsigned none;

	CHECK(smtp_dsn_notify((struct str){NULL, 0}, &none) < 0, "no value");
	for (size_t i = 0; i < sizeof(notifies) / sizeof(*notifies); i++) {
		unsigned n;
		int r = smtp_dsn_notify(str_z(notifies[i].value), &n);

		CHECK_NUM(
		    r < 0 ? -1 : (int)n, notifies[i].notify, notifies[i].value);
	}
}

static void
test_ret(void)
{
	char ret;

	CHECK(smtp_dsn_ret(STR("full"), &ret) == 0 && ret == 'F', "FULL");
	CHECK(smtp_dsn_ret(STR("HDRS"), &ret) == 0 && ret == 'H', "HDRS");
	CHECK(smtp_dsn_ret(STR("HEADERS"), &ret) < 0, "no other word");
	CHECK(smtp_dsn_ret(STR(""), &ret) < 0, "nothing");
}

static const struct {
	const char *value, *text; /* NULL: refused */
	const char *why;
} envids[] = {
    {"QQ314159", "QQ314159", "the example of 10.1"},
    {"a+2Bb", "a+b", "hexchar"},
    {"a+20b", "a b", "a blank is printable (4.4)"},
    {"a+3Db", "a=b", "equal sign"},
    {"~!", "~!", "the ends of xchar"},
    {"", NULL, "nothing"},
    {"a+2b", NULL, "hexchar is of upper case"},
    {"a+2", NULL, "one digit"},
    {"a+", NULL, "no digit"},
    {"a+GG", NULL, "no digits"},
    {"a=b", NULL, "a bare equal sign"},
    {"a b", NULL, "a bare blank"},
    {"a+0Ab", NULL, "an encoded LF"},
    {"a+0D+0ASubject", NULL, "an encoded line end"},
    {"a+00", NULL, "an encoded NUL"},
    {"a+7F", NULL, "an encoded DEL"},
    {"a+C3+B6", NULL, "encoded UTF-8"},
    {"\xc3\xb6", NULL, "UTF-8"},
};

static void
test_envid(void)
{
	char text[SMTP_DSN_ENVID + 1];
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(envids) / sizeof(*envids); i++) {
		int r;

		buf_reset(&b);
		r = smtp_dsn_envid(str_z(envids[i].value), &b);
		CHECK_NUM(r, envids[i].text ? 0 : -1, envids[i].why);
		if (r < 0)
			continue;
		CHECK_STR(buf_slice(&b), str_z(envids[i].text), envids[i].why);
	}
	memset(text, 'a', sizeof(text));
	CHECK(smtp_dsn_envid(str_make(text, 100), &b) == 0, "100 octets");
	CHECK(smtp_dsn_envid(str_make(text, 101), &b) < 0, "101 octets");
	buf_free(&b);
}

static const struct {
	const char *value;
	const char *text, *text8; /* without, with SMTPUTF8; NULL: refused */
	const char *why;
} orcpts[] = {
    {"rfc822;Bob@Example.COM", "rfc822;Bob@Example.COM",
	"rfc822;Bob@Example.COM", "the example of 4.2"},
    {"RFC822;a+2Bb@x", "rfc822;a+b@x", "rfc822;a+b@x", "types have no case"},
    {"x400;/S+3DBob/", "x400;/S=Bob/", "x400;/S=Bob/", "other types"},
    {"rfc822;a;b", "rfc822;a;b", "rfc822;a;b", "the first semicolon"},
    {"utf-8;j\\x{F6}rg@x", "utf-8;j\\x{F6}rg@x", "utf-8;j\\x{F6}rg@x",
	"RFC 6533's own escapes stay"},
    {"utf-8;j\xc3\xb6rg@x", NULL, "utf-8;j\xc3\xb6rg@x", "unitext"},
    {"utf-8;j+C3+B6rg@x", NULL, NULL, "+ encodes ASCII"},
    {"utf-8;j\xc3@x", NULL, NULL, "not UTF-8"},
    {"rfc822;j\xc3\xb6rg@x", NULL, NULL, "rfc822 is ASCII"},
    {"Bob@x", NULL, NULL, "no type"},
    {";Bob@x", NULL, NULL, "empty type"},
    {"rfc822;", NULL, NULL, "no address"},
    {"rfc 822;a", NULL, NULL, "a blank in the type"},
    {"rfc+38;a", NULL, NULL, "types are not xtext"},
    {"rfc822;a+0Ab", NULL, NULL, "an encoded LF"},
    {"rfc822;a+b", NULL, NULL, "a bare plus"},
    {"", NULL, NULL, "nothing"},
};

static void
check_orcpt(struct str value, bool utf8, const char *want, const char *why)
{
	struct buf b;
	int r;

	buf_init(&b, 1000);
	r = smtp_dsn_orcpt(value, utf8, &b);
	CHECK_NUM(r, want ? 0 : -1, why);
	if (r == 0 && want)
		CHECK_STR(buf_slice(&b), str_z(want), why);
	buf_free(&b);
}

static void
test_orcpt(void)
{
	char text[SMTP_DSN_ORCPT + 2];
	struct buf b;

	for (size_t i = 0; i < sizeof(orcpts) / sizeof(*orcpts); i++) {
		struct str value = str_z(orcpts[i].value);

		check_orcpt(value, false, orcpts[i].text, orcpts[i].why);
		check_orcpt(value, true, orcpts[i].text8, orcpts[i].why);
	}
	memset(text, 'a', sizeof(text));
	text[6] = ';';
	buf_init(&b, 1000);
	CHECK(smtp_dsn_orcpt(str_make(text, 500), false, &b) == 0, "500");
	CHECK(smtp_dsn_orcpt(str_make(text, 501), false, &b) < 0, "501 octets");
	buf_free(&b);
}

static void
test_encode(void)
{
	struct buf b;

	buf_init(&b, 1000);
	smtp_dsn_encode(STR("a+b=c d\x7f~!\xc3\xb6\\x{F6}"), &b);
	CHECK_STR(buf_slice(&b), STR("a+2Bb+3Dc+20d+7F~!\xc3\xb6\\x{F6}"),
	    "only what must be is encoded");
	buf_free(&b);
}

int
main(void)
{
	test_notify();
	test_ret();
	test_envid();
	test_orcpt();
	test_encode();
	return tap_done();
}
