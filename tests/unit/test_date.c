/* SPDX-License-Identifier: ISC */
/* msg/date: RFC 5322 3.3 and 4.3, RFC 3501 9. */
#include "tap.h"

#include "msg/date.h"

static const struct {
	const char *text;
	long long utc_s;
	int zone_min;
	const char *what;
} good[] = {
    {"Fri, 21 Nov 1997 09:55:06 -0600", 880127706, -360, "A.1.1"},
    {"Tue, 1 Jul 2003 10:52:37 +0200", 1057049557, 120, "A.1.2"},
    {"Thu, 13 Feb 1969 23:32:54 -0330", -27723426, -210, "A.1.3"},
    {"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n"
     "               -0330 (Newfoundland Time)",
	-27723480, -210, "A.5"},
    {"21 Nov 97 09:55:06 GMT", 880106106, 0, "A.6.2"},
    {"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880127706, -360,
	"A.6.3"},
    {"Mon, 23 Nov 2026 04:29:34 +0000", 1795408174, 0, "a day to come"},
    {"Mon,23 nov 2026 04:29 EST", 1795426140, -300, "a zone by name"},
    {"1 Jan 49 0:0:0 UT", 2493072000, 0, "two digits up to 49 are 20xx"},
    {"1 Jan 50 0:0:0 UT", -631152000, 0, "from 50 on 19xx"},
    {"1 Jan 100 0:0:0 Z", 946684800, 0, "three digits add 1900"},
    {"29 Feb 2024 00:00:00 +0000", 1709164800, 0, "leap year"},
    {"29 Feb 2000 00:00:00 +0000", 951782400, 0, "2000 was one"},
    {"31 Dec 1998 23:59:60 +0000", 915148800, 0, "leap second"},
    {"1 Jan 1970 00:00:00", 0, 0, "no zone"},
    {"1 Jan 1970 00:00:00 A", 0, 0, "military zones say nothing, 4.3"},
    {"1 Jan 1970 00:00:00 XYZ", 0, 0, "nor do unknown ones"},
    {"Thursday, 01-Jan-70 00:00:01 GMT", 1, 0, "an old style"},
    {"1 Jan 0001 00:00:00 +0000", -62135596800, 0, "the first year"},
    {"31 Dec 9999 23:59:59 +0000", 253402300799, 0, "the last"},
};

static const char *const bad[] = {"", "now", "Mon, Nov 2026", "32 Jan 2026 1:1",
    "29 Feb 2023 00:00:00 +0000", "29 Feb 1900 00:00:00 +0000",
    "1 Foo 2026 00:00:00 +0000", "1 Jan 2026 24:00:00 +0000",
    "1 Jan 2026 00:60:00 +0000", "1 Jan 2026 00:00:61 +0000", "1 Jan 2026",
    "0 Jan 2026 00:00 +0000", "1 Jan 0000 00:00:00 +0000", "1 Jan 2026 0", "(",
    "((((\\", "Mon, ", "1"};

static void
test_parse(void)
{
	int64_t s;
	int zone;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		s = -7;
		zone = -7;
		CHECK(date_parse(str_z(good[i].text), &s, &zone) == 0,
		    good[i].what);
		CHECK_NUM(s, good[i].utc_s, good[i].what);
		CHECK_NUM(zone, good[i].zone_min, good[i].what);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(date_parse(str_z(bad[i]), &s, &zone) < 0, bad[i]);
}

static void
test_write(void)
{
	char to[DATE_SIZE];
	int64_t s;
	int zone;
	size_t wrong = 0;

	CHECK_NUM(date_rfc5322(to, 1795408174, 0), 31, "length");
	CHECK_STR(
	    str_z(to), STR("Mon, 23 Nov 2026 04:29:34 +0000"), "RFC 5322");
	date_rfc5322(to, -27723426, -210);
	CHECK_STR(str_z(to), STR("Thu, 13 Feb 1969 23:32:54 -0330"), "zone");
	CHECK_NUM(date_imap(to, 1795408174, 0), 26, "length");
	CHECK_STR(str_z(to), STR("23-Nov-2026 04:29:34 +0000"), "RFC 3501 9");
	date_imap(to, 5 * 86400 - 1, 60);
	CHECK_STR(str_z(to), STR(" 6-Jan-1970 00:59:59 +0100"),
	    "two places for the day, RFC 3501 9 (date-day-fixed)");
	CHECK_NUM(date_iso(to, 1795408174), 10, "length");
	CHECK_STR(str_z(to), STR("2026-11-23"), "RFC 3339 5.6 (full-date)");
	date_rfc5322(to, INT64_MAX, INT32_MAX);
	CHECK_STR(
	    str_z(to), STR("Thu, 01 Jan 1970 00:00:00 +0000"), "too late");
	date_imap(to, INT64_MIN, 0);
	CHECK_STR(str_z(to), STR(" 1-Jan-1970 00:00:00 +0000"), "too early");
	date_rfc5322(to, -62135596800, 0);
	CHECK_STR(str_z(to), STR("Mon, 01 Jan 0001 00:00:00 +0000"), "year 1");
	date_rfc5322(to, 253402300799, 0);
	CHECK_STR(str_z(to), STR("Fri, 31 Dec 9999 23:59:59 +0000"), "9999");
	for (int64_t t = -62135596800; t < 253402300799;
	     t += 86400 * 13 + 4321) {
		date_rfc5322(to, t, 0);
		wrong += date_parse(str_z(to), &s, &zone) < 0 || s != t;
		date_imap(to, t, 0);
		wrong += date_parse_imap(str_z(to), &s, &zone) < 0 || s != t;
	}
	CHECK_NUM(wrong, 0, "what is written reads the same, 10,000 years");
}

static void
test_imap(void)
{
	static const char *const wrong[] = {"", "1-Jan-1970 00:00:00 +0000",
	    " 1-Jan-1970 00:00:00", " 1-Jan-1970 00:00:00 GMT",
	    "001-Jan-1970 00:00:00 +0000", " 1-Jan-70 00:00:00 +0000",
	    " 1-Jan-1970 00:00:00 +0000 ", " 1 Jan 1970 00:00:00 +0000",
	    "\" 1-Jan-1970 00:00:00 +0000\"", "31-Feb-1970 00:00:00 +0000"};
	int64_t s;
	int zone;

	CHECK(date_parse_imap(STR("17-Jul-1996 02:44:25 -0700"), &s, &zone) ==
		      0 &&
		  s == 837596665 && zone == -420,
	    "RFC 3501 7.4.2");
	CHECK(date_parse_imap(STR(" 7-feb-1994 21:52:25 -0800"), &s, &zone) ==
		      0 &&
		  s == 760686745,
	    "a day of one digit, any case");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		CHECK(
		    date_parse_imap(str_z(wrong[i]), &s, &zone) < 0, wrong[i]);
	CHECK(date_parse_day(STR("1-Feb-1994"), &s) == 0 && s == 8797,
	    "RFC 3501 6.4.4");
	CHECK(date_parse_day(STR("01-Feb-1994"), &s) == 0 && s == 8797, "01");
	CHECK(date_parse_day(STR("1-Feb-1994 "), &s) < 0, "leftovers");
	CHECK(date_parse_day(STR("30-Feb-1994"), &s) < 0, "no such day");
	CHECK_NUM(date_day(86399, 0), 0, "the first day");
	CHECK_NUM(date_day(86399, 1), 1, "is over further east");
	CHECK_NUM(date_day(0, -1), -1, "and has not begun further west");
}

int
main(void)
{
	test_parse();
	test_write();
	test_imap();
	return tap_done();
}
