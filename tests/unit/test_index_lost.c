/* SPDX-License-Identifier: ISC */
/* What a session tells when its index is damaged or replaced at a bad moment.
 */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/file.h"
#include "maildir/folder.h"
#include "maildir/home.h"
#include "maildir/index_check.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"
#include "tap.h"

#define MAILS 400 /* more than are looked at again at once */
#define DEAD 1300 /* more than are remembered */

static char root[] = "/tmp/yubin-index-lost.XXXXXX";
static struct home home;

static int
drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static const char *
in_root(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

/* Both directories were last changed long ago. */
static void
make_old(void)
{
	struct timespec then[2] = {{.tv_sec = 1700000000}, {1700000000, 0}};

	utimensat(AT_FDCWD, in_root("cur"), then, 0);
	utimensat(AT_FDCWD, in_root("new"), then, 0);
}

static void
fill(void)
{
	mkdir(in_root("cur"), 0700);
	mkdir(in_root("new"), 0700);
	mkdir(in_root("tmp"), 0700);
	for (int i = 0; i < MAILS; i++) {
		char name[60];
		int fd;

		snprintf(name, sizeof(name), "cur/%d.M1P1.x:2,", 1000 + i);
		fd = open(in_root(name), O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || write(fd, "Subject: x\n\nx\n", 14) != 14)
			exit(1);
		close(fd);
	}
	make_old();
}

static void
copy_index(struct buf *to)
{
	buf_init(to, (size_t)1 << 24);
	CHECK(file_read(AT_FDCWD, in_root("yubin-index"), to) == 0,
	    "the index is read");
}

/* Somebody read cur/ just before the messages were moved, and writes the index
 * that follows from it just after that, within the same tick of the clock. */
static void
test_made_before(void)
{
	struct mailbox m;
	struct mailbox_copied pairs[2];
	struct mailbox_changes c;
	struct buf old;
	uint32_t v;
	size_t n;

	mailbox_open(&m, &home, STR("INBOX"), false);
	CHECK_NUM(m.n, MAILS, "all are there");
	copy_index(&old);
	CHECK(mailbox_copy(&m, (size_t[]){3, 4}, 2, STR("Box"), true, pairs, &n,
		  &v) == 0 &&
		  n == 2,
	    "moved");
	CHECK(file_replace(m.fd, "yubin-index", buf_slice(&old), 0600) == 0,
	    "the index of before");
	make_old();
	CHECK(mailbox_sync(&m, true, &c) == 0 && c.nexpunged == 2 &&
		  m.n == MAILS - 2,
	    "what was moved is told to be gone at once");
	CHECK(mailbox_seek(&m, 1) == 0 && mailbox_seek(&m, 3) == 2 &&
		  mailbox_seek(&m, 4) == 3 && mailbox_seek(&m, 6) == 3 &&
		  mailbox_seek(&m, MAILS) == m.n - 1 &&
		  mailbox_seek(&m, MAILS + 1) == m.n,
	    "found by UID, with gaps");
	mailbox_close(&m);
	buf_free(&old);
}

/* Another session's change reached the index, but its head did not survive. */
static void
test_damaged(void)
{
	struct mailbox m, other;
	struct mailbox_changes c;
	char zeros[64] = {0};
	int fd;

	mailbox_open(&m, &home, STR("INBOX"), false);
	mailbox_open(&other, &home, STR("INBOX"), false);
	mailbox_store(&other, (size_t[]){7}, 1, STORE_ADD, FLAG_FLAGGED, 0);
	fd = open(in_root("yubin-index"), O_WRONLY);
	CHECK(pwrite(fd, zeros, sizeof(zeros), 0) == sizeof(zeros), "damaged");
	close(fd);
	CHECK(mailbox_sync(&m, true, &c) == 0 && c.nflagged == 1 &&
		  c.flagged[0] == 7,
	    "the flag is told nevertheless");
	CHECK(mailbox_sync(&other, true, &c) == 0 && !other.deleted &&
		  other.n == m.n,
	    "the other one goes on as well");
	mailbox_close(&m);
	mailbox_close(&other);
}

/* A program that is not ours changed flags in the same tick as we did. */
static void
test_same_tick(void)
{
	struct mailbox m;
	struct mailbox_changes c;
	struct stat st;

	make_old();
	mailbox_open(&m, &home, STR("INBOX"), false);
	mailbox_store(&m, (size_t[]){1}, 1, STORE_ADD, FLAG_SEEN, 0);
	CHECK(renameat(m.cur, "1002.M1P1.x:2,", m.cur, "1002.M1P1.x:2,F") == 0,
	    "flagged by a shell");
	make_old();
	CHECK(index_lock(&m.index) == 1 && fstat(m.cur, &st) == 0, "locked");
	m.index.head.cur_mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000);
	m.index.head.again_ns = files_clock_ns() + INT64_C(60000000000);
	index_unlock(&m.index);
	CHECK(mailbox_sync(&m, true, &c) == 0 && c.nflagged == 0,
	    "nobody can know that at once");
	mailbox_poll(&m);
	CHECK(mailbox_sync(&m, true, &c) == 0 && c.nflagged == 1 &&
		  c.flagged[0] == 2,
	    "but it is found when the client asks");
	mailbox_close(&m);
}

