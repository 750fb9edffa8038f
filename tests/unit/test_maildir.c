/* SPDX-License-Identifier: ISC */
/* The store: names, delivery, the view of a mailbox, folders. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/file.h"
#include "maildir/append.h"
#include "maildir/deliver.h"
#include "maildir/earlier.h"
#include "maildir/folder.h"
#include "maildir/home.h"
#include "maildir/keywords.h"
#include "maildir/mailbox.h"
#include "maildir/name.h"
#include "msg/flags.h"
#include "tap.h"

static char root[] = "/tmp/yubin-maildir.XXXXXX";
static struct home home;
static struct mail mail;

static struct mail
mail_of(struct mailbox *m, size_t i)
{
	struct mail it;

	mailbox_mail(m, i, &it);
	return it;
}

/* ------------------------------------------------------------------ names */

static void
test_names(void)
{
	struct name n = name_parse(STR("1.Q2.host,S=10,W=12:2,FPSa"));
	struct name odd = name_parse(STR("x:1,weird"));
	char to[NAME_SIZE];
	char long_name[245];
	uint64_t v = 0;

	memset(long_name, 'x', sizeof(long_name));
	CHECK_STR(n.base, STR("1.Q2.host,S=10,W=12"), "base ends at the colon");
	CHECK_NUM(n.flags, FLAG_FLAGGED | FLAG_SEEN, "F and S");
	CHECK_NUM(n.letters, 1, "keyword letter a");
	CHECK(name_size(n.base, 'S', &v) && v == 10, "S= read");
	CHECK(name_size(n.base, 'W', &v) && v == 12, "W= read");
	CHECK(!name_size(STR("a,S=1x"), 'S', &v), "a bad size is none");
	CHECK(!name_size(STR("a,S="), 'S', &v), "an empty size is none");
	CHECK_STR(name_sizes(n.base), STR(",S=10,W=12"), "the sizes' text");
	CHECK_NUM(name_sizes(STR("abc")).n, 0, "no sizes");
	n.flags |= FLAG_DRAFT | FLAG_DELETED | FLAG_ANSWERED;
	n.letters |= 1u << 25;
	CHECK(name_make(to, &n) == 0, "name made");
	CHECK_STR(str_z(to), STR("1.Q2.host,S=10,W=12:2,DFPRSTaz"),
	    "flags sorted, the unknown P kept");
	n.base = str_make(long_name, 245);
	CHECK(name_make(to, &n) < 0 && errno == ENAMETOOLONG,
	    "flags that find no room are no silent loss");
	CHECK(odd.flags == 0 && odd.base.n == 1, "another info is no flags");
	CHECK(!name_usable(STR(".x")) && !name_usable(STR("a\nb")) &&
		  !name_usable(STR(":2,S")) && !name_usable(STR("")),
	    "names that cannot be listed");
	CHECK(name_seconds("9.x") == 9 && name_seconds("x") == 0,
	    "the number of seconds in front");
}

static void
test_valid(void)
{
	static const struct {
		const char *name;
		bool ok;
	} t[] = {{"Sent", true}, {"Work.2024", true}, {"a b", true},
	    {"&AOk-t&AOk-", true}, {"&-", true}, {"a&-b", true},
	    {"&2D3eAA-", true}, {"", false}, {".a", false}, {"a.", false},
	    {"a..b", false}, {"..", false}, {"a/b", false}, {"../x", false},
	    {"a\nb", false}, {"a\x7f", false}, {"\xc3\xa9", false},
	    {"&", false}, {"&AOk", false}, {"&AG4-", false}, {"&AAA-", false},
	    {"&AAo-", false}, {"&AC8-", false}, {"&2D0-", false},
	    {"&3gA-", false}, {"&AOl-", false}, {"&AOkA-", false},
	    {"&A-", false}, {"&AOk-&AOk-", false}, {"&AOk!-", false},
	    {"INBOX", true}};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		bool ok = folder_valid(str_z(t[i].name));

		CHECK(ok == t[i].ok,
		    t[i].ok ? "a name one may have" : "a name refused");
		if (ok != t[i].ok)
			printf("# name %zu\n", i);
	}
}

