/* SPDX-License-Identifier: ISC */
/* maildir/deliver, earlier, newfile, lazy: one file for several, what an
 * earlier try has left, storing without a sync. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/dir.h"
#include "io/file.h"
#include "maildir/deliver.h"
#include "maildir/earlier.h"
#include "maildir/lazy.h"
#include "tap.h"

#define TEXT "A: b\r\n\r\nc\r\n"
#define STORED "A: b\n\nc\n"
#define SIZES ",S=8,W=11"

static char root[] = "/tmp/yubin-deliver.XXXXXX";
static int top, a, b; /* the root, two Maildirs */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static int
maildir(const char *name)
{
	mkdirat(top, name, 0700);
	return openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
check_file(int dir, const char *path, const char *want, const char *what)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	CHECK(file_read(dir, path, &text) == 0, path);
	CHECK_STR(buf_slice(&text), str_z(want), what);
	buf_free(&text);
}

static void
put_file(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || file_write(fd, text, strlen(text)) < 0)
		exit(1);
	close(fd);
}

/* How many entries dir/part has. */
static size_t
entries(int dir, const char *part)
{
	struct arena arena;
	char **names;
	size_t n;

	arena_init(&arena, 1 << 20);
	if (dir_list(dir, part, 0, 1000, &arena, &names, &n) < 0)
		n = 0;
	arena_free(&arena);
	return n;
}

static void
test_one(void)
{
	struct deliver d;
	struct stat st;

	CHECK_NUM(deliver_into(&d, a, "1.h"), 0, "into an empty directory");
	CHECK(fstatat(a, "cur", &st, 0) == 0, "which becomes a Maildir");
	deliver_data(&d, TEXT, 4);
	deliver_data(&d, TEXT + 4, sizeof(TEXT) - 5);
	CHECK_NUM(deliver_commit(&d), 1, "delivered");
	deliver_close(&d);
	check_file(a, "new/1.h" SIZES, STORED, "with LF");
	CHECK_NUM(deliver_into(&d, a, "1.h"), 0, "again");
	deliver_data(&d, TEXT, sizeof(TEXT) - 1);
	CHECK_NUM(deliver_commit(&d), 0, "the name is taken");
	deliver_close(&d);
	CHECK_NUM(deliver_into(&d, a, "2.h"), 0, "another");
	deliver_data(&d, TEXT, 5);
	deliver_close(&d);
	CHECK_NUM(entries(a, "new"), 1, "given up: not there");
	CHECK(faccessat(a, "tmp/2.h", F_OK, 0) < 0, "not in tmp/ either");
	put_file(a, "tmp/3.h", "a longer leftover of an earlier try");
	CHECK_NUM(deliver_into(&d, a, "3.h"), 0, "over a leftover");
	deliver_data(&d, TEXT, sizeof(TEXT) - 1);
	CHECK_NUM(deliver_commit(&d), 1, "delivered");
	deliver_close(&d);
	check_file(a, "new/3.h" SIZES, STORED, "as it should be");
	CHECK(deliver_into(&d, a, "x/y") < 0 && errno == EINVAL, "a slash");
}

static void
test_links(void)
{
	struct deliver d;
	struct stat x, y;

	CHECK_NUM(deliver_into(&d, a, "4.h"), 0, "for two");
	deliver_data(&d, TEXT, sizeof(TEXT) - 1);
	CHECK_NUM(deliver_finish(&d), 0, "written");
	CHECK_NUM(deliver_link(&d, b, "5.h"), 1, "linked into an empty one");
	CHECK_NUM(deliver_link(&d, b, "5.h"), 0, "the name is taken");
	CHECK(deliver_link(&d, b, "../x") < 0, "no other names");
	CHECK(fstatat(a, "new/4.h" SIZES, &x, 0) < 0, "not yet there");
	CHECK_NUM(deliver_commit(&d), 1, "and then");
	deliver_close(&d);
	CHECK(fstatat(a, "new/4.h" SIZES, &x, 0) == 0 &&
		  fstatat(b, "new/5.h" SIZES, &y, 0) == 0 &&
		  x.st_ino == y.st_ino && x.st_nlink == 2,
	    "one file");
	CHECK(deliver_unlinkable(EXDEV) && deliver_unlinkable(EMLINK) &&
		  !deliver_unlinkable(ENOSPC),
	    "when a copy may do");
}

