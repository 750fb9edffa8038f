/* SPDX-License-Identifier: ISC */
/* maildir/quota and users/allowance: the file maildirsize of Maildir++, and
 * what an account may keep. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/file.h"
#include "maildir/home.h"
#include "maildir/quota.h"
#include "tap.h"
#include "users/allowance.h"

static char root[] = "/tmp/yubin-quota.XXXXXX";
static struct home home;

static const struct quota_limit small = {1000, 10, true};

static const char *
text(struct buf *b)
{
	buf_reset(b);
	return file_read(home.fd, "maildirsize", b) == 0 ? buf_cstr(b)
	                                                 : "(none)";
}

static void
put(const char *path, const char *content)
{
	int fd = openat(home.fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || file_write(fd, content, strlen(content)) < 0)
		exit(1);
	close(fd);
}

static void
folder(const char *dir)
{
	static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
	char path[100];

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", dir, parts[i]);
		if (mkdirat(home.fd, path, 0700) < 0 && errno != EEXIST)
			exit(1);
	}
}

static void
used_is(const struct quota_limit *l, uint64_t octets, uint64_t messages,
    const char *what)
{
	struct quota_used u;
	struct quota q;

	quota_open(&q, &home, l);
	CHECK_NUM(quota_use(&q, &u), 0, what);
	CHECK_NUM(u.storage, octets, what);
	CHECK_NUM(u.messages, messages, what);
}

static void
test_parse(void)
{
	static const struct {
		const char *text;
		int r;
		uint64_t storage, messages;
	} t[] = {{"1000S,5C", 0, 1000, 5}, {"5C,1000S", 0, 1000, 5},
	    {"1000S", 0, 1000, 0}, {"7C", 0, 0, 7}, {"0S", 0, 0, 0},
	    {"", 0, 0, 0}, {" 10S , 2C ", 0, 10, 2}, {"10X", 0, 0, 0},
	    {"S", -1, 0, 0}, {"-5S", -1, 0, 0}, {"10", -1, 1, 0},
	    {"99999999999999999999S", -1, 0, 0}, {"NOQUOTA", -1, 0, 0}};
	struct quota_limit l;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CHECK_NUM(quota_parse(str_z(t[i].text), &l), t[i].r, t[i].text);
		if (t[i].r < 0)
			continue;
		CHECK(l.storage == t[i].storage && l.messages == t[i].messages,
		    t[i].text);
		CHECK(l.told == (t[i].text[0] != '\0'), "told");
	}
}

/* What others wrote is taken; what makes no sense is counted anew. */
static void
test_read(struct buf *b)
{
	put("new/1.a,S=100", "x");
	put("cur/2.b:2,S", "12345");
	folder(".Trash");
	put(".Trash/cur/3.c,S=1000,W=1010:2,T", "x");
	folder("..deleted.x");
	put("..deleted.x/cur/4.d,S=1", "x");
	folder("notes");
	put("notes/cur/5.e,S=1", "x");
	used_is(&small, 1105, 3, "counted: by S=, else by size; Trash too");
	CHECK_STR(str_z(text(b)), STR("1000S,10C\n1105 3\n"), "and written");
	put("maildirsize",
	    "1000S,10C\n500 5\n        -100 -1\n20            2\n");
	used_is(&small, 420, 6, "Courier's blanks, added up");
	put("maildirsize", "2000S\n500 5\n");
	used_is(&small, 1105, 3, "other limits: counted");
	put("maildirsize", "1000S,10C\n500 5\n20");
	used_is(&small, 1105, 3, "a line that is cut off");
	put("maildirsize", "1000S,10C\n500 5\n-600 -1\n");
	used_is(&small, 1105, 3, "less than nothing");
	put("maildirsize", "1000S,10C\n500 5 6 x\n12 rubbish\n");
	used_is(&small, 1105, 3, "rubbish");
	put("maildirsize", "1000S,10C\n");
	used_is(&small, 1105, 3, "limits only");
	put("maildirsize", "");
	used_is(&small, 1105, 3, "empty, as a crash leaves it");
}