/* --------------------------------------------------------------- delivery */

static int
deliver(struct str folder, const char *base, const char *text)
{
	struct deliver d;
	int r = deliver_open(&d, &home, folder, base);

	if (r != 1)
		return r - 10;
	for (const char *p = text; *p; p++)
		deliver_data(&d, p, 1);
	r = deliver_commit(&d);
	deliver_close(&d);
	return r;
}

/* The text of message i with its end-of-line octets. */
static void
check_text(struct mailbox *m, size_t i, const char *want, const char *what)
{
	struct mailbox_text t;

	CHECK_NUM(mailbox_read(m, i, &t), 1, what);
	CHECK_STR(t.text, str_z(want), what);
	mailbox_read_end(&t);
}

static void
test_deliver(void)
{
	struct mailbox m;
	struct deliver d;
	static char names[][NAME_SIZE] = {"100.Qx.h,S=8,W=11"};
	struct earlier_lists lists = {0};
	struct earlier e;

	CHECK_NUM(deliver(STR("INBOX"), "100.Qx.h", "A: b\r\n\r\nc\r\n"), 1,
	    "delivered");
	CHECK_NUM(deliver(STR("INBOX"), "100.Qx.h", "A: b\r\n\r\nc\r\n"), 0,
	    "the same name again is the same message");
	CHECK_NUM(deliver(STR("INBOX"), "101.Qy.h", "a\r\r\nb\rc\nd\r"), 1,
	    "odd line ends");
	CHECK_NUM(deliver(STR("Nope"), "1.h", "x"), -10, "no such mailbox");
	CHECK_NUM(deliver_open(&d, &home, STR("INBOX"), "a/b"), -1,
	    "a slash in the name is refused");
	CHECK_NUM(earlier_find(&lists, home.fd, "100.Qx.h", names, 1, &e), 1,
	    "found in new/");
	CHECK_STR(str_z(e.path[0]), STR("new/100.Qx.h,S=8,W=11"), "its name");
	CHECK_NUM(mailbox_open(&m, &home, STR("inbox"), false), 1, "INBOX");
	CHECK_NUM(earlier_find(&lists, home.fd, "100.Qx.h", names, 1, &e), 1,
	    "found in cur/");
	CHECK_NUM(earlier_find(&lists, home.fd, "100.Q", names, 0, &e), 0,
	    "only a whole base");
	earlier_forget(&lists);
	CHECK_NUM(earlier_find(&lists, home.fd, "100.Qx.h", names, 1, &e), 1,
	    "found in cur/ anew");
	earlier_forget(&lists);
	CHECK_STR(
	    str_z(e.path[0]), STR("cur/100.Qx.h,S=8,W=11:2,"), "its name");
	CHECK_NUM(earlier_sync(home.fd, e.path[0]), 1, "made durable");
	CHECK_NUM(earlier_sync(home.fd, "cur/x"), 0, "one that is gone");
	CHECK_NUM(m.n, 2, "two messages");
	CHECK_NUM(mailbox_recent(&m), 2, "both recent");
	CHECK(mail_of(&m, 0).uid == 1 && mail_of(&m, 1).uid == 2 &&
		  m.uidnext == 3,
	    "UIDs from 1 in order of time");
	check_text(&m, 0, "A: b\n\nc\n", "stored with LF");
	CHECK(mailbox_measure(&m, 0, &mail) == 1 && mail.size == 8 &&
		  mail.wire_size == 11,
	    "sizes stored and on the wire");
	check_text(&m, 1, "a\r\r\nb\rc\nd\r",
	    "CR CR LF and bare CR kept, else nothing lost");
	CHECK(mailbox_measure(&m, 1, &mail) == 1 && mail.wire_size == 11,
	    "one bare LF counts one more");
	mailbox_close(&m);
	CHECK_NUM(mailbox_open(&m, &home, STR("INBOX"), true), 1, "EXAMINE");
	CHECK_NUM(mailbox_recent(&m), 0, "recent to one session only");
	CHECK_NUM(mailbox_store(&m, (size_t[]){0}, 1, STORE_ADD, FLAG_SEEN, 0),
	    -1, "no STORE in a read-only mailbox");
	mailbox_close(&m);
}