static int
compare(const char *path, const char *text)
{
	struct newfile f;

	if (newfile_compare(&f, a, path) < 0)
		return -1;
	for (const char *p = text; *p; p++)
		newfile_data(&f, p, 1);
	return newfile_same(&f);
}

static void
test_compare(void)
{
	static char big[3 * NEWFILE_BUFFER];

	put_file(a, "new/x", STORED);
	CHECK_NUM(compare("new/x", TEXT), 1, "equal");
	CHECK_NUM(compare("new/x", "A: b\r\n\r\nd\r\n"), 0, "another octet");
	CHECK_NUM(compare("new/x", "A: b\r\n\r\nc"), 0, "shorter");
	CHECK_NUM(compare("new/x", TEXT "d"), 0, "longer");
	CHECK_NUM(compare("new/x", TEXT "\r"), 0, "a CR longer");
	CHECK_NUM(compare("new/x", ""), 0, "nothing");
	CHECK_NUM(compare("new/none", TEXT), -1, "no file");
	CHECK_NUM(errno, ENOENT, "says so");
	put_file(a, "new/x", "");
	CHECK_NUM(compare("new/x", TEXT), 0, "an empty file");
	CHECK_NUM(compare("new/x", ""), 1, "is equal to nothing");
	memset(big, 'x', sizeof(big) - 1);
	put_file(a, "new/x", big);
	CHECK_NUM(compare("new/x", big), 1, "a large file");
	big[NEWFILE_BUFFER] = 'y';
	CHECK_NUM(compare("new/x", big), 0, "in the second buffer");
	big[NEWFILE_BUFFER] = 'x';
	big[sizeof(big) - 2] = '\0';
	CHECK_NUM(compare("new/x", big), 0, "the last octet is missing");
	unlinkat(a, "new/x", 0);
}

static int
replace(const char *base, const char *path)
{
	struct deliver d;
	int r;

	if (deliver_into(&d, a, base) < 0)
		return -1;
	deliver_data(&d, TEXT, sizeof(TEXT) - 1);
	r = deliver_replace(&d, path);
	deliver_close(&d);
	return r;
}

static void
test_replace(void)
{
	static char six[][NAME_SIZE] = {"6.h,S=1,W=2", "6.h" SIZES};
	static char seven[][NAME_SIZE] = {"7.h" SIZES};
	struct earlier_lists lists = {0};
	struct earlier e;

	put_file(a, "new/6.h" SIZES, "to");
	put_file(a, "cur/6.h" SIZES ":2,FS", "");
	CHECK_NUM(earlier_find(&lists, a, "6.h", six, 2, &e), 2,
	    "two are found");
	CHECK_NUM(replace("6.h", "new/6.h" SIZES), 1, "in new/");
	check_file(a, "new/6.h" SIZES, STORED, "replaced");
	CHECK_NUM(replace("6.h", "cur/6.h" SIZES ":2,FS"), 1, "in cur/");
	check_file(a, "cur/6.h" SIZES ":2,FS", STORED, "with its flags");
	CHECK_NUM(replace("6.h", "cur/6.h" SIZES ":2,F"), 0, "one that went");
	CHECK(faccessat(a, "cur/6.h" SIZES ":2,F", F_OK, 0) < 0,
	    "does not come back");
	put_file(a, "cur/7.h,S=3,W=4:2,S", "old");
	CHECK_NUM(replace("7.h", "cur/7.h,S=3,W=4:2,S"), 1, "other sizes");
	CHECK_NUM(earlier_find(&lists, a, "7.h", seven, 1, &e), 1,
	    "one is left");
	earlier_forget(&lists);
	CHECK_STR(str_z(e.path[0]), STR("new/7.h" SIZES), "with its own name");
	CHECK(faccessat(a, "tmp/6.h", F_OK, 0) < 0 &&
		  faccessat(a, "tmp/7.h", F_OK, 0) < 0,
	    "tmp/ is empty");
}