static void
test_note(struct buf *b)
{
	struct quota q;

	put("maildirsize", "1000S,10C\n500 5\n");
	quota_open(&q, &home, &small);
	quota_note(&q, STR("1.x,S=10,W=11:2,S"), 1);
	quota_note(&q, STR("1.y,S=30"), -1);
	CHECK_STR(str_z(text(b)), STR("1000S,10C\n500 5\n"), "not yet");
	quota_flush(&q);
	quota_flush(&q);
	CHECK_STR(
	    str_z(text(b)), STR("1000S,10C\n500 5\n-20 0\n"), "one line, once");
	quota_note(&q, STR("1.z"), -1);
	quota_flush(&q);
	CHECK_STR(str_z(text(b)), STR("(none)"), "no size: to be counted");
	quota_note(&q, STR("1.x,S=10"), 1);
	quota_flush(&q);
	CHECK_STR(str_z(text(b)), STR("(none)"), "no file: nothing to add to");
	quota_note(NULL, STR("1.x,S=10"), 1);
	quota_note_unknown(NULL);
	quota_flush(NULL);
	CHECK_NUM(quota_room(NULL, 1, 1), 1, "without quota: nothing happens");
}

static void
test_room(struct buf *b)
{
	const struct quota_limit unlimited = {0, 0, true}, untold = {0};
	struct quota q;

	/* there are 1105 octets in 3 messages */
	quota_open(&q, &home, &(struct quota_limit){1200, 0, true});
	CHECK_NUM(quota_room(&q, 95, 1), 1, "just fits");
	CHECK_NUM(quota_room(&q, 96, 1), 0, "does not");
	quota_open(&q, &home, &(struct quota_limit){0, 4, true});
	CHECK_NUM(quota_room(&q, 1 << 30, 1), 1, "one more message");
	CHECK_NUM(quota_room(&q, 0, 2), 0, "not two");
	put("maildirsize", "2000S\n1999 500\n");
	quota_open(&q, &home, &(struct quota_limit){2000, 0, true});
	CHECK_NUM(quota_room(&q, 10, 1), 1,
	    "a wrong count refuses nothing: counted anew before");
	CHECK_STR(str_z(text(b)), STR("2000S\n1105 3\n"), "and mended");
	quota_open(&q, &home, &unlimited);
	CHECK(!quota_on(&q), "told that there is none");
	CHECK_NUM(quota_room(&q, UINT64_MAX, 1), 1, "no limit");
	quota_open(&q, &home, &untold);
	CHECK(quota_on(&q) && q.limit.storage == 2000,
	    "told nothing: the file's limit");
	CHECK_NUM(quota_room(&q, 2000, 1), 0, "holds");
	unlinkat(home.fd, "maildirsize", 0);
	quota_open(&q, &home, &untold);
	CHECK(!quota_on(&q), "no file, no limit");
}

/* 5,120 octets are the most (Maildir++). */
static void
test_long(struct buf *b)
{
	struct quota q;
	struct buf long_text;

	buf_init(&long_text, 10000);
	buf_z(&long_text, "1000S,10C\n");
	while (long_text.n < QUOTA_FILE_MAX - 4)
		buf_z(&long_text, "1 0\n");
	put("maildirsize", buf_cstr(&long_text));
	quota_open(&q, &home, &small);
	used_is(&small, (long_text.n - 10) / 4, 0, "nearly full: added up");
	buf_z(&long_text, "1 0\n");
	put("maildirsize", buf_cstr(&long_text));
	used_is(&small, 1105, 3, "full: counted anew");
	CHECK_STR(str_z(text(b)), STR("1000S,10C\n1105 3\n"), "short again");
	buf_free(&long_text);
}