/* ------------------------------------------------------- two sessions */

static void
test_sessions(void)
{
	struct mailbox a, b;
	struct mailbox_changes c;
	int k;

	CHECK_NUM(mailbox_open(&a, &home, STR("INBOX"), false), 1, "first");
	CHECK_NUM(mailbox_open(&b, &home, STR("INBOX"), false), 1, "second");
	CHECK(mailbox_sync(&a, true, &c) == 0 && !c.exists && !c.nexpunged &&
		  !c.nflagged,
	    "nothing new");
	k = mailbox_keyword(&a, STR("$Forwarded"), true);
	CHECK_NUM(k, 0, "the first letter");
	CHECK_NUM(mailbox_store(
		      &a, (size_t[]){0, 1}, 2, STORE_ADD, FLAG_SEEN, 1u << k),
	    0, "STORE");
	CHECK_NUM(
	    mailbox_store(&b, (size_t[]){0}, 1, STORE_ADD, FLAG_FLAGGED, 0), 0,
	    "STORE by the other, renamed since");
	CHECK_NUM(mail_of(&b, 0).flags, FLAG_SEEN | FLAG_FLAGGED,
	    "both changes are there");
	CHECK(mailbox_sync(&b, true, &c) == 0 && c.nflagged == 2 && c.keywords,
	    "the other's flags and keyword reported");
	CHECK(b.keyword[0] && strcmp(b.keyword[0], "$Forwarded") == 0 &&
		  mail_of(&b, 1).keywords == 1,
	    "keyword seen");
	CHECK(mailbox_sync(&a, true, &c) == 0 && c.nflagged == 1 &&
		  c.flagged[0] == 0 &&
		  mail_of(&a, 0).flags == (FLAG_SEEN | FLAG_FLAGGED),
	    "and the first sees the second's");
	CHECK_NUM(deliver(STR("INBOX"), "102.Qz.h", "new\r\n"), 1, "a third");
	CHECK(mailbox_sync(&a, false, &c) == 0 && c.exists && a.n == 3 &&
		  mail_of(&a, 2).recent && mail_of(&a, 2).uid == 3,
	    "noticed by the first");
	CHECK(mailbox_sync(&b, false, &c) == 0 && c.exists && b.n == 3 &&
		  !mail_of(&b, 2).recent && mail_of(&b, 2).uid == 3,
	    "same UID in the second, not recent there");
	CHECK_NUM(
	    mailbox_store(&a, (size_t[]){0, 1}, 2, STORE_ADD, FLAG_DELETED, 0),
	    0, "delete two");
	CHECK_NUM(
	    mailbox_store(&b, (size_t[]){1}, 1, STORE_REMOVE, FLAG_DELETED, 0),
	    0, "the other rescues one");
	CHECK_NUM(mailbox_expunge(&a, NULL), 0, "EXPUNGE");
	CHECK(mailbox_sync(&a, true, &c) == 0 && c.nexpunged == 1 &&
		  c.expunged[0] == 1 && c.expunged_uid[0] == 1 && a.n == 2,
	    "only the other one went");
	CHECK(mailbox_sync(&b, false, &c) == 0 && !c.nexpunged && b.n == 3 &&
		  mail_of(&b, 0).gone,
	    "expunge held back in the second");
	CHECK_NUM(mailbox_measure(&b, 0, &mail), 0, "vanished");
	CHECK(mailbox_sync(&b, true, &c) == 0 && c.nexpunged == 1 && b.n == 2,
	    "and told when allowed");
	mailbox_close(&a);
	mailbox_close(&b);
}

/* ------------------------------------------------------- append, copy */

