/* SPDX-License-Identifier: ISC */
/* proto/imap_token: RFC 3501 9, RFC 7888. */
#include "tap.h"

#include "proto/imap_token.h"

static struct arena arena;

static void
test_tail(void)
{
	static const struct {
		const char *line;
		int result;
		uint64_t n;
		bool nonsync;
	} t[] = {
	    {"a LOGIN {5}", 1, 5, false},
	    {"a LOGIN {5+}", 1, 5, true},
	    {"a LOGIN x", 0, 0, false},
	    {"a LOGIN \"{5}\"", 0, 0, false},
	    {"a LOGIN {}", -1, 0, false},
	    {"a LOGIN {+}", -1, 0, true},
	    {"a LOGIN {-1}", -1, 0, false},
	    {"a LOGIN {5 }", -1, 0, false},
	    {"a LOGIN {9223372036854775807}", 1, INT64_MAX, false},
	    {"a LOGIN {9223372036854775808}", -1, 0, false},
	    {"a LOGIN {99999999999999999999999}", -1, 0, false},
	    {"}", 0, 0, false},
	    {"{0}", 1, 0, false},
	    {"", 0, 0, false},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct imap_literal l;

		CHECK_NUM(imap_literal_tail(str_z(t[i].line), &l), t[i].result,
		    t[i].line);
		if (t[i].result == 1)
			CHECK(l.n == t[i].n && l.nonsync == t[i].nonsync,
			    "number and plus");
	}
}

static void
astring(struct str in, const char *want, struct str rest)
{
	struct scan s = scan_make(in);
	struct str got;
	bool ok = imap_astring(&s, &arena, &got);

	CHECK(ok == (want != NULL), in.p);
	if (ok && want) {
		CHECK_STR(got, str_z(want), "value");
		CHECK_STR(scan_rest(&s), rest, "what is left");
	}
	if (!ok)
		CHECK(s.bad != NULL, "a failure has its reason");
}

static void
test_astring(void)
{
	astring(STR("INBOX rest"), "INBOX", STR(" rest"));
	astring(STR("a]b)"), "a]b", STR(")"));
	astring(STR("\"a b\" c"), "a b", STR(" c"));
	astring(STR("\"\""), "", STR(""));
	astring(STR("\"a\\\"b\\\\c\""), "a\"b\\c", STR(""));
	astring(STR("\"a\\x\""), NULL, STR(""));
	astring(STR("\"open"), NULL, STR(""));
	astring(STR("\"open\\"), NULL, STR(""));
	astring(STR("\"a\0b\""), NULL, STR(""));
	astring(STR("{3}\r\nabc)"), "abc", STR(")"));
	astring(STR("{3+}\r\na\"\\ x"), "a\"\\", STR(" x"));
	astring(STR("{0}\r\n"), "", STR(""));
	astring(STR("{4}\r\nabc"), NULL, STR(""));
	astring(STR("{3}\r\na\0b"), NULL, STR(""));
	astring(STR("{3}abc"), NULL, STR(""));
	astring(STR("{99999999999999999999}\r\n"), NULL, STR(""));
	astring(STR(""), NULL, STR(""));
	astring(STR("(a)"), NULL, STR(""));
	astring(STR("\x80"), NULL, STR(""));
}

static void
test_small(void)
{
	struct scan s = scan_make(STR("a.1+ x"));
	struct str t, *flags;
	uint32_t v;
	size_t n;

	CHECK(!imap_tag(&s, &t), "'+' is not in a tag");
	s = scan_make(STR("A1 NOOP"));
	CHECK(imap_tag(&s, &t) && imap_sp(&s) && imap_atom(&s, &t) &&
		  str_eq(t, STR("NOOP")) && scan_finish(&s),
	    "tag and name");
	s = scan_make(STR("4294967295"));
	CHECK(imap_nz_number(&s, &v) && v == UINT32_MAX, "largest number");
	s = scan_make(STR("4294967296"));
	CHECK(!imap_number(&s, &v), "one more");
	s = scan_make(STR("0"));
	CHECK(!imap_nz_number(&s, &v), "nz-number is not 0");
	s = scan_make(STR("(\\Seen $Junk)"));
	CHECK(imap_flag_list(&s, &arena, 5, &flags, &n) && n == 2 &&
		  str_eq(flags[0], STR("\\Seen")) &&
		  str_eq(flags[1], STR("$Junk")),
	    "flags");
	s = scan_make(STR("()"));
	CHECK(imap_flag_list(&s, &arena, 5, &flags, &n) && n == 0, "no flags");
	s = scan_make(STR("(a b c)"));
	CHECK(!imap_flag_list(&s, &arena, 2, &flags, &n), "too many flags");
	s = scan_make(STR("(\\)"));
	CHECK(!imap_flag_list(&s, &arena, 2, &flags, &n), "empty flag");
	s = scan_make(STR("nil"));
	CHECK(imap_nstring(&s, &arena, &t) && !t.p, "NIL");
	s = scan_make(STR("a%*]b c"));
	CHECK(imap_list_mailbox(&s, &arena, &t) && str_eq(t, STR("a%*]b")),
	    "wildcards");
}

static void
date_time(struct str in, int64_t want)
{
	struct scan s = scan_make(in);
	int64_t got = -1;

	if (!imap_date_time(&s, &got))
		got = -1;
	CHECK_NUM(got, want, in.p);
}

static void
date(struct str in, int64_t want)
{
	struct scan s = scan_make(in);
	int64_t got = -1;

	if (!imap_date(&s, &got) || !scan_finish(&s))
		got = -1;
	CHECK_NUM(got, want, in.p);
}

static void
test_dates(void)
{
	date_time(STR("\"17-Jul-1996 02:44:25 -0700\""), 837596665);
	date_time(STR("\" 1-Jan-1970 00:00:00 +0000\""), 0);
	date_time(STR("\"01-jan-1970 01:00:00 +0100\""), 0);
	date_time(STR("\"29-Feb-2000 00:00:00 +0000\""), 951782400);
	date_time(STR("\"29-Feb-1900 00:00:00 +0000\""), -1);
	date_time(STR("\"31-Apr-2000 00:00:00 +0000\""), -1);
	date_time(STR("\"1-Jan-1970 00:00:00 +0000\""), -1);
	date_time(STR("\"01-Jan-1970 24:00:00 +0000\""), -1);
	date_time(STR("\"01-Jan-1970 00:00:00 0000\""), -1);
	date_time(STR("\"01-Jan-1970 00:00:00 +0000"), -1);
	date_time(STR("01-Jan-1970 00:00:00 +0000"), -1);
	date(STR("1-Feb-1994"), 8797);
	date(STR("\"01-Feb-1994\""), 8797);
	date(STR("\"01-Feb-1994"), -1);
	date(STR("0-Feb-1994"), -1);
	date(STR("1-Foo-1994"), -1);
	date(STR("1-Feb-94"), -1);
	date(STR("01-Feb-19940"), -1);
}

int
main(void)
{
	arena_init(&arena, 1 << 20);
	test_tail();
	test_astring();
	test_small();
	test_dates();
	return tap_done();
}
