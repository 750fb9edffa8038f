/* SPDX-License-Identifier: ISC */
/* proto/imap_fetch, imap_search, imap_write: RFC 3501 6.4.4, 6.4.5, 9. */
#include "tap.h"

#include "msg/flags.h"
#include "proto/imap_fetch.h"
#include "proto/imap_search.h"
#include "proto/imap_write.h"

static struct arena arena;

/* Sections as they are answered, or "bad". */
static void
test_sections(void)
{
	static const struct {
		const char *in, *want;
	} t[] = {
	    {"BODY[]", "BODY[]"}, {"body.peek[]", "BODY[]"},
	    {"BODY[]<0.100>", "BODY[]<0>"},
	    {"BODY[]<5.4294967295>", "BODY[]<5>"},
	    {"BODY[HEADER]", "BODY[HEADER]"}, {"BODY[TEXT]", "BODY[TEXT]"},
	    {"BODY[1]", "BODY[1]"}, {"BODY[1.2.3.MIME]", "BODY[1.2.3.MIME]"},
	    {"BODY[4.1.HEADER]", "BODY[4.1.HEADER]"},
	    {"BODY[1.text]", "BODY[1.TEXT]"},
	    {"BODY[HEADER.FIELDS (From \"To\")]",
		"BODY[HEADER.FIELDS (From To)]"},
	    {"BODY[header.fields.not ({4}\r\nDate)]<3.4>",
		"BODY[HEADER.FIELDS.NOT (Date)]<3>"},
	    {"BODY[1.HEADER.FIELDS (\"a b\")]",
		"BODY[1.HEADER.FIELDS (\"a b\")]"},
	    {"RFC822", "RFC822"}, {"rfc822.header", "RFC822.HEADER"},
	    {"RFC822.TEXT", "RFC822.TEXT"}, {"BODY[MIME]", "bad"},
	    {"BODY[1.]", "bad"}, {"BODY[0]", "bad"}, {"BODY[1.0]", "bad"},
	    {"BODY[-1]", "bad"}, {"BODY[4294967296]", "bad"}, {"BODY[", "bad"},
	    {"BODY[]<0.0>", "bad"}, {"BODY[]<0>", "bad"}, {"BODY[]<0.>", "bad"},
	    {"BODY[]<-1.5>", "bad"}, {"BODY[]<4294967296.1>", "bad"},
	    {"BODY[HEADER.FIELDS ()]", "bad"}, {"BODY[HEADER.FIELDS]", "bad"},
	    {"BODY[HEADER.FIELDS (a  b)]", "bad"}, {"BODY[FOO]", "bad"},
	    {"BODY.PEEK", "bad"}, {"", "bad"}, {"()", "bad"}, {"(FLAGS", "bad"},
	    {"(FLAGS  UID)", "bad"}, {"FOO", "bad"},
	    {"(ALL)", "bad"}, /* macros stand alone */
	};
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct scan s = scan_make(str_z(t[i].in));
		struct imap_fetch f;

		buf_reset(&b);
		if (!imap_fetch_scan(&s, &arena, &f) || !scan_finish(&s))
			buf_z(&b, "bad");
		else if (f.n == 1)
			imap_section_put(&b, &f.sections[0]);
		CHECK_STR(buf_slice(&b), str_z(t[i].want), t[i].in);
	}
	buf_free(&b);
}

static void
test_items(void)
{
	const unsigned fast = FETCH_FLAGS | FETCH_INTERNALDATE | FETCH_SIZE;
	const struct {
		const char *in;
		unsigned items;
		size_t n;
		bool seen;
	} t[] = {
	    {"ALL", fast | FETCH_ENVELOPE, 0, false},
	    {"fast", fast, 0, false},
	    {"FULL", fast | FETCH_ENVELOPE | FETCH_BODY, 0, false},
	    {"(UID FLAGS)", FETCH_UID | FETCH_FLAGS, 0, false},
	    {"BODY", FETCH_BODY, 0, false},
	    {"BODYSTRUCTURE", FETCH_BODYSTRUCTURE, 0, false},
	    {"(BODY.PEEK[] RFC822.HEADER)", 0, 2, false},
	    {"(BODY.PEEK[] BODY[])", 0, 2, true},
	    {"RFC822", 0, 1, true},
	    {"RFC822.SIZE", FETCH_SIZE, 0, false},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct scan s = scan_make(str_z(t[i].in));
		struct imap_fetch f;

		CHECK(imap_fetch_scan(&s, &arena, &f) && scan_finish(&s) &&
			  f.items == t[i].items && f.n == t[i].n &&
			  f.seen == t[i].seen,
		    t[i].in);
	}
}