static void
test_append(void)
{
	struct append a;
	struct str words[] = {STR("$Forwarded"), STR("bad(word"), STR("Work")};
	struct mailbox m;

	CHECK_NUM(append_open(&a, &home, STR("Nope")), 0, "TRYCREATE");
	CHECK_NUM(append_open(&a, &home, STR("INBOX")), 1, "append");
	CHECK_NUM(append_begin(&a, FLAG_SEEN | FLAG_RECENT, words, 3, 86400), 0,
	    "first");
	append_data(&a, "one\r", 4);
	append_data(&a, "\n", 1);
	CHECK_NUM(append_end(&a), 0, "complete");
	CHECK_NUM(append_begin(&a, 0, NULL, 0, -1), 0, "second");
	append_data(&a, "two", 3);
	CHECK_NUM(append_end(&a), 0, "complete");
	CHECK_NUM(append_commit(&a), 0, "commit");
	CHECK(a.n == 2 && a.uids[0] == 4 && a.uids[1] == 5, "APPENDUID");
	append_close(&a);
	CHECK_NUM(append_open(&a, &home, STR("INBOX")), 1, "append");
	CHECK_NUM(append_begin(&a, 0, NULL, 0, -1), 0, "cut off");
	append_data(&a, "never", 5);
	append_close(&a);
	CHECK_NUM(mailbox_open(&m, &home, STR("INBOX"), false), 1, "open");
	CHECK_NUM(m.n, 4, "an unfinished one leaves nothing");
	CHECK(mail_of(&m, 2).uid == 4 && mail_of(&m, 2).flags == FLAG_SEEN,
	    "its flags, \\Recent not");
	CHECK_NUM(
	    mail_of(&m, 2).keywords, 3, "two keywords, the bad one left out");
	CHECK(mailbox_measure(&m, 2, &mail) == 1 && mail.date_s == 86400,
	    "its date");
	CHECK(mail_of(&m, 3).recent && mail_of(&m, 3).uid == 5,
	    "one without flags is recent");
	mailbox_close(&m);
}

static void
test_copy(void)
{
	struct mailbox m, d;
	struct mailbox_copied pairs[4];
	struct mailbox_changes c;
	size_t n;
	uint32_t v;

	CHECK_NUM(mailbox_open(&m, &home, STR("INBOX"), false), 1, "source");
	CHECK(mailbox_copy(&m, (size_t[]){0}, 1, STR("Nope"), false, pairs, &n,
		  &v) < 0 &&
		  errno == ENOENT,
	    "no destination");
	CHECK_NUM(folder_create(&home, STR("Box"), STR("")), 0, "create");
	CHECK_NUM(mailbox_copy(&m, (size_t[]){0, 2}, 2, STR("Box"), false,
		      pairs, &n, &v),
	    0, "copy");
	CHECK(n == 2 && pairs[0].from == 2 && pairs[0].to == 1 &&
		  pairs[1].from == 4 && pairs[1].to == 2,
	    "COPYUID");
	CHECK_NUM(mailbox_open(&d, &home, STR("Box"), false), 1, "dest");
	CHECK(d.uidvalidity == v && v != m.uidvalidity, "its UIDVALIDITY");
	CHECK(d.n == 2 && mail_of(&d, 1).flags == FLAG_SEEN &&
		  mail_of(&d, 1).keywords == 3,
	    "flags and keywords by name");
	CHECK(mailbox_measure(&d, 1, &mail) == 1 && mail.date_s == 86400,
	    "date kept");
	CHECK_NUM(mailbox_copy(
		      &m, (size_t[]){1, 3}, 2, STR("Box"), true, pairs, &n, &v),
	    0, "move");
	CHECK(n == 2 && pairs[0].from == 3 && pairs[1].from == 5 &&
		  pairs[0].to == 3 && pairs[1].to == 4,
	    "COPYUID of the move");
	CHECK(mailbox_sync(&m, true, &c) == 0 && c.nexpunged == 2 &&
		  c.expunged[0] == 4 && c.expunged[1] == 2 && m.n == 2,
	    "gone from the source, highest number first");
	CHECK(mailbox_sync(&d, true, &c) == 0 && c.exists && d.n == 4, "moved");
	CHECK_NUM(mailbox_copy(
		      &d, (size_t[]){0}, 1, STR("Box"), false, pairs, &n, &v),
	    0, "copy into itself");
	CHECK(mailbox_sync(&d, true, &c) == 0 && d.n == 5 &&
		  mail_of(&d, 4).uid == 5,
	    "a new message");
	mailbox_close(&m);
	mailbox_close(&d);
}

/* ---------------------------------------------------------------- folders */

