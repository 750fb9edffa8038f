/* SPDX-License-Identifier: ISC */
/* Mailboxes and paths against RFC 5321 4.1.2 and 4.1.3. */
#include "tap.h"

#include "proto/smtp_path.h"

static const struct {
	const char *text, *canonical; /* NULL: refused */
	const char *why;
} mailboxes[] = {
    {"ann@Example.TEST", "ann@example.test", "domain in lower case"},
    {"Ann@example.test", "Ann@example.test", "local part keeps its case"},
    {"a.b+c@x.y", "a.b+c@x.y", "dot-string"},
    {"!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~@x", "all of atext"},
    {"\"ann\"@x.y", "ann@x.y", "needless quotes go"},
    {"\"a\\nn\"@x.y", "ann@x.y", "quoted pairs mean their octet"},
    {"\"a b\"@x.y", "\"a b\"@x.y", "a blank needs quotes"},
    {"\"a@b\"@x.y", "\"a@b\"@x.y", "an at sign needs quotes"},
    {"\"a\\\"b\\\\\"@x.y", "\"a\\\"b\\\\\"@x.y", "quote and backslash"},
    {"\"..\"@x.y", "\"..\"@x.y", "dots that are no dot-string"},
    {"a@[192.0.2.1]", "a@[192.0.2.1]", "IPv4 literal"},
    {"a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]", "IPv6 literal"},
    {"a@[IPv6:::]", "a@[ipv6:::]", "the unspecified address"},
    {"a@[IPv6:1:2:3:4:5:6:7:8]", "a@[ipv6:1:2:3:4:5:6:7:8]", "full form"},
    {"a@[IPv6:::ffff:192.0.2.1]", "a@[ipv6:::ffff:192.0.2.1]", "v4 in v6"},
    {"a@my_host.test", "a@my_host.test", "underscores exist"},
    {"a@localhost", "a@localhost", "one label"},
    {"", NULL, "nothing"},
    {"ann", NULL, "no domain"},
    {"@x.y", NULL, "no local part"},
    {"\"\"@x.y", NULL, "empty quoted local part"},
    {"ann@", NULL, "empty domain"},
    {".ann@x.y", NULL, "leading dot"},
    {"ann.@x.y", NULL, "trailing dot"},
    {"a..b@x.y", NULL, "two dots"},
    {"a b@x.y", NULL, "blank"},
    {"a@b@c", NULL, "two at signs"},
    {"a@x..y", NULL, "empty label"},
    {"a@.x", NULL, "leading dot in domain"},
    {"a@x.", NULL, "trailing dot in domain"},
    {"a@-x.y", NULL, "label starts with a hyphen"},
    {"a@x-.y", NULL, "label ends in a hyphen"},
    {"a@x/y", NULL, "slash in domain"},
    {"a@..", NULL, "parent folder as domain"},
    {"a@[1.2.3]", NULL, "three numbers"},
    {"a@[1.2.3.256]", NULL, "number over 255"},
    {"a@[1.2.3.4", NULL, "open literal"},
    {"a@[IPv6:1:2:3]", NULL, "too few groups"},
    {"a@[IPv6:1::2::3]", NULL, "two gaps"},
    {"a@[IPv6:12345::]", NULL, "five digits"},
    {"a@[IPv6:1:2:3:4:5:6:7:8:9]", NULL, "too many groups"},
    {"a@[x:y]", NULL, "unknown tag"},
    {"a\n@x.y", NULL, "LF"},
    {"\"a\n\"@x.y", NULL, "quoted LF"},
    {"\"a\\\n\"@x.y", NULL, "escaped LF"},
    {"\xc3\xa4@x.y", NULL, "UTF-8 without SMTPUTF8"},
    {"a@\xc3\xa4.y", NULL, "UTF-8 domain"},
    {"\"a", NULL, "open quotes"},
    {"\"a\\", NULL, "backslash at the end"},
    {"ann@x.y ", NULL, "trailing blank"},
    {"|prog@x.y", "|prog@x.y", "a pipe is an atom, and only an atom"},
};

static void
test_mailboxes(void)
{
	struct smtp_path p, q;

	for (size_t i = 0; i < sizeof(mailboxes) / sizeof(*mailboxes); i++) {
		int r = smtp_path_parse(str_z(mailboxes[i].text), 0, &p);

		CHECK_NUM(r, mailboxes[i].canonical ? 0 : -1, mailboxes[i].why);
		if (r < 0)
			continue;
		CHECK_STR(smtp_path_text(&p), str_z(mailboxes[i].canonical),
		    mailboxes[i].why);
		CHECK(smtp_path_parse(smtp_path_text(&p), 0, &q) == 0 &&
			  strcmp(p.text, q.text) == 0,
		    "canonical is stable");
		CHECK(smtp_path_make(smtp_path_local(&p), smtp_path_domain(&p),
			  0, &q) == 0 &&
			  strcmp(p.text, q.text) == 0,
		    "made again");
	}
	smtp_path_parse(STR("\"a\\\"b\"@X.y"), 0, &p);
	CHECK_STR(smtp_path_local(&p), STR("a\"b"), "local without quotes");
	CHECK_STR(smtp_path_domain(&p), STR("x.y"), "domain");
}