/* Of two new messages the second cannot be read from the index, and when it is
 * made anew the first is gone: who was never told of it must not be told so. */
static void
test_never_told(void)
{
	struct mailbox m, other;
	struct mailbox_changes c;
	char name[60], zeros[40] = {0};
	struct str mail = STR("Subject: x\n\nx\n");
	size_t told;

	make_old();
	mailbox_open(&m, &home, STR("INBOX"), false);
	told = m.n;
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%d.M1P1.x:2,", 9000 + i);
		CHECK(file_replace(m.cur, name, mail, 0600) == 0,
		    "a message comes");
	}
	mailbox_open(&other, &home, STR("INBOX"), false);
	CHECK_NUM(other.n, told + 2, "another session has numbered them");
	CHECK(unlink(in_root("cur/9000.M1P1.x:2,")) == 0, "the first goes");
	make_old();
	CHECK(index_lock(&other.index) == 1, "locked");
	other.index.head.cur_mtime_ns = files_mtime_ns(other.cur);
	other.index.head.again_ns = 0;
	memcpy(other.index.map + index_records_at(&other.index.head) +
	        (other.index.head.count - 1) * sizeof(struct index_record),
	    zeros, sizeof(zeros));
	index_unlock(&other.index);
	CHECK(mailbox_sync(&m, true, &c) == 0 && c.nexpunged == 0 && c.exists &&
	          m.n == told + 1,
	    "one message more, and none less");
	CHECK_NUM(mailbox_uid(&m, told), mailbox_uid(&other, told + 1),
	    "the second");
	mailbox_close(&m);
	mailbox_close(&other);
}

/* The same, read at SELECT: a look at cur/ that was due is made. */
static void
test_due(void)
{
	struct mailbox m;
	size_t n;

	make_old();
	mailbox_open(&m, &home, STR("INBOX"), false);
	n = m.n;
	CHECK(unlink(in_root("cur/9001.M1P1.x:2,")) == 0, "one goes");
	make_old();
	CHECK(index_lock(&m.index) == 1, "locked");
	m.index.head.cur_mtime_ns = files_mtime_ns(m.cur);
	m.index.head.again_ns = files_clock_ns() - 1;
	index_unlock(&m.index);
	mailbox_close(&m);
	mailbox_open(&m, &home, STR("INBOX"), false);
	CHECK_NUM(m.n, n - 1, "a new session does not have it");
	mailbox_close(&m);
}

/* An index that lacks a message of the view gets it, and keeps all that it has:
 * the view may have to tell of any of them. */
static void
test_many_dead(void)
{
	struct mailbox m;
	struct mailbox_changes c;
	struct mailbox_list more = {0};
	struct index x;
	char name[60];
	bool ok = true;

	if (mailbox_open(&m, &home, STR("Box"), false) != 1)
		exit(1);
	for (int i = 0; i < DEAD; i++) {
		snprintf(name, sizeof(name), "%d.M1P1.x:2,", 20000 + i);
		ok = ok && file_replace(m.cur, name, STR("x\n"), 0600) == 0;
	}
	CHECK(ok && mailbox_sync(&m, true, &c) == 0 && m.n == DEAD + 2,
	    "they come");
	for (int i = 0; i < DEAD; i++) {
		snprintf(name, sizeof(name), "%d.M1P1.x:2,", 20000 + i);
		ok = ok && unlinkat(m.cur, name, 0) == 0;
	}
	CHECK(ok && mailbox_sync(&m, true, &c) == 0 && m.n == 2, "they go");
	mailbox_list_add(&more, m.index.head.uidnext + 1);
	mailbox_add_dead(&m, &m.index, &more, &x);
	CHECK_NUM(x.head.dead, DEAD + 1, "all are remembered, and one more");
	index_close(&x);
	mailbox_list_free(&more);
	mailbox_close(&m);
}

int
main(void)
{
	if (!mkdtemp(root) || home_open(&home, root, true) < 0 ||
	    folder_create(&home, STR("Box"), STR("")) < 0)
		return 1;
	fill();
	test_made_before();
	test_damaged();
	test_same_tick();
	test_never_told();
	test_due();
	test_many_dead();
	home_close(&home);
	nftw(root, drop, 16, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