static bool
listed(struct str name, bool noselect, bool children)
{
	struct arena a;
	struct folder *list;
	size_t n;
	bool found = false;

	arena_init(&a, 1 << 24);
	if (folder_list(&home, &a, &list, &n) == 0)
		for (size_t i = 0; i < n; i++)
			if (str_eq(list[i].name, name))
				found = list[i].noselect == noselect &&
				        list[i].children == children;
	arena_free(&a);
	return found;
}

static uint32_t
validity(struct str name)
{
	struct mailbox_status st;

	return mailbox_status(&home, name, false, &st) == 1 ? st.uidvalidity
	                                                    : 0;
}

static void
test_folders(void)
{
	uint32_t before;

	CHECK_NUM(
	    folder_create(&home, STR("A.B.C"), STR("")), 0, "create deep");
	CHECK(listed(STR("A"), true, true) && listed(STR("A.B"), true, true) &&
		  listed(STR("A.B.C"), false, false),
	    "parents that do not exist are \\Noselect");
	CHECK(
	    folder_create(&home, STR("A.B.C"), STR("")) < 0 && errno == EEXIST,
	    "twice");
	CHECK(
	    folder_create(&home, STR("inBox"), STR("")) < 0 && errno == EEXIST,
	    "INBOX exists");
	CHECK(folder_create(&home, STR("../x"), STR("")) < 0 && errno == EINVAL,
	    "out of the house");
	CHECK_NUM(folder_create(&home, STR("A."), STR("")), 0,
	    "the delimiter at the end is ignored (RFC 3501 6.3.3)");
	before = validity(STR("A.B.C"));
	CHECK(before != 0, "UIDVALIDITY");
	CHECK_NUM(folder_delete(&home, STR("A")), 0, "children stay");
	CHECK(listed(STR("A"), true, true), "\\Noselect again");
	CHECK(folder_delete(&home, STR("A")) < 0 && errno == ENOTEMPTY,
	    "only a parent: cannot be deleted (6.3.4)");
	CHECK(folder_delete(&home, STR("INBOX")) < 0 && errno == EPERM,
	    "INBOX stays");
	CHECK(folder_delete(&home, STR("X")) < 0 && errno == ENOENT, "none");
	CHECK_NUM(folder_delete(&home, STR("A.B.C")), 0, "delete");
	CHECK_NUM(folder_create(&home, STR("A.B.C"), STR("")), 0, "again");
	CHECK(validity(STR("A.B.C")) > before, "a greater UIDVALIDITY");
	CHECK_NUM(folder_rename(&home, STR("A"), STR("Z.y")), 0,
	    "rename of a parent");
	CHECK(listed(STR("Z.y.B.C"), false, false) &&
		  !listed(STR("A"), true, true),
	    "children go along (6.3.5)");
	CHECK(
	    folder_rename(&home, STR("Z.y"), STR("Box")) < 0 && errno == EEXIST,
	    "the new name is taken");
	CHECK(
	    folder_rename(&home, STR("none"), STR("b")) < 0 && errno == ENOENT,
	    "nothing to rename");
	CHECK_NUM(
	    folder_rename(&home, STR("INBOX"), STR("Old")), 0, "RENAME INBOX");
	CHECK_NUM(folder_exists(&home, STR("INBOX")), 1, "it stays");
	CHECK_NUM(deliver(STR("Old"), NULL, "x"), 1, "a real mailbox");
}