/* What is told may be 15 minutes old, when the folders are newer. */
static void
test_stale(void)
{
	const struct timespec old[2] = {
	    {time(NULL) - 2000, 0}, {time(NULL) - 2000, 0}};

	put("maildirsize", "1000S,10C\n1 1\n");
	used_is(&small, 1, 1, "young: as the file says");
	utimensat(home.fd, "maildirsize", old, 0);
	used_is(&small, 1105, 3, "old: counted");
	put("maildirsize", "1000S,10C\n1 1\n");
	utimensat(home.fd, "maildirsize", old, 0);
	utimensat(home.fd, "cur",
	    (struct timespec[2]){
		{old[0].tv_sec - 9, 0}, {old[0].tv_sec - 9, 0}},
	    0);
	utimensat(home.fd, "new",
	    (struct timespec[2]){
		{old[0].tv_sec - 9, 0}, {old[0].tv_sec - 9, 0}},
	    0);
	utimensat(home.fd, ".Trash/cur",
	    (struct timespec[2]){
		{old[0].tv_sec - 9, 0}, {old[0].tv_sec - 9, 0}},
	    0);
	utimensat(home.fd, ".Trash/new",
	    (struct timespec[2]){
		{old[0].tv_sec - 9, 0}, {old[0].tv_sec - 9, 0}},
	    0);
	used_is(&small, 1, 1, "old, and nothing happened since: as it says");
}

static void
test_allowance(void)
{
	static const struct {
		const char *text;
		int r;
		uint64_t storage, messages;
	} t[] = {{"1G", 0, 1 << 30, 0}, {"500M,10000", 0, 500 << 20, 10000},
	    {",7", 0, 0, 7}, {"none", 0, 0, 0}, {"0", 0, 0, 0}, {"", 0, 0, 0},
	    {"1000", 0, 1000, 0}, {"3kB", 0, 3072, 0}, {"2 g", -1, 0, 0},
	    {"1000S,5C", 0, 1000, 5}, {"1.5G", -1, 0, 0}, {"-1", -1, 0, 0},
	    {"G", -1, 0, 0}, {"1G,x", -1, 0, 0}, {"9999999999T", -1, 0, 0}};
	struct allowance a;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CHECK_NUM(
		    allowance_parse(str_z(t[i].text), &a), t[i].r, t[i].text);
		CHECK(a.storage == t[i].storage && a.messages == t[i].messages,
		    t[i].text);
	}
}

static void
test_account(void)
{
	static const struct {
		const char *extra;
		int r;
		uint64_t storage, messages;
	} t[] = {{"userdb_quota_rule=*:storage=1G", 0, 1 << 30, 0},
	    {"a=b userdb_quota_rule=*:storage=100:messages=5 c=d", 0, 100 << 10,
		5}, /* Dovecot's storage is in KiB */
	    {"userdb_quota_rule=*:bytes=100", 0, 100, 0},
	    {"userdb_quota_rule=*:bytes=0", 0, 0, 0},
	    {"userdb_quota_rule=Trash:storage=+10M", 0, 0, 0},
	    {"userdb_quota_rule=*:storage=x", -1, 0, 0},
	    {"a=b", 0, 2000, 0}}; /* the setting */
	struct allowance a;
	struct buf b;

	setenv("QUOTA", "2000", 1);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct user u = {.extra = str_z(t[i].extra)};

		CHECK_NUM(allowance_of(&u, &a), t[i].r, t[i].extra);
		CHECK(a.storage == t[i].storage && a.messages == t[i].messages,
		    t[i].extra);
	}
	buf_init(&b, 100);
	allowance_print(&b, &(struct allowance){10, 20});
	CHECK_STR(buf_slice(&b), STR("10S,20C"), "as Courier has it");
	buf_reset(&b);
	allowance_print(&b, &(struct allowance){0, 0});
	CHECK_STR(buf_slice(&b), STR("0S"), "none");
	buf_reset(&b);
	allowance_print_rule(&b, &(struct allowance){10, 20});
	CHECK_STR(
	    buf_slice(&b), STR("*:bytes=10:messages=20"), "as Dovecot has it");
	buf_free(&b);
}

int
main(void)
{
	struct buf b;
	char remove[100];

	if (!mkdtemp(root) || home_open(&home, root, true) < 0)
		return 1;
	buf_init(&b, 10000);
	folder(".");
	test_parse();
	test_read(&b);
	test_note(&b);
	test_room(&b);
	test_long(&b);
	test_stale();
	test_allowance();
	test_account();
	buf_free(&b);
	snprintf(remove, sizeof(remove), "rm -rf %s", root);
	return system(remove) != 0 || tap_done();
}
