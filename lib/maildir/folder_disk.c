/* SPDX-License-Identifier: ISC */
/* The directories of folders. */
#define _GNU_SOURCE
#include "maildir/folder_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/id.h"
#include "base/now.h"
#include "io/dir.h"
#include "io/file.h"
#include "maildir/folder_use.h"
#include "maildir/look.h"
#include "maildir/quota.h"
#include "maildir/uidlist.h"

#define DOOMED "..deleted."
#define UNBORN "..new."
#define UNBORN_S 3600 /* left by a crash when older */
#define FILES_MAX 10000000
#define DEPTH_MAX 4
#define ARENA_MAX ((size_t)2 << 30)

bool
folder_disk_is(const struct home *h, const char *dir)
{
	char cur[NAME_MAX + 8];
	struct stat st;

	snprintf(cur, sizeof(cur), "%s/cur", dir);
	if (fstatat(h->fd, cur, &st, 0) < 0)
		return false;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode);
}

int
folder_disk_note(const struct home *h, const char *dir)
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

/* ---------------------------------------------------------------- making */

/* The list has the mailbox's id, so that it is known from the start. */
static int
begin_list(const struct home *h, int fd)
{
	struct uidlist u;
	int r;

	uidlist_init(&u);
	r = look_begin_list(&u, h);
	if (r == 0)
		r = uidlist_save(&u, fd, 0);
	uidlist_free(&u);
	return r;
}

static int
fill(const struct home *h, int fd, struct str uses)
{
	static const char *const parts[] = {"tmp", "new", "cur"};
	int mark;

	for (int i = 0; i < 3; i++)
		if (mkdirat(fd, parts[i], 0700) < 0)
			return fail("mkdir ", parts[i]);
	mark =
	    openat(fd, "maildirfolder", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (mark < 0)
		return fail("create ", "maildirfolder");
	close(mark);
	if (uses.n && file_replace(fd, FOLDER_USES, uses, 0600) < 0)
		return -1;
	return begin_list(h, fd);
}

static int
make_hidden(const struct home *h, const char *hidden, struct str uses)
{
	int fd, r, err;

	if (mkdirat(h->fd, hidden, 0700) < 0)
		return fail("mkdir ", hidden);
	fd = openat(h->fd, hidden, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("open ", hidden);
	r = fill(h, fd, uses);
	err = errno;
	close(fd);
	errno = err;
	return r;
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

int
folder_disk_make(const struct home *h, const char *dir, struct str uses)
{
	char hidden[64], id[ID_SIZE];
	int r, err;

	id_make(id);
	snprintf(hidden, sizeof(hidden), UNBORN "%s", id);
	r = make_hidden(h, hidden, uses);
	/* An existing directory that is no mailbox stays in the way. */
	if (r == 0 && renameat(h->fd, hidden, h->fd, dir) < 0)
		r = fail("rename ", dir);
	if (r == 0)
		return file_sync_dir(h->fd);
	err = errno;
	remove_tree(h->fd, hidden, 0);
	errno = err == ENOTEMPTY ? EEXIST : err;
	return -1;
}

/* -------------------------------------------------------------- removing */

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
		    is_unborn(h, names[i])) {
			home_forget(h, names[i]);
			remove_tree(h->fd, names[i], 0);
		}
	arena_free(&a);
}

int
folder_disk_remove(const struct home *h, const char *dir)
{
	char hidden[64], id[ID_SIZE];

	if (folder_disk_note(h, dir) < 0)
		return -1;
	id_make(id);
	snprintf(hidden, sizeof(hidden), DOOMED "%s", id);
	if (renameat(h->fd, dir, h->fd, hidden) < 0)
		return fail("rename ", dir);
	quota_note_unknown(h->quota);
	if (file_sync_dir(h->fd) < 0)
		return -1;
	remove_doomed(h);
	return 0;
}