static void
test_subscriptions(void)
{
	struct arena a;
	struct str *names;
	struct buf b;
	size_t n;

	arena_init(&a, 1 << 20);
	CHECK_NUM(folder_subscribe(&home, STR("inbox"), true), 0, "INBOX");
	CHECK_NUM(folder_subscribe(&home, STR("Box"), true), 0, "Box");
	CHECK_NUM(folder_subscribe(&home, STR("Box"), true), 0, "twice");
	CHECK_NUM(folder_subscribe(&home, STR("not.there"), true), 0,
	    "need not exist (RFC 3501 6.3.6)");
	CHECK_NUM(folder_subscribe(&home, STR("Box"), false), 0, "no more");
	CHECK(folder_subscribed(&home, &a, &names, &n) == 0 && n == 2 &&
		  str_eq(names[0], STR("INBOX")) &&
		  str_eq(names[1], STR("not.there")),
	    "sorted list");
	CHECK_NUM(file_replace(home.fd, "subscriptions",
		      STR("V\t2\n\nArchive\t2024\n"), 0600),
	    0, "version 2");
	CHECK(folder_subscribed(&home, &a, &names, &n) == 0 && n == 1 &&
		  str_eq(names[0], STR("Archive.2024")),
	    "Dovecot's version 2 is read");
	CHECK_NUM(folder_subscribe(&home, STR("x.y"), true), 0, "one more");
	CHECK_NUM(folder_subscribe(&home, STR("none"), false), 0, "not there");
	buf_init(&b, 1000);
	CHECK(file_read(home.fd, "subscriptions", &b) == 0 &&
		  str_eq(buf_slice(&b), STR("V\t2\n\nArchive\t2024\nx\ty\n")),
	    "and written");
	CHECK_NUM(mkdirat(home.fd, ".\303\274", 0700), 0, "in UTF-8");
	CHECK_NUM(file_replace(home.fd, "subscriptions",
		      STR("R&D\nGr\303\266\303\237e\n\377\nb"), 0600),
	    0, "version 1, by Dovecot with names in UTF-8");
	CHECK_NUM(folder_subscribe(&home, STR("b"), false), 0, "the last one");
	CHECK_NUM(folder_subscribe(&home, STR("&APw-"), true), 0, "u umlaut");
	CHECK(folder_subscribed(&home, &a, &names, &n) == 0 && n == 4 &&
		  str_eq(names[0], STR("&9,8-")) &&
		  str_eq(names[1], STR("&APw-")) &&
		  str_eq(names[2], STR("Gr&APYA3w-e")) &&
		  str_eq(names[3], STR("R&-D")),
	    "names as those of folders");
	buf_reset(&b);
	CHECK(file_read(home.fd, "subscriptions", &b) == 0 &&
		  str_eq(buf_slice(&b),
		      STR("R&D\nGr\303\266\303\237e\n\377\n\303\274\n")),
	    "lines stay, a new one is spelled as the folder");
	CHECK_NUM(unlinkat(home.fd, ".\303\274", AT_REMOVEDIR), 0, "gone");
	buf_free(&b);
	arena_free(&a);
}

/* --------------------------------------------------------- foreign hands */

