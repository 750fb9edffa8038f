/* SPDX-License-Identifier: ISC */
/* The tree of mailboxes: listing, making, removing. */
#include "maildir/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "io/dir.h"
#include "maildir/folder_disk.h"
#include "maildir/folder_name.h"
#include "maildir/folder_use.h"

#define ARENA_MAX ((size_t)256 << 20)

static int
by_name(const void *a, const void *b)
{
	const struct folder *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

/* The name of the mailbox in the directory; empty when it is none, or one that
 * nobody could get at: a second spelling of another. */
static struct str
name_of(const struct home *h, const char *dir, struct arena *a)
{
	char found[NAME_MAX + 1];
	struct str name = STR("");
	struct buf b;

	buf_init(&b, FOLDER_NAME_MAX);
	if (folder_name_read(dir, &b) && !b.over &&
	    home_folder_dir(h, buf_slice(&b), found) == 0 &&
	    strcmp(found, dir) == 0 && folder_disk_is(h, dir))
		name = arena_str(a, buf_slice(&b));
	buf_free(&b);
	return name;
}

/* Names that exist, and their parents; duplicates are merged later. */
static void
collect(const struct home *h, char *const *names, size_t n, struct arena *a,
    struct folder **list, size_t *count)
{
	size_t levels = 1;

	for (size_t i = 0; i < n; i++)
		for (const char *p = names[i]; *p; p++)
			levels += *p == FOLDER_DELIMITER;
	*list = arena_array(a, levels, sizeof(**list));
	*count = 0;
	for (size_t i = 0; i < n; i++) {
		struct str name = name_of(h, names[i], a);
		struct folder *f = &(*list)[*count];

		if (name.n == 0)
			continue;
		f->name = name;
		folder_use_read(h, names[i], a, f);
		++*count;
		for (size_t at = 1; at < name.n; at++)
			if (name.p[at] == FOLDER_DELIMITER)
				(*list)[(*count)++] =
				    (struct folder){.name = str_to(name, at),
					.noselect = true,
					.children = true};
	}
}

/* One entry for each name, from a sorted list; returns how many remain. */
static size_t
merge(struct folder *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct folder *last = &list[kept ? kept - 1 : 0];
		bool children = list[i].children;

		if (kept == 0 || !str_eq(last->name, list[i].name)) {
			list[kept++] = list[i];
			continue;
		}
		children = children || last->children;
		if (last->noselect)
			*last = list[i];
		last->children = children;
	}
	return kept;
}

int
folder_list(
    const struct home *h, struct arena *a, struct folder **list, size_t *n)
{
	char **names;
	size_t count;
	struct folder inbox = {.name = STR("INBOX")};
	struct folder *found;

	folder_mend(h);
	if (dir_list(h->fd, ".", 1, FOLDERS_MAX, a, &names, &count) < 0)
		return -1;
	collect(h, names, count, a, &found, &count);
	if (count)
		qsort(found, count, sizeof(*found), by_name);
	count = merge(found, count);
	folder_use_guess(found, count);
	*list = arena_array(a, count + 1, sizeof(**list));
	*n = 1;
	for (size_t i = 0; i < count; i++) {
		if (str_eq(found[i].name, STR("INBOX")))
			inbox.children = true;
		else
			(*list)[(*n)++] = found[i];
	}
	(*list)[0] = inbox;
	return 0;
}

int
folder_exists(const struct home *h, struct str name)
{
	char dir[NAME_MAX + 1];

	if (home_folder_dir(h, name, dir) < 0)
		return 0;
	return dir[1] == '\0' || folder_disk_is(h, dir);
}

int
folder_create(const struct home *h, struct str name, struct str uses)
{
	char dir[NAME_MAX + 1];

	folder_mend(h);
	if (name.n && name.p[name.n - 1] == FOLDER_DELIMITER)
		name.n--;
	if (home_folder_dir(h, name, dir) < 0)
		return -1;
	if (dir[1] == '\0' || folder_disk_is(h, dir)) {
		errno = EEXIST;
		return -1;
	}
	return folder_disk_make(h, dir, uses);
}

/* Whether there are mailboxes below this one. */
static bool
has_children(const struct home *h, struct str name)
{
	struct arena a;
	struct folder *list;
	size_t n;
	bool found = false;

	arena_init(&a, ARENA_MAX);
	if (folder_list(h, &a, &list, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (list[i].noselect && str_eq(list[i].name, name))
			found = true;
	arena_free(&a);
	return found;
}

int
folder_delete(const struct home *h, struct str name)
{
	char dir[NAME_MAX + 1];

	folder_mend(h);
	if (home_folder_dir(h, name, dir) < 0) {
		errno = ENOENT;
		return -1;
	}
	if (dir[1] == '\0') {
		errno = EPERM;
		return -1;
	}
	if (!folder_disk_is(h, dir)) {
		errno = has_children(h, name) ? ENOTEMPTY : ENOENT;
		return -1;
	}
	return folder_disk_remove(h, dir);
}