static void
test_lengths(void)
{
	char text[800];
	struct smtp_path p;

	memset(text, 'a', sizeof(text));
	text[255] = '@';
	CHECK(smtp_path_parse(str_make(text, 258), 0, &p) == 0, "255 octets");
	memset(text, '"', 1);
	CHECK(smtp_path_parse(str_make(text, 258), 0, &p) < 0, "open quote");
	memset(text, 'a', sizeof(text));
	text[256] = '@';
	CHECK(smtp_path_parse(str_make(text, 259), 0, &p) < 0, "256 octets");
	memset(text, 'a', sizeof(text));
	text[1] = '@';
	CHECK(smtp_path_parse(str_make(text, 65), 0, &p) == 0, "label of 63");
	CHECK(smtp_path_parse(str_make(text, 66), 0, &p) < 0, "label of 64");
	for (size_t i = 3; i < sizeof(text); i += 2)
		text[i] = '.';
	CHECK(
	    smtp_path_parse(str_make(text, 257), 0, &p) == 0, "domain of 255");
	CHECK(smtp_path_parse(str_make(text, 259), 0, &p) < 0, "domain of 257");
	memset(text, '\\', sizeof(text));
	text[0] = '"';
	memcpy(text + 511, "\"@x", 3);
	CHECK(smtp_path_parse(str_make(text, 514), 0, &p) == 0 &&
		  p.local_n == 255 && p.n == 514,
	    "the longest text fits");
}

static const struct {
	const char *text;
	unsigned allow;
	const char *canonical, *rest; /* NULL: refused */
	const char *why;
} paths[] = {
    {"<a@b> X", 0, "a@b", " X", "stops behind the bracket"},
    {"<>", SMTP_PATH_NULL, "", "", "null path"},
    {"<>", 0, NULL, NULL, "null path where it is not allowed"},
    {"<Postmaster>", SMTP_PATH_POSTMASTER, "postmaster", "", "RFC 5321 4.5.1"},
    {"<postmaster>", SMTP_PATH_NULL, NULL, NULL, "not as a sender"},
    {"<postmasters>", SMTP_PATH_POSTMASTER, NULL, NULL, "no other name"},
    {"<@x,@y:a@b>", 0, "a@b", "", "source route, RFC 5321 3.6.1"},
    {"<@x:a@b>", 0, "a@b", "", "short route"},
    {"<@x@y:a@b>", 0, NULL, NULL, "bad route"},
    {"<@x,:a@b>", 0, NULL, NULL, "bad route"},
    {"a@b", 0, NULL, NULL, "no brackets"},
    {"<a@b", 0, NULL, NULL, "not closed"},
    {"< a@b>", 0, NULL, NULL, "blank inside"},
    {"<<a@b>>", 0, NULL, NULL, "twice"},
    {"", 3, NULL, NULL, "nothing"},
};

static void
test_paths(void)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct scan s = scan_make(str_z(paths[i].text));
		struct smtp_path p;
		bool ok = smtp_path_scan(&s, paths[i].allow, &p);

		CHECK_NUM(ok, paths[i].canonical != NULL, paths[i].why);
		CHECK_NUM(!ok, s.bad != NULL, "a reason is given");
		if (!ok)
			continue;
		CHECK_STR(smtp_path_text(&p), str_z(paths[i].canonical),
		    paths[i].why);
		CHECK_STR(scan_rest(&s), str_z(paths[i].rest), paths[i].why);
	}
}

static const struct {
	const char *text, *canonical, *why;
} utf8[] = {
    {"j\xc3\xb6rg@example.test", "j\xc3\xb6rg@example.test", "local part"},
    {"a@B\xc3\x9c"
     "cher.TEST",
	"a@xn--bcher-kva.test", "U-label"},
    {"\"\xe6\x9d\xb1 \xe4\xba\xac\"@x", "\"\xe6\x9d\xb1 \xe4\xba\xac\"@x",
	"quoted"},
    {"\"\xe6\x9d\xb1\"@x", "\xe6\x9d\xb1@x", "needless quotes go"},
    {"\xf0\x9f\x98\x80@x", "\xf0\x9f\x98\x80@x", "four octets"},
    {"\"\\\xc3\xb6\"@x", NULL, "quoted pairs are ASCII, RFC 6531 3.3"},
    {"\xb6@x", NULL, "a lone continuation"},
    {"\xc0\xaf@x", NULL, "overlong"},
    {"\xed\xa0\x80@x", NULL, "a surrogate"},
    {"\xc3.\xb6@x", NULL, "a dot inside a character"},
    {"a@\xc3.\xb6", NULL, "the same in a domain"},
    {"a@-\xc3\xb6", NULL, "label starts with a hyphen"},
    {"a@[\xc3\xb6]", NULL, "literals are ASCII"},
};

static void
test_utf8(void)
{
	struct smtp_path p, q;

	for (size_t i = 0; i < sizeof(utf8) / sizeof(*utf8); i++) {
		struct str text = str_z(utf8[i].text);
		int r = smtp_path_parse(text, SMTP_PATH_UTF8, &p);

		CHECK_NUM(r, utf8[i].canonical ? 0 : -1, utf8[i].why);
		CHECK(smtp_path_parse(text, 0, &q) < 0, "only where allowed");
		if (r < 0)
			continue;
		CHECK_STR(
		    smtp_path_text(&p), str_z(utf8[i].canonical), utf8[i].why);
		CHECK(p.utf8, "not all ASCII");
		CHECK(smtp_path_make(smtp_path_local(&p), smtp_path_domain(&p),
			  SMTP_PATH_UTF8, &q) == 0 &&
			  strcmp(p.text, q.text) == 0,
		    "made again");
	}
	CHECK(smtp_path_parse(STR("a@b"), SMTP_PATH_UTF8, &p) == 0 && !p.utf8,
	    "ASCII is ASCII");
}

int
main(void)
{
	test_mailboxes();
	test_lengths();
	test_paths();
	test_utf8();
	return tap_done();
}
