/* SPDX-License-Identifier: ISC */
/* Adding to the end of dovecot-uidlist: the same as reading all of it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/file.h"
#include "maildir/uidlist.h"
#include "maildir/uidlist_tail.h"
#include "tap.h"

static int dir;

static void
write_list(struct str text)
{
	if (file_replace(dir, UIDLIST, text, 0600) < 0)
		abort();
}

/* What opening a list of this text says. */
static int
opened(struct str text, struct uidlist_tail *t)
{
	int r;

	write_list(text);
	r = uidlist_tail_open(t, dir);
	uidlist_tail_close(t);
	return r;
}

static void
test_open(void)
{
	struct uidlist_tail t;

	CHECK_NUM(uidlist_tail_open(&t, dir), 0, "there is none");
	CHECK(opened(STR("3 V5 N2 G1\n1 W3 :a\n"), &t) == 1 &&
		  t.uidvalidity == 5 && t.uidnext == 2,
	    "a short list");
	CHECK(opened(STR("3 V5 N9 G1\n1 :a\n"), &t) == 1 && t.uidnext == 9,
	    "the header knows of a higher one");
	CHECK(opened(STR("3 V5 N2 G1\n"), &t) == 1 && t.uidnext == 2,
	    "no message");
	CHECK_NUM(opened(STR(""), &t), 0, "empty file");
	CHECK_NUM(opened(STR("1 5 2\n1 a\n"), &t), 0, "version 1");
	CHECK_NUM(opened(STR("3 V5 N2 G1\n1 :a\n2 :b"), &t), 0, "a torn line");
	CHECK_NUM(opened(STR("3 V5 N2 G1\n2 :a\n1 :b\n"), &t), 0,
	    "UIDs that do not rise");
	CHECK_NUM(opened(STR("3 N2 G1\n1 :a\n"), &t), 0, "no UIDVALIDITY");
}

/* A list of n lines, each of `width` octets in its name. */
static void
long_list(struct buf *b, unsigned n, int width)
{
	buf_z(b, "3 V77 N2 G1\n");
	for (unsigned i = 1; i <= n; i++)
		buf_fmt(b, "%u S1 W2 :%0*u\n", i * 2, width, i);
}

static void
test_long(void)
{
	/* Parts of the file end in every place of a line. */
	for (int width = 30; width < 70; width++) {
		struct uidlist_tail t;
		struct uidlist u;
		struct buf b;

		buf_init(&b, 1 << 20);
		long_list(&b, 500, width);
		if (opened(buf_slice(&b), &t) != 1 || t.uidnext != 1001 ||
		    t.uidvalidity != 77) {
			CHECK(false, "a long list");
			printf("# width %d: next %u\n", width, t.uidnext);
		}
		uidlist_init(&u);
		CHECK(uidlist_load(&u, dir) == 1 && u.uidnext == t.uidnext,
		    "the same as all of it");
		uidlist_free(&u);
		buf_free(&b);
	}
}

static void
test_garbage(void)
{
	struct uidlist_tail t;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_z(&b, "3 V77 N2 G1\n1 :a\n");
	for (int i = 0; i < 10000; i++)
		buf_chr(&b, i % 100 ? 'x' : '\n');
	CHECK_NUM(opened(buf_slice(&b), &t), 0, "no lines at the end");
	buf_free(&b);
	buf_init(&b, 1 << 20);
	buf_z(&b, "3 V77 N2 G1\n1 :");
	for (int i = 0; i < 10000; i++)
		buf_chr(&b, 'x');
	buf_chr(&b, '\n');
	CHECK_NUM(opened(buf_slice(&b), &t), 0, "a line longer than any is");
	buf_free(&b);
}

static void
test_append(void)
{
	struct uidlist_tail t;
	struct uidlist u;
	struct buf lines;

	write_list(STR("3 V5 N4 G1\n1 W3 :a\n"));
	buf_init(&lines, 1000);
	CHECK_NUM(uidlist_tail_open(&t, dir), 1, "open");
	CHECK_NUM(uidlist_tail_line(&t, &lines, STR("b")), 4, "next UID");
	CHECK_NUM(uidlist_tail_line(&t, &lines, STR("c")), 5, "one more");
	CHECK_NUM(uidlist_tail_write(&t, &lines), 0, "append");
	CHECK(uidlist_fresh(&t.stamp, dir), "known");
	CHECK_NUM(uidlist_settle(&t.stamp, dir), 0, "a young list");
	CHECK_NUM(uidlist_tail_sync(&t), 0, "sync");
	uidlist_tail_close(&t);
	CHECK_NUM(uidlist_tail_sync(&t), 0, "nothing left to sync");
	uidlist_init(&u);
	CHECK(uidlist_load(&u, dir) == 1 && u.n == 3 && !u.rewrite, "load");
	CHECK_STR(u.list[1].base, STR("b"), "first");
	CHECK(u.list[2].uid == 5 && u.uidnext == 6, "second");
	CHECK_STR(uidlist_field(&u.list[0], 'W'), STR("3"), "fields are kept");
	uidlist_free(&u);
	buf_free(&lines);
}

int
main(void)
{
	char path[] = "/tmp/yubin-tail.XXXXXX";

	if (!mkdtemp(path) || (dir = open(path, O_RDONLY | O_DIRECTORY)) < 0)
		abort();
	test_open();
	test_long();
	test_garbage();
	test_append();
	unlinkat(dir, UIDLIST, 0);
	close(dir);
	rmdir(path);
	return tap_done();
}
