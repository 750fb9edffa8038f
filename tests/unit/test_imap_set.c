/* SPDX-License-Identifier: ISC */
/* proto/imap_set and proto/imap_match: RFC 3501 6.3.8, 9. */
#include "tap.h"

#include "proto/imap_match.h"
#include "proto/imap_set.h"

static struct arena arena;

/* The resolved set as text, or "bad". */
static struct str
resolved(struct str in, uint32_t star, struct buf *b)
{
	struct scan s = scan_make(in);
	struct imap_set set;

	buf_reset(b);
	if (!imap_set_scan(&s, &arena, &set) || !scan_finish(&s))
		return STR("bad");
	imap_set_resolve(&set, star);
	for (size_t i = 0; i < set.n; i++)
		buf_fmt(b, "%s%u-%u", i ? " " : "", (unsigned)set.r[i].lo,
		    (unsigned)set.r[i].hi);
	return buf_slice(b);
}

static void
test_sets(void)
{
	static const struct {
		const char *in;
		uint32_t star;
		const char *want;
	} t[] = {
	    {"1", 10, "1-1"},
	    {"2,4:7,9,12:*", 15, "2-2 4-7 9-9 12-15"},
	    {"*:4,5:7", 10, "4-10"},
	    {"2:4,3:5,6", 10, "2-6"},
	    {"5:1", 10, "1-5"},
	    {"*", 10, "10-10"},
	    {"20:*", 10, "10-20"},
	    {"4294967295:*", 3, "3-4294967295"},
	    {"*", 0, ""},
	    {"1:*", 0, "1-1"},
	    {"0", 10, "bad"},
	    {"", 10, "bad"},
	    {"1,", 10, "bad"},
	    {",1", 10, "bad"},
	    {"1:2:3", 10, "bad"},
	    {"1:", 10, "bad"},
	    {"4294967296", 10, "bad"},
	    {"-1", 10, "bad"},
	    {"1 2", 10, "bad"},
	};
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		CHECK_STR(resolved(str_z(t[i].in), t[i].star, &b),
		    str_z(t[i].want), t[i].in);
	buf_free(&b);
}

static void
test_use(void)
{
	static const uint32_t uids[] = {3, 4, 5, 9, 8, 7, 10, 11};
	struct scan s = scan_make(STR("3,7:9"));
	struct imap_set set;
	struct buf b;

	imap_set_scan(&s, &arena, &set);
	imap_set_resolve(&set, 9);
	CHECK(imap_set_has(&set, 3) && imap_set_has(&set, 8) &&
		  !imap_set_has(&set, 4) && !imap_set_has(&set, 10) &&
		  !imap_set_has(&set, 1),
	    "members");
	CHECK(imap_set_first(&set) == 3 && imap_set_last(&set) == 9, "ends");
	buf_init(&b, 1000);
	imap_set_put(&b, uids, 8);
	CHECK_STR(buf_slice(&b), STR("3:5,9,8,7,10:11"),
	    "the order is kept (RFC 4315 3)");
	buf_free(&b);
}

static void
test_match(void)
{
	static const struct {
		const char *pattern, *name;
		bool want;
	} t[] = {
	    {"*", "INBOX", true},
	    {"%", "a", true},
	    {"%", "a.b", false},
	    {"*", "a.b", true},
	    {"a.%", "a.b", true},
	    {"a.%", "a.b.c", false},
	    {"a*", "a.b.c", true},
	    {"%.%", "a.b", true},
	    {"%.%", "a", false},
	    {"inbox", "INBOX", true},
	    {"iNb%", "INBOX", true},
	    {"inbox.x", "INBOX.x", true},
	    {"inbox.X", "INBOX.x", false},
	    {"inboxes", "INBOXes", false},
	    {"A", "a", false},
	    {"", "", true},
	    {"", "a", false},
	    {"a", "", false},
	    {"***%%%", "", true},
	    {"%*", "a.b", true},
	    {"*c", "abcabc", true},
	    {"*b*c*d", "abcabd", true},
	    {"*b*c*d", "abcab", false},
	    {"a%c*e", "abc.de", true},
	    {"a%c", "a.c", false},
	};
	char many[IMAP_PATTERN_MAX + 2];
	char name[1000];

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		CHECK(imap_match(str_z(t[i].pattern), str_z(t[i].name), '.') ==
			  t[i].want,
		    t[i].pattern);
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = i % 2 ? 'a' : '*';
	memset(name, 'a', sizeof(name));
	CHECK(!imap_match(str_make(many, 801), str_make(name, 300), '.'),
	    "many stars end in time");
	CHECK(imap_match(str_make(many, 801), str_make(name, 1000), '.'),
	    "many stars match");
	CHECK(!imap_match(
		  str_make(many, sizeof(many)), str_make(name, 1000), '.'),
	    "too long a pattern");
}

/* RFC 3501 6.3.8 word by word, however long it takes. */
static bool
slowly(const char *p, const char *name)
{
	if (*p == '*' || *p == '%')
		return slowly(p + 1, name) ||
		       (*name && (*p == '*' || *name != '.') &&
			   slowly(p, name + 1));
	return *p ? *p == *name && slowly(p + 1, name + 1) : !*name;
}

/* Word number i over an alphabet of n letters, 5 at most. */
static void
word(char to[6], unsigned i, const char *letters, unsigned n)
{
	for (; i > 0; i /= n) {
		i--;
		*to++ = letters[i % n];
	}
	*to = '\0';
}

/* Every short pattern on every short name. */
static void
test_all(void)
{
	unsigned wrong = 0, matched = 0;
	char pattern[6], name[6];

	for (unsigned i = 0; i < 1 + 4 + 16 + 64 + 256 + 1024; i++) {
		word(pattern, i, "a.*%", 4);
		for (unsigned k = 0; k < 1 + 2 + 4 + 8 + 16 + 32; k++) {
			bool want;

			word(name, k, "a.", 2);
			want = slowly(pattern, name);
			matched += want;
			wrong += imap_match(str_z(pattern), str_z(name), '.') !=
			         want;
		}
	}
	CHECK_NUM(wrong, 0, "as the definition");
	CHECK(matched > 1000, "some match");
}

int
main(void)
{
	arena_init(&arena, 1 << 20);
	test_sets();
	test_use();
	test_match();
	test_all();
	return tap_done();
}