/* A list of cur/ is kept while the folder's time stands. */
static void
test_lists(void)
{
	const struct timespec before[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	static char none[][NAME_SIZE] = {""};
	struct earlier_lists lists = {0};
	struct earlier e;

	put_file(b, "cur/8.h" SIZES ":2,S", "x");
	put_file(b, "cur/8.hh" SIZES ":2,S", "x");
	utimensat(b, "cur", before, 0);
	CHECK_NUM(earlier_find(&lists, b, "8.h", none, 0, &e), 1, "in cur/");
	CHECK_STR(str_z(e.path[0]), STR("cur/8.h" SIZES ":2,S"), "its name");
	put_file(b, "cur/9.h" SIZES ":2,", "x");
	utimensat(b, "cur", before, 0);
	CHECK_NUM(earlier_find(&lists, b, "9.h", none, 0, &e), 0, "not read");
	put_file(b, "cur/9.i" SIZES ":2,", "x");
	CHECK_NUM(earlier_find(&lists, b, "9.h", none, 0, &e), 1, "read anew");
	put_file(b, "cur/9.j" SIZES ":2,", "x");
	CHECK_NUM(earlier_find(&lists, b, "9.j", none, 0, &e), 1,
	    "a time that is young is not relied on");
	earlier_forget(&lists);
}

static void
test_lazy(void)
{
	struct lazy z;
	struct stat st;
	struct deliver d;
	bool allowed;

	lazy_init(&z);
	CHECK_NUM(lazy_sync(&z), 0, "nothing to sync");
	fstat(a, &st);
	allowed = lazy_allowed(&z, a, st.st_dev);
	CHECK(allowed == lazy_allowed(&z, a, st.st_dev) && z.n <= 1,
	    "one file system");
	CHECK_NUM(deliver_into(&d, a, "8.h"), 0, "a delivery");
	d.file.unsynced = allowed;
	deliver_data(&d, TEXT, sizeof(TEXT) - 1);
	CHECK_NUM(deliver_commit(&d), 1, "left unsynced");
	deliver_close(&d);
	check_file(a, "new/8.h" SIZES, STORED, "is there");
	CHECK_NUM(lazy_sync(&z), 0, "and synced");
	for (dev_t i = 1; i <= 2 * LAZY_MAX; i++)
		lazy_allowed(&z, a, st.st_dev + i);
	CHECK(z.never || z.n == LAZY_MAX, "no more than these");
	CHECK(!lazy_allowed(&z, a, st.st_dev + 3 * LAZY_MAX),
	    "others are synced");
	lazy_close(&z);
	lazy_init(&z);
	if (chdir("/proc/self") == 0) {
		int proc = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		CHECK(!lazy_allowed(&z, proc, 1), "not on other kinds");
		close(proc);
	}
	/* A descriptor that cannot be synced stands for a failing disk. */
	z = (struct lazy){.n = 1, .fs = {{.dev = 1, .fd = 1000}}};
	CHECK(lazy_allowed(&z, a, 1), "allowed at first");
	CHECK_NUM(lazy_sync(&z), -1, "a failure");
	CHECK(!lazy_allowed(&z, a, 1), "is strict from then on");
	z.fs[0].fd = dup(a);
	CHECK_NUM(lazy_sync(&z), -1, "the next one is not trusted");
	CHECK_NUM(lazy_sync(&z), 0, "the one behind it is");
	lazy_close(&z);
}

int
main(void)
{
	if (!mkdtemp(root) ||
	    (top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return 1;
	a = maildir("a");
	b = maildir("b");
	test_one();
	test_links();
	test_compare();
	test_replace();
	test_lists();
	test_lazy();
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
