/* SPDX-License-Identifier: ISC */
/* Special uses of mailboxes. */
#include "maildir/folder_use.h"

#include <stdio.h>

#include "io/file.h"

#define NAMES 4
#define TEXT_MAX 1000

/* The usual names, the best one first. */
static const struct {
	const char *use;
	const char *names[NAMES];
} uses[] = {
    {"\\Archive", {"Archive", "Archives"}},
    {"\\Drafts", {"Drafts", "Draft"}},
    {"\\Junk", {"Junk", "Spam", "Junk E-mail", "Junk Email"}},
    {"\\Sent", {"Sent", "Sent Messages", "Sent Items", "Sent Mail"}},
    {"\\Trash", {"Trash", "Deleted Messages", "Deleted Items", "Deleted"}},
};
#define USES (sizeof(uses) / sizeof(uses[0]))

/* The number of the use called name, or -1. */
static int
find(struct str name)
{
	for (size_t i = 0; i < USES; i++)
		if (str_ieq(name, str_z(uses[i].use)))
			return (int)i;
	return -1;
}

/* The uses of a set, divided by blanks. */
static struct str
print(unsigned set, struct arena *a)
{
	char text[64];
	int n = 0;

	for (size_t i = 0; i < USES; i++)
		if (set & 1u << i)
			n += snprintf(text + n, sizeof(text) - (size_t)n,
			    "%s%s", n ? " " : "", uses[i].use);
	return arena_str(a, str_make(text, (size_t)n));
}

bool
folder_use_known(struct str name)
{
	return find(name) >= 0;
}

void
folder_use_read(
    const struct home *h, const char *dir, struct arena *a, struct folder *f)
{
	char path[NAME_MAX + sizeof(FOLDER_USES) + 1];
	struct str rest, line, word;
	unsigned set = 0;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	snprintf(path, sizeof(path), "%s/" FOLDER_USES, dir);
	f->marked = file_read(h->fd, path, &b) == 0;
	rest = buf_slice(&b);
	while (f->marked && str_cut(&rest, '\n', &line))
		while (str_cut(&line, ' ', &word)) {
			int i = find(str_trim(word));

			if (i >= 0)
				set |= 1u << i;
		}
	f->special = print(set, a);
	buf_free(&b);
}

/* Whether some folder is marked with the use. */
static bool
has(const struct folder *list, size_t n, struct str use)
{
	struct str rest, word;

	for (size_t i = 0; i < n; i++) {
		rest = list[i].special;
		while (str_cut(&rest, ' ', &word))
			if (str_eq(word, use))
				return true;
	}
	return false;
}

/* The folder that bears the name and may get a use, or NULL. */
static struct folder *
named(struct folder *list, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (!list[i].noselect && !list[i].marked &&
		    list[i].special.n == 0 &&
		    str_ieq(list[i].name, str_z(name)))
			return &list[i];
	return NULL;
}

void
folder_use_guess(struct folder *list, size_t n)
{
	for (size_t u = 0; u < USES; u++) {
		struct folder *f = NULL;

		if (has(list, n, str_z(uses[u].use)))
			continue;
		for (size_t i = 0; !f && i < NAMES; i++)
			f = named(list, n, uses[u].names[i]);
		if (f)
			f->special = str_z(uses[u].use);
	}
}