static bool
search_ok(const char *text)
{
	struct scan s = scan_make(str_z(text));
	struct imap_query q;
	bool ok = imap_search_scan(&s, &arena, &q) && scan_finish(&s);

	return ok;
}

static void
test_search(void)
{
	static const char *const good[] = {"ALL", "1:3,5", "*",
	    "FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
	    "CHARSET UTF-8 TEXT {6}\r\nXXXXXX", "OR SEEN (UNSEEN LARGER 5)",
	    "UID 1:*", "HEADER Message-ID \"<a@b>\"", "NEW", "OLD", "RECENT",
	    "KEYWORD $Junk UNKEYWORD x", "NOT NOT SEEN", "ON \"1-Feb-1994\"",
	    "((((ALL))))", "RETURN () ALL", "RETURN (MIN MAX COUNT) 1:*",
	    "SENTBEFORE 1-Feb-1994 SENTON 1-Feb-1994 SENTSINCE 1-Feb-1994",
	    "RETURN (ALL) CHARSET UTF-8 SUBJECT x"};
	static const char *const bad[] = {"", "FOO", "NOT", "OR SEEN", "()",
	    "(SEEN", "SEEN)", "SEEN  SEEN", " SEEN", "SEEN ", "LARGER",
	    "LARGER x", "LARGER 4294967296", "SINCE 99-Feb-1994",
	    "KEYWORD \\Seen", "HEADER x", "UID x", "0", "1:0", "CHARSET",
	    "CHARSET UTF-8", "RETURN (FOO) ALL", "RETURN (MIN MAX ALL",
	    "FROM {5}\r\nab"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(search_ok(good[i]), good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!search_ok(bad[i]), bad[i]);
}

/* What nests must be bounded (the stack) and what repeats too (memory). */
static void
test_bounds(void)
{
	struct buf b;

	buf_init(&b, 100000);
	for (int i = 0; i < 10000; i++)
		buf_chr(&b, '(');
	CHECK(!search_ok(buf_cstr(&b)), "deep parentheses");
	buf_reset(&b);
	for (int i = 0; i < 10000; i++)
		buf_z(&b, "NOT ");
	buf_z(&b, "ALL");
	CHECK(!search_ok(buf_cstr(&b)), "deep NOT");
	buf_reset(&b);
	for (int i = 0; i < 10000; i++)
		buf_z(&b, "OR ");
	CHECK(!search_ok(buf_cstr(&b)), "deep OR");
	buf_reset(&b);
	for (int i = 0; i < 10000; i++)
		buf_z(&b, "ALL ");
	buf_z(&b, "ALL");
	CHECK(!search_ok(buf_cstr(&b)), "very many keys");
	buf_reset(&b);
	for (int i = 0; i < 40; i++)
		buf_z(&b, "NOT ");
	buf_z(&b, "ALL");
	CHECK(search_ok(buf_cstr(&b)), "moderate depth");
	buf_free(&b);
}

static void
test_write(void)
{
	static const char *const names[] = {"$Junk", NULL, "x"};
	struct buf b;

	buf_init(&b, 1000);
	imap_put_flags(&b, FLAG_SEEN | FLAG_DRAFT, true, 7, names, 3);
	CHECK_STR(buf_slice(&b), STR("(\\Seen \\Draft \\Recent $Junk x)"),
	    "flags and keywords");
	buf_reset(&b);
	imap_put_flags(&b, 0, false, 0, names, 3);
	CHECK_STR(buf_slice(&b), STR("()"), "no flags");
	buf_reset(&b);
	imap_put_date(&b, 837596665);
	CHECK_STR(
	    buf_slice(&b), STR("\"17-Jul-1996 09:44:25 +0000\""), "date-time");
	buf_reset(&b);
	imap_put_astring(&b, STR("Sent"));
	buf_chr(&b, ' ');
	imap_put_astring(&b, STR("a b"));
	buf_chr(&b, ' ');
	imap_put_astring(&b, STR(""));
	buf_chr(&b, ' ');
	imap_put_astring(&b, STR("nil"));
	CHECK_STR(buf_slice(&b), STR("Sent \"a b\" \"\" \"nil\""), "astrings");
	buf_reset(&b);
	imap_put_text(&b, STR("a\r\nb\377"), 100);
	CHECK_STR(buf_slice(&b), STR("a??b?"), "text of replies");
	buf_free(&b);
}

int
main(void)
{
	arena_init(&arena, 16 << 20);
	test_sections();
	test_items();
	test_search();
	test_bounds();
	test_write();
	return tap_done();
}