static void
test_foreign(void)
{
	struct mailbox m;
	struct mailbox_changes c;
	uint32_t v;
	int dir;

	CHECK_NUM(folder_create(&home, STR("F"), STR("")), 0, "folder");
	CHECK_NUM(deliver(STR("F"), "1.a", "one\n"), 1, "1");
	CHECK_NUM(deliver(STR("F"), "2.b", "two\n"), 1, "2");
	CHECK_NUM(mailbox_open(&m, &home, STR("F"), false), 1, "open");
	v = m.uidvalidity;
	dir = openat(home.fd, ".F", O_RDONLY | O_DIRECTORY);
	CHECK_NUM(
	    renameat(dir, "cur/1.a,S=4,W=5:2,", dir, "cur/1.a,S=4,W=5:2,S"), 0,
	    "mutt marks it read");
	check_text(&m, 0, "one\n", "found under its new name");
	CHECK(mailbox_sync(&m, true, &c) == 0 && c.nflagged == 1, "told");
	CHECK_NUM(unlinkat(dir, "dovecot-uidlist", 0), 0, "the list is lost");
	CHECK_NUM(deliver(STR("F"), "3.c", "three\n"), 1, "3");
	CHECK(mailbox_sync(&m, true, &c) == 0 && m.n == 3 &&
		  mail_of(&m, 2).uid == 3 && m.uidvalidity == v,
	    "a running session restores it");
	mailbox_close(&m);
	CHECK_NUM(validity(STR("F")), v, "UIDVALIDITY unchanged");
	CHECK_NUM(unlinkat(dir, "dovecot-uidlist", 0), 0, "lost for good");
	CHECK(validity(STR("F")) > v, "greater UIDVALIDITY after a real loss");
	CHECK_NUM(mkdirat(dir, "cur/sub", 0700), 0, "a directory in cur/");
	CHECK_NUM(symlinkat("/etc/passwd", dir, "cur/link:2,"), 0, "a link");
	CHECK_NUM(mkfifoat(dir, "cur/fifo:2,", 0600), 0, "a FIFO");
	CHECK(mailbox_open(&m, &home, STR("F"), false) == 1 && m.n == 3,
	    "none of these is a message");
	CHECK_NUM(unlinkat(dir, "cur/2.b,S=4,W=5:2,", 0), 0, "rm");
	CHECK_NUM(mailbox_store(&m, (size_t[]){1}, 1, STORE_ADD, FLAG_SEEN, 0),
	    0, "STORE passes over it");
	CHECK(mail_of(&m, 1).gone, "and knows");
	CHECK_NUM(folder_delete(&home, STR("F")), 0, "deleted while open");
	CHECK(mailbox_sync(&m, true, &c) == 0 && m.n == 0 && m.deleted,
	    "everything is gone");
	mailbox_close(&m);
	close(dir);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* RFC 7162 3.2.5: whoever knows a MODSEQ is told which messages have gone
 * since; also by a session, and an index, that was not there then.  RFC
 * 8474 5.1: an EMAILID goes along to a copy. */
static void
test_remembered(void)
{
	struct mailbox m, other;
	struct mailbox_changes c;
	struct mailbox_copied pair;
	char id[MAILBOX_ID], copy_id[MAILBOX_ID];
	struct arena a;
	uint64_t before;
	uint32_t *uids, uid, validity;
	size_t n;

	arena_init(&a, 1 << 16);
	CHECK_NUM(deliver(STR("INBOX"), "300.Qr.h", "one\r\n"), 1, "deliver");
	CHECK_NUM(mailbox_open(&m, &home, STR("INBOX"), false), 1, "open");
	uid = mailbox_uid(&m, m.n - 1);
	mailbox_id(&m, m.n - 1, id);
	before = m.modseq;
	CHECK(mailbox_vanished(&m, before, &a, &uids, &n) == 1 && n == 0,
	    "nothing has gone since now");
	CHECK(folder_create(&home, STR("Kept"), STR("")) >= 0, "a folder");
	CHECK_NUM(mailbox_copy(&m, (size_t[]){m.n - 1}, 1, STR("Kept"), true,
		      &pair, &n, &validity),
	    0, "MOVE");
	mailbox_close(&m);
	CHECK_NUM(mailbox_open(&m, &home, STR("INBOX"), false), 1, "again");
	CHECK(mailbox_sync(&m, true, &c) == 0, "sync");
	CHECK(mailbox_vanished(&m, before, &a, &uids, &n) == 1 && n == 1 &&
		  uids[0] == uid,
	    "the one that was moved away");
	CHECK(mailbox_vanished(&m, m.modseq, &a, &uids, &n) == 1 && n == 0,
	    "and is no news any more");
	mailbox_close(&m);
	CHECK_NUM(mailbox_open(&other, &home, STR("Kept"), true), 1, "there");
	mailbox_id(&other, 0, copy_id);
	CHECK(id[0] && strcmp(id, copy_id) == 0, "its id went along");
	mailbox_close(&other);
	arena_free(&a);
}

int
main(void)
{
	struct arena a;
	const char *words[KEYWORDS_N];

	if (!mkdtemp(root) || home_open(&home, root, true) < 0)
		return 1;
	arena_init(&a, 1 << 20);
	keywords_parse(
	    STR("0 a\n1 b\n1 c\n26 d\nx\n2 A\n3 e(\n25 z"), &a, words);
	CHECK(words[0] && words[1] && words[25] && !words[2] && !words[3] &&
		  strcmp(words[1], "b") == 0,
	    "dovecot-keywords: bad lines are skipped");
	arena_free(&a);
	test_names();
	test_valid();
	test_deliver();
	test_sessions();
	test_append();
	test_copy();
	test_folders();
	test_subscriptions();
	test_foreign();
	test_remembered();
	home_close(&home);
	remove_tree(root);
	return tap_done();
}
