/* SPDX-License-Identifier: ISC */
/* Formats of POP3 unique-ids: RFC 1939 7, Dovecot's pop3_uidl_format. */
#include "proto/pop3_uidl.h"
#include "tap.h"

static void
test_formats(void)
{
	static const struct {
		const char *template, *want;
	} t[] = {
	    {"%08Xu%08Xv", "0000000c499602d2"}, /* Dovecot */
	    {"%u", "12"},                       /* Cyrus up to 2.1.3 */
	    {"%v.%u", "1234567890.12"},         /* Cyrus, Dovecot 0.99 */
	    {"UID%u-%v", "UID12-1234567890"},   /* Courier */
	    {"%v-%u", "1234567890-12"},         /* Courier before */
	    {"%08Xv%08Xu", "499602d20000000c"}, /* UW's ipop3d */
	    {"%f", "1700.M1P2.host,S=12,W=34"}, /* qmail, tpop3d */
	    {"<%f>", "<1700.M1P2.host,S=12,W=34>"}, {"%%%Xu", "%c"},
	    {"%04u", "0012"}, {"x%05Xv-%02u", "x499602d2-12"}, /* never cut */
	};
	const struct pop3_uidl u = {
	    12, 1234567890, STR("1700.M1P2.host,S=12,W=34")};
	char to[POP3_UIDL_SIZE];

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct str template = str_z(t[i].template);

		CHECK(pop3_uidl_valid(template), t[i].template);
		pop3_uidl_make(to, template, &u);
		CHECK_STR(str_z(to), str_z(t[i].want), t[i].template);
	}
	CHECK(pop3_uidl_wants_file(STR("a%fb")), "wants the name");
	CHECK(!pop3_uidl_wants_file(STR("%u%%f")), "does not");
}

static void
test_extremes(void)
{
	const struct pop3_uidl u = {UINT32_MAX, 0, STR("a b\xc3\xa9+")};
	char to[POP3_UIDL_SIZE], name[300];

	pop3_uidl_make(to, STR("%u.%v"), &u);
	CHECK_STR(str_z(to), STR("4294967295.0"), "largest and least");
	pop3_uidl_make(to, STR("%08Xu"), &u);
	CHECK_STR(str_z(to), STR("ffffffff"), "largest, hexadecimal");
	pop3_uidl_make(to, STR("%f"), &u);
	CHECK_STR(str_z(to), STR("a+20b+C3+A9+"),
	    "a file name with octets that no unique-id may have");
	memset(name, '\n', sizeof(name));
	pop3_uidl_escape(to, str_make(name, sizeof(name)));
	CHECK_NUM(strlen(to), 3 * 255, "as much as a name has");
	pop3_uidl_escape(to, STR(""));
	CHECK_STR(str_z(to), STR(""), "nothing");
}

static void
test_invalid(void)
{
	static const char *const bad[] = {"", "x", "%v", "%", "%08", "%08X",
	    "%m", "%Mf", "%08Xf", "%8u", "%099u", "%u %v", "%u\t", "%u\xc3\xa9",
	    "%f%f", "%u%", "%018446744073709551616u",
	    "%u1234567890123456789012345678901234567890123456789012345678901"};
	char longest[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!pop3_uidl_valid(str_z(bad[i])), bad[i]);
	CHECK(pop3_uidl_valid(STR("%u12345678901234567890123456789012345678901"
				  "2345678901234567890")),
	    "70 octets at most (RFC 1939 7)");
	memset(longest, '%', sizeof(longest));
	longest[0] = '%';
	longest[1] = 'u';
	CHECK(pop3_uidl_valid(str_make(longest, 100)), "percent signs");
	CHECK(!pop3_uidl_valid(str_make(longest, 130)), "too long");
}

int
main(void)
{
	test_formats();
	test_extremes();
	test_invalid();
	return tap_done();
}
