/* SPDX-License-Identifier: ISC */
/* Courier's files, by its documented formats; tests/imap/courier.bats has them
 * written by Courier itself. */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/file.h"
#include "maildir/courier.h"
#include "maildir/keywords.h"
#include "tap.h"

static char root[] = "/tmp/yubin-courier.XXXXXX";
static int fd, cur;

static void
put(const char *path, const char *text)
{
	int to = openat(fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (to < 0 || file_write(to, text, strlen(text)) < 0 || close(to) < 0)
		abort();
}

static bool
exists(const char *path)
{
	return faccessat(fd, path, F_OK, 0) == 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

/* --------------------------------------------------------------- keywords */

static void
test_ages(void)
{
	struct courier_kept kept;

	put("cur/1.a:2,S", "");
	put("cur/2.b:2,", "");
	put("cur/3.c", "");
	put("cur/4.d:2,", "");
	put("cur/5.e:2,", "");
	put("courierimapkeywords/:list",
	    "one\ntwo\n\n1.a:0 1\n2.b:0\n3.c:1\ngone:0\n5.e:0 7 x\nbad\n");
	put("courierimapkeywords/.100.2.b", "two\n");
	put("courierimapkeywords/.99.2.b", "one\n");
	put("courierimapkeywords/.100.3.c", "one\n");
	put("courierimapkeywords/3.c", "");
	put("courierimapkeywords/4.d", "three\n");
	put("courierimapkeywords/.tmp.1.4.d", "one\n");
	put("courierimapkeywords/..4.d", "one\n");
	CHECK(courier_keywords(fd, cur, true, &kept) == 0, "only counted");
	CHECK_NUM(kept.messages, 4, "four have keywords");
	CHECK(!exists("dovecot-keywords") && exists("cur/1.a:2,S"),
	    "counting changes nothing");
	CHECK(courier_keywords(fd, cur, false, &kept) == 0, "done");
	CHECK_NUM(kept.messages, 4, "as counted");
	CHECK_NUM(kept.left, 0, "all kept");
	CHECK(exists("cur/1.a:2,Sab"), "from :list, beside flags");
	CHECK(exists("cur/2.b:2,b"), "the highest number counts");
	CHECK(exists("cur/3.c"), "without a number is newest, and empty");
	CHECK(exists("cur/4.d:2,c"), "a temporary file is none");
	CHECK(exists("cur/5.e:2,a"), "wrong indices are passed over");
	CHECK(courier_keywords(fd, cur, false, &kept) == 0 &&
		  exists("cur/1.a:2,Sab") && exists("cur/4.d:2,c"),
	    "the same when done again");
}

static void
note_bits(void *arg, struct str base, uint64_t bits)
{
	CHECK_STR(base, STR("6.f"), "the message with more than letters");
	*(uint64_t *)arg = bits;
}

static void
test_many(void)
{
	struct courier_kept kept;
	const char *names[KEYWORDS_N];
	uint64_t bits = 0;
	struct arena a;
	struct buf b;

	buf_init(&b, 4096);
	for (int i = 0; i < 70; i++)
		buf_fmt(&b, "more%d\n", i);
	put("cur/6.f:2,", "");
	put("courierimapkeywords/6.f", buf_cstr(&b));
	CHECK(courier_keywords(fd, cur, true, &kept) == 0, "counted");
	CHECK_NUM(kept.left, 70 + 3 - 64, "three were taken");
	CHECK(!exists("yubin-keywords"), "counting writes nothing");
	CHECK(courier_keywords(fd, cur, false, &kept) == 0, "done");
	CHECK_NUM(kept.left, 70 + 3 - 64, "as counted");
	CHECK(exists("cur/6.f:2,defghijklmnopqrstuvwxyz"), "the letters left");
	CHECK(keywords_more(fd, &bits, note_bits) == 1 &&
		  bits == ~KEYWORDS_LETTER_BITS,
	    "and all beyond the letters");
	arena_init(&a, 1 << 16);
	CHECK(keywords_load(fd, &a, names) == 0 && names[63] &&
		  str_eq(str_z(names[63]), STR("more60")),
	    "which have their names");
	arena_free(&a);
	buf_free(&b);
}

static void
test_none(void)
{
	struct courier_kept kept;
	int empty = openat(fd, "cur", O_RDONLY | O_DIRECTORY);

	CHECK(courier_keywords(empty, cur, false, &kept) == 0 &&
		  kept.messages == 0,
	    "no such folder is no keywords");
	close(empty);
}

/* ------------------------------------------------------------- unique-ids */

static void
test_pop3(void)
{
	struct courier_pop3 *list;
	struct arena a;
	size_t n;

	arena_init(&a, 1 << 20);
	CHECK(courier_pop3(fd, &a, &list, &n) == 0 && n == 0, "no file");
	put(COURIER_POP3,
	    "/3 9 700\n2.b:2,S 23 2:700:0\n1.a 12 1:700:1\n3 c:2, 9 3:0:0\n"
	    "4+d:2, 9 0:0:0\nbad\nx 1\ny 1 z:1:0\n 1 1:1:0\n");
	CHECK(courier_pop3(fd, &a, &list, &n) == 0, "read");
	CHECK_NUM(n, 4, "bad lines are passed over");
	CHECK_STR(courier_pop3_find(list, n, STR("1.a")), STR("UID1-700"),
	    "number and validity");
	CHECK_STR(courier_pop3_find(list, n, STR("2.b")), STR("UID2-700"),
	    "flags are not of the base");
	CHECK_STR(courier_pop3_find(list, n, STR("3 c")), STR("UID3"),
	    "no validity; a blank in the name");
	CHECK_STR(courier_pop3_find(list, n, STR("4+d")), STR("4+2Bd"),
	    "no number: the name with + escaped");
	CHECK_NUM(courier_pop3_find(list, n, STR("5")).n, 0, "not listed");
	put(COURIER_POP3, "/2 9 700\n1.a 12 1:600\n");
	CHECK(courier_pop3(fd, &a, &list, &n) == 0 && n == 1 &&
		  str_eq(list[0].uidl, STR("UID1-600")),
	    "version 2");
	put(COURIER_POP3, "/1 9\n1.a 12 1:600\n");
	CHECK(courier_pop3(fd, &a, &list, &n) == 0 && n == 0,
	    "other versions are not understood");
	arena_free(&a);
}

static void
test_subscribed(void)
{
	CHECK_STR(courier_subscribed(STR("INBOX.Work.x")), STR("Work.x"),
	    "without the namespace");
	CHECK_STR(courier_subscribed(STR("INBOX")), STR("INBOX"), "INBOX");
	CHECK_NUM(courier_subscribed(STR("#shared.x")).n, 0, "shared");
	CHECK_NUM(courier_subscribed(STR("INBOX.")).n, 0, "empty");
}

int
main(void)
{
	if (!mkdtemp(root) || (fd = open(root, O_RDONLY | O_DIRECTORY)) < 0 ||
	    mkdirat(fd, "cur", 0700) < 0 ||
	    mkdirat(fd, COURIER_KEYWORDS, 0700) < 0 ||
	    (cur = openat(fd, "cur", O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	test_ages();
	test_many();
	test_none();
	test_pop3();
	test_subscribed();
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
