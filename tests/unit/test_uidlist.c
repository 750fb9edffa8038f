/* SPDX-License-Identifier: ISC */
/* dovecot-uidlist: versions 3 and 1, damage, growth, the lock. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/now.h"
#include "io/file.h"
#include "maildir/dotlock.h"
#include "maildir/uidlist.h"
#include "tap.h"

#define TAIL "G0123456789abcdef0123456789abcdef"

static void
test_parse(void)
{
	struct uidlist u;

	uidlist_init(&u);
	CHECK_NUM(uidlist_parse(&u, STR("3 V1700000000 N10 " TAIL "\n"
					"1 :100.a,S=1\n"
					"4 S12 W13 Pold-uidl :101.b\n"
					"5 W9 :a name: with colons\n")),
	    0, "version 3");
	CHECK(u.uidvalidity == 1700000000 && u.uidnext == 10 && u.n == 3 &&
		  !u.rewrite,
	    "header");
	CHECK_STR(u.header, STR(TAIL), "other header fields are kept");
	CHECK_STR(u.list[0].base, STR("100.a,S=1"), "name");
	CHECK_STR(u.list[1].fields, STR("S12 W13 Pold-uidl"), "fields");
	CHECK_STR(uidlist_field(&u.list[1], 'P'), STR("old-uidl"), "P");
	CHECK_STR(uidlist_field(&u.list[1], 'X'), STR(""), "no X");
	CHECK_STR(u.list[2].base, STR("a name"), "flags are cut off");

	CHECK_NUM(uidlist_parse(&u, STR("1 1234 7\n1 a\n3 b:2,S\n")), 0,
	    "version 1, Courier's courierimapuiddb");
	CHECK(u.uidvalidity == 1234 && u.uidnext == 7 && u.n == 2 &&
		  u.list[1].uid == 3 && u.rewrite,
	    "to be written as version 3");
	CHECK_STR(u.list[1].base, STR("b"), "name without flags");

	CHECK_NUM(
	    uidlist_parse(&u,
		STR("3 V5 N2 " TAIL "\n"
		    "1 :a\n7 :b\n7 :c\n6 :d\nx :e\n0 :f\n8 \n9 :\n10 q :g\n"
		    "99999999999 :h\n11 :i/j\n12 P:k\n13 P1\n14 :l\n15 :torn")),
	    0, "damage");
	CHECK(
	    u.n == 3 && u.list[1].uid == 7 && u.list[2].uid == 14 && u.rewrite,
	    "good lines survive, bad ones are skipped");
	CHECK_NUM(u.uidnext, 15, "the next UID is above all");

	CHECK(uidlist_parse(&u, STR("")) < 0 && u.uidvalidity == 0, "empty");
	CHECK(uidlist_parse(&u, STR("3 V5 N2")) < 0, "unfinished header");
	CHECK(uidlist_parse(&u, STR("3 N2 G1\n")) < 0, "no UIDVALIDITY");
	CHECK(uidlist_parse(&u, STR("3 V0 N2\n")) < 0, "UIDVALIDITY 0");
	CHECK(uidlist_parse(&u, STR("3 V5 N99999999999\n")) < 0, "N too great");
	CHECK(uidlist_parse(&u, STR("2 V5 N2\n")) < 0, "unknown version");
	CHECK(uidlist_parse(&u, STR("\0\0\0\0\n")) < 0, "zeroes of a crash");
	uidlist_free(&u);
}

static bool
file_is(int dir, const char *want)
{
	struct buf b;
	bool same;

	buf_init(&b, 65536);
	same = file_read(dir, UIDLIST, &b) == 0 &&
	       str_eq(buf_slice(&b), str_z(want));
	if (!same)
		printf("# file is \"%.*s\"\n", STR_FMT(buf_slice(&b)));
	buf_free(&b);
	return same;
}

static void
test_save(int dir)
{
	struct uidlist u;
	size_t from;

	uidlist_init(&u);
	CHECK_NUM(uidlist_load(&u, dir), 0, "no file yet");
	CHECK(uidlist_fresh(&u.stamp, dir), "and that has not changed");
	CHECK_NUM(
	    file_replace(dir, "courierimapuiddb", STR("1 77 3\n2 x\n"), 0600),
	    0, "Courier's");
	CHECK(uidlist_load(&u, dir) == 1 && u.uidvalidity == 77 && u.n == 1,
	    "is read when there is no other");
	CHECK_NUM(
	    file_replace(dir, UIDLIST, STR("3 V5 N2 G1\n1 W3 :a\n"), 0600), 0,
	    "ours");
	CHECK(uidlist_load(&u, dir) == 1 && u.uidvalidity == 5, "wins");
	from = u.n;
	CHECK_NUM(uidlist_add(&u, STR("b")), 2, "next UID");
	CHECK_NUM(uidlist_save(&u, dir, from), 0, "append");
	CHECK(file_is(dir, "3 V5 N2 G1\n1 W3 :a\n2 :b\n"), "one line more");
	CHECK(uidlist_fresh(&u.stamp, dir), "known");
	u.rewrite = true;
	CHECK_NUM(uidlist_save(&u, dir, u.n), 0, "rewrite");
	CHECK(file_is(dir, "3 V5 N3 G1\n1 W3 :a\n2 :b\n"),
	    "next UID in the header, fields kept");
	CHECK_NUM(uidlist_load(&u, dir), 1, "load");
	CHECK_NUM(unlinkat(dir, UIDLIST, 0), 0, "rm");
	CHECK(!uidlist_fresh(&u.stamp, dir), "noticed");
	uidlist_free(&u);
}

static bool
locked(int dir)
{
	return faccessat(dir, UIDLIST_LOCK, F_OK, 0) == 0;
}

static void
test_lock(int dir)
{
	struct dotlock l;
	struct timespec old[2] = {
	    {.tv_sec = (time_t)(now_wall_s() - DOTLOCK_STALE_S - 5)},
	    {.tv_sec = (time_t)(now_wall_s() - DOTLOCK_STALE_S - 5)}};
	int64_t start;
	pid_t pid;

	CHECK(dotlock_take(&l, dir, UIDLIST_LOCK) == 0 && locked(dir), "take");
	dotlock_release(&l);
	CHECK(!locked(dir), "release");
	pid = fork();
	if (pid == 0) {
		if (dotlock_take(&l, dir, UIDLIST_LOCK) < 0)
			_exit(1);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	CHECK(locked(dir), "one of ours died with the lock");
	start = now_ms();
	CHECK_NUM(dotlock_take(&l, dir, UIDLIST_LOCK), 0, "taken over");
	CHECK(now_ms() - start < 2000, "at once");
	dotlock_release(&l);
	CHECK_NUM(file_replace(dir, UIDLIST_LOCK, STR("1:other"), 0600), 0,
	    "Dovecot on another host");
	CHECK_NUM(utimensat(dir, UIDLIST_LOCK, old, 0), 0, "long ago");
	CHECK_NUM(dotlock_take(&l, dir, UIDLIST_LOCK), 0, "stale after 120 s");
	dotlock_release(&l);
	CHECK(!locked(dir), "and gone");
	old[0].tv_sec = old[1].tv_sec = (time_t)now_wall_s() - 5;
	CHECK_NUM(file_replace(dir, UIDLIST_LOCK, STR(""), 0600), 0,
	    "whoever made it died before it could write");
	CHECK_NUM(utimensat(dir, UIDLIST_LOCK, old, 0), 0, "seconds ago");
	start = now_ms();
	CHECK_NUM(dotlock_take(&l, dir, UIDLIST_LOCK), 0, "taken over");
	CHECK(now_ms() - start < 2000, "at once");
	dotlock_release(&l);
}

int
main(void)
{
	char path[] = "/tmp/yubin-uidlist.XXXXXX";
	int dir;

	if (!mkdtemp(path) || (dir = open(path, O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	test_parse();
	test_save(dir);
	test_lock(dir);
	unlinkat(dir, "courierimapuiddb", 0);
	unlinkat(dir, UIDLIST, 0);
	close(dir);
	rmdir(path);
	return tap_done();
}
