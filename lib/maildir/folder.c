/* SPDX-License-Identifier: ISC */
/* The tree of mailboxes.  Directories whose names begin with two dots are
 * mailboxes on their way out: invisible, removed when somebody deletes. */
#define _GNU_SOURCE
#include "maildir/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/id.h"
#include "base/now.h"
#include "io/dir.h"
#include "io/file.h"
#include "maildir/mailbox.h"
#include "maildir/uidlist.h"

#define DOOMED "..deleted."
#define UNBORN "..new."
#define UNBORN_S 3600 /* left by a crash when older */
#define FILES_MAX 10000000
#define DEPTH_MAX 4
#define ARENA_MAX ((size_t)2 << 30)

static struct str
special_use(struct str name)
{
	static const char *const names[] = {
	    "Archive", "Drafts", "Junk", "Sent", "Trash"};
	static const char *const uses[] = {
	    "\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(name, str_z(names[i])))
			return str_z(uses[i]);
	return STR("");
}

/* Whether the directory below the home is a mailbox. */
static bool
is_mailbox(const struct home *h, const char *dir)
{
	char cur[NAME_MAX + 8];
	struct stat st;

	snprintf(cur, sizeof(cur), "%s/cur", dir);
	return fstatat(h->fd, cur, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int
by_name(const void *a, const void *b)
{
	const struct folder *x = a, *y = b;

	return str_cmp(x->name, y->name);
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
		struct str name = str_z(names[i] + (names[i][0] == '.'));

		if (names[i][0] != '.' || !folder_valid(name) ||
		    str_ieq(name, STR("INBOX")) || !is_mailbox(h, names[i]))
			continue;
		(*list)[(*count)++] = (struct folder){.name = name};
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

		if (kept == 0 || !str_eq(last->name, list[i].name)) {
			list[kept++] = list[i];
			continue;
		}
		last->noselect = last->noselect && list[i].noselect;
		last->children = last->children || list[i].children;
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

	if (dir_list(h->fd, ".", 1, FOLDERS_MAX, a, &names, &count) < 0)
		return -1;
	collect(h, names, count, a, &found, &count);
	if (count)
		qsort(found, count, sizeof(*found), by_name);
	count = merge(found, count);
	*list = arena_array(a, count + 1, sizeof(**list));
	*n = 1;
	for (size_t i = 0; i < count; i++) {
		if (str_ieq(found[i].name, STR("INBOX"))) {
			inbox.children = true;
			continue;
		}
		found[i].special = special_use(found[i].name);
		(*list)[(*n)++] = found[i];
	}
	(*list)[0] = inbox;
	return 0;
}

int
folder_exists(const struct home *h, struct str name)
{
	char dir[NAME_MAX + 1];

	if (home_folder_dir(name, dir) < 0)
		return 0;
	return dir[1] == '\0' || is_mailbox(h, dir);
}

/* Make the directory's contents under a name nobody sees, then show it. */
static int
make(const struct home *h, const char *dir)
{
	static const char *const parts[] = {"", "/tmp", "/new", "/cur"};
	char hidden[64], id[ID_SIZE], path[128];
	int fd;

	id_make(id);
	snprintf(hidden, sizeof(hidden), UNBORN "%s", id);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", hidden, parts[i]);
		if (mkdirat(h->fd, path, 0700) < 0)
			return fail("mkdir ", path);
	}
	snprintf(path, sizeof(path), "%s/maildirfolder", hidden);
	fd = openat(h->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail("create ", path);
	close(fd);
	/* An existing directory that is no mailbox stays in the way. */
	if (renameat(h->fd, hidden, h->fd, dir) < 0)
		return fail("rename ", dir);
	return file_sync_dir(h->fd);
}

int
folder_create(const struct home *h, struct str name)
{
	char dir[NAME_MAX + 1];

	if (name.n && name.p[name.n - 1] == FOLDER_DELIMITER)
		name.n--;
	if (home_folder_dir(name, dir) < 0)
		return -1;
	if (dir[1] == '\0' || is_mailbox(h, dir)) {
		errno = EEXIST;
		return -1;
	}
	if (make(h, dir) == 0)
		return 0;
	if (errno == ENOTEMPTY)
		errno = EEXIST;
	return -1;
}

/* Remove a directory and what is in it, as far as possible. */
static void
remove_tree(int dirfd, const char *name, int depth)
{
	struct arena a;
	char **names;
	size_t n;
	int fd = openat(
	    dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	arena_init(&a, ARENA_MAX);
	if (dir_list(fd, ".", 1, FILES_MAX, &a, &names, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (unlinkat(fd, names[i], 0) < 0 && depth < DEPTH_MAX)
			remove_tree(fd, names[i], depth + 1);
	arena_free(&a);
	close(fd);
	unlinkat(dirfd, name, AT_REMOVEDIR);
}

/* The mailbox's UIDVALIDITY must not come back under its old name. */
static int
note_uidvalidity(const struct home *h, const char *dir)
{
	struct uidlist u;
	int fd = openat(h->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return fail("open ", dir);
	uidlist_init(&u);
	r = uidlist_load(&u, fd);
	if (r == 1)
		r = home_uidvalidity_note(h, u.uidvalidity);
	uidlist_free(&u);
	close(fd);
	return r < 0 ? -1 : 0;
}

/* Whether there are mailboxes below this one. */
static bool
has_children(const struct home *h, const char *dir)
{
	struct arena a;
	struct folder *list;
	size_t n;
	struct str name = str_z(dir + 1);
	bool found = false;

	arena_init(&a, ARENA_MAX);
	if (folder_list(h, &a, &list, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (list[i].name.n > name.n && str_starts(list[i].name, name) &&
		    list[i].name.p[name.n] == FOLDER_DELIMITER)
			found = true;
	arena_free(&a);
	return found;
}

/* Whether the directory is left from a creation that was interrupted. */
static bool
is_unborn(const struct home *h, const char *dir)
{
	struct stat st;

	return str_starts(str_z(dir), STR(UNBORN)) &&
	       fstatat(h->fd, dir, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now_wall_s() - (int64_t)st.st_ctime > UNBORN_S;
}

/* Also what an earlier deletion that was interrupted left. */
static void
remove_doomed(const struct home *h)
{
	struct arena a;
	char **names;
	size_t n;

	arena_init(&a, ARENA_MAX);
	if (dir_list(h->fd, ".", 1, FOLDERS_MAX, &a, &names, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (str_starts(str_z(names[i]), STR(DOOMED)) ||
		    is_unborn(h, names[i]))
			remove_tree(h->fd, names[i], 0);
	arena_free(&a);
}

int
folder_delete(const struct home *h, struct str name)
{
	char dir[NAME_MAX + 1], hidden[64], id[ID_SIZE];

	if (home_folder_dir(name, dir) < 0) {
		errno = ENOENT;
		return -1;
	}
	if (dir[1] == '\0') {
		errno = EPERM;
		return -1;
	}
	if (!is_mailbox(h, dir)) {
		errno = has_children(h, dir) ? ENOTEMPTY : ENOENT;
		return -1;
	}
	if (note_uidvalidity(h, dir) < 0)
		return -1;
	id_make(id);
	snprintf(hidden, sizeof(hidden), DOOMED "%s", id);
	if (renameat(h->fd, dir, h->fd, hidden) < 0)
		return fail("rename ", dir);
	if (file_sync_dir(h->fd) < 0)
		return -1;
	remove_doomed(h);
	return 0;
}

/* RENAME INBOX: its messages move, it stays. */
static int
rename_inbox(const struct home *h, struct str to)
{
	struct mailbox m;
	struct mailbox_copied *pairs;
	size_t *idx, done;
	uint32_t validity;
	int r, err;

	if (folder_create(h, to) < 0)
		return -1;
	if (mailbox_open(&m, h, STR("INBOX"), false) <= 0)
		return -1;
	idx = calloc(m.n + 1, sizeof(*idx));
	pairs = calloc(m.n + 1, sizeof(*pairs));
	if (!idx || !pairs)
		oom();
	for (size_t i = 0; i < m.n; i++)
		idx[i] = i;
	r = mailbox_copy(&m, idx, m.n, to, true, pairs, &done, &validity);
	err = errno;
	free(idx);
	free(pairs);
	mailbox_close(&m);
	errno = err;
	return r;
}

/* The new directory for `old` (".from" or ".from.x"); -1 when too long. */
static int
new_dir(char to[NAME_MAX + 1], const char *old, size_t from_n, struct str name)
{
	struct str tail = str_from(str_z(old), from_n + 1);
	int n = snprintf(
	    to, NAME_MAX + 1, ".%.*s%.*s", STR_FMT(name), STR_FMT(tail));

	if (n < 0 || n > FOLDER_NAME_MAX + 1) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

/* Whether dir is that of name or of one below it. */
static bool
is_below(const char *dir, struct str name)
{
	struct str s = str_from(str_z(dir), 1);

	return *dir == '.' && str_starts(s, name) &&
	       (s.n == name.n || s.p[name.n] == FOLDER_DELIMITER);
}

/* Check (do: carry out) the renaming of every directory of the subtree.
 * Returns how many there are, or -1. */
static int
rename_all(const struct home *h, char *const *names, size_t n, struct str from,
    struct str to, bool now)
{
	int count = 0;

	for (size_t i = 0; i < n; i++) {
		char dir[NAME_MAX + 1];

		if (!is_below(names[i], from) || !is_mailbox(h, names[i]))
			continue;
		count++;
		if (new_dir(dir, names[i], from.n, to) < 0)
			return -1;
		if (!now && is_mailbox(h, dir)) {
			errno = EEXIST;
			return -1;
		}
		if (now && (note_uidvalidity(h, names[i]) < 0 ||
			       renameat(h->fd, names[i], h->fd, dir) < 0))
			return fail("rename ", names[i]);
	}
	return count;
}

static int
rename_tree(const struct home *h, struct str from, struct str to)
{
	struct arena a;
	char **names;
	size_t n;
	int r, err;

	arena_init(&a, ARENA_MAX);
	r = dir_list(h->fd, ".", 1, FOLDERS_MAX, &a, &names, &n);
	if (r == 0)
		r = rename_all(h, names, n, from, to, false);
	if (r == 0) {
		errno = ENOENT;
		r = -1;
	}
	if (r > 0)
		r = rename_all(h, names, n, from, to, true);
	err = errno;
	arena_free(&a);
	errno = err;
	return r < 0 ? -1 : file_sync_dir(h->fd);
}

int
folder_rename(const struct home *h, struct str from, struct str to)
{
	char old[NAME_MAX + 1], new[NAME_MAX + 1];

	if (to.n && to.p[to.n - 1] == FOLDER_DELIMITER)
		to.n--;
	if (home_folder_dir(from, old) < 0) {
		errno = ENOENT;
		return -1;
	}
	if (home_folder_dir(to, new) < 0)
		return -1;
	if (new[1] == '\0' || is_mailbox(h, new)) {
		errno = EEXIST;
		return -1;
	}
	if (old[1] == '\0')
		return rename_inbox(h, to);
	return rename_tree(h, str_z(old + 1), str_z(new + 1));
}
