/* SPDX-License-Identifier: ISC */
/* maildir/folder_name: names of mailboxes and of their directories. */
#include "tap.h"

#include "maildir/folder.h"
#include "maildir/folder_name.h"

/* The directory of the mailbox; NULL: it is none. */
static const struct {
	const char *dir, *name;
} t[] = {
    {".Sent", "Sent"},
    {".Work.2024", "Work.2024"},
    {".a b", "a b"},
    {".Entw&APw-rfe", "Entw&APw-rfe"},
    {".R&-D", "R&-D"},
    {".&U,BTFw-", "&U,BTFw-"},
    /* UTF-8, made by hand or by Dovecot's option */
    {".Entw\303\274rfe", "Entw&APw-rfe"},
    {".\345\217\260\345\214\227.x", "&U,BTFw-.x"},
    {".\360\237\230\200", "&2D3eAA-"},
    /* no valid modified UTF-7: taken as UTF-8 */
    {".R&D", "R&-D"},
    {".a&AGE-", "a&-AGE-"}, /* "aa" has another spelling */
    {".&AOk", "&-AOk"},     /* not closed */
    /* no UTF-8 either: U+F700 + octet */
    {".Entw\374rfe", "Entw&9,w-rfe"},
    {".a\nb", "a&9wo-b"},
    {".a\302\205", "a&98L3hQ-"}, /* a C1 control: both octets */
    {".a..b", "a.&9y4-b"},       /* an empty level: the second dot */
    {".a.", "a&9y4-"},
    {".\357\237\274", "&9+,3n,e8-"}, /* what stands for an octet */
    {".\357\237\274\377", "&9+,3n,e89,8-"},
    /* INBOX as the first level (RFC 3501 5.1) */
    {".INBOX.a", "INBOX.a"},
    {".inbox.a", "INBOX.a"},
    {".Inbox.\303\274", "INBOX.&APw-"},
    {".inboxes.a", "inboxes.a"},
    /* no folders */
    {"Sent", NULL},
    {".", NULL},
    {"..", NULL},
    {"..deleted.x", NULL},
    {"cur", NULL},
};

static bool
spells(struct str name, const char *dir)
{
	char found[NAME_MAX + 1];

	for (int i = 0; i < FOLDER_NAME_SPELLINGS; i++)
		if (folder_name_spell(name, i, found) &&
		    strcmp(found, dir) == 0)
			return true;
	return false;
}

static void
test_table(void)
{
	struct buf b;

	buf_init(&b, FOLDER_NAME_MAX);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		bool ok;

		buf_reset(&b);
		ok = folder_name_read(t[i].dir, &b);
		CHECK(ok == (t[i].name != NULL), "a folder, or none");
		if (!ok || !t[i].name)
			continue;
		CHECK_STR(buf_slice(&b), str_z(t[i].name), "its name");
		CHECK(spells(buf_slice(&b), t[i].dir), "leads back to it");
	}
	buf_free(&b);
}

/* Each octet at each place of a name: listed and found, or no folder. */
static void
test_octets(void)
{
	struct buf b;
	int bad = 0, seen = 0;

	buf_init(&b, FOLDER_NAME_MAX);
	for (int c = 1; c < 256; c++) {
		for (int at = 1; at < 4; at++) {
			char dir[] = ".xyz";

			if (c == '/' || (c == '.' && at == 1))
				continue;
			dir[at] = (char)c;
			buf_reset(&b);
			bad += !folder_name_read(dir, &b) ||
			       !spells(buf_slice(&b), dir);
			seen++;
		}
	}
	CHECK_NUM(bad, 0, "any octet makes a usable folder");
	CHECK(seen > 700, "all were tried");
	buf_free(&b);
}

static void
test_lengths(void)
{
	char dir[NAME_MAX + 1], name[NAME_MAX + 1];
	struct buf b;

	buf_init(&b, FOLDER_NAME_MAX);
	memset(name, 'x', sizeof(name));
	CHECK(folder_name_spell(str_make(name, 254), 0, dir) &&
		  strlen(dir) == 255,
	    "254 octets and the dot are what a directory can have");
	CHECK(!folder_name_spell(str_make(name, 255), 0, dir), "no more");
	memset(dir, 'a', sizeof(dir));
	dir[0] = '.';
	for (size_t i = 1; i < NAME_MAX; i += 2)
		dir[i] = '\377';
	dir[NAME_MAX] = '\0';
	CHECK(folder_name_read(dir, &b) && spells(buf_slice(&b), dir),
	    "the longest name there can be fits");
	buf_reset(&b);
	memset(dir + 1, '\377', NAME_MAX - 1);
	CHECK(folder_name_read(dir, &b) && spells(buf_slice(&b), dir),
	    "so does one of strange octets only");
	buf_free(&b);
}

int
main(void)
{
	test_table();
	test_octets();
	test_lengths();
	return tap_done();
}
