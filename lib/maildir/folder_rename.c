/* SPDX-License-Identifier: ISC */
/* RENAME.  A mailbox with children is many directories, and a crash could come
 * between them.  So all old and new names are written to the file yubin-rename
 * first, durably; it goes when all is done.  Whoever finds it finishes what it
 * says: renames those that still have their old name. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/dir.h"
#include "io/file.h"
#include "maildir/dotlock.h"
#include "maildir/folder.h"
#include "maildir/folder_disk.h"
#include "maildir/folder_name.h"
#include "maildir/mailbox.h"

#define JOURNAL "yubin-rename"
#define LOCK "yubin-rename.lock"
#define JOURNAL_MAX ((size_t)64 << 20)
#define ARENA_MAX ((size_t)256 << 20)

struct pair {
	char from[NAME_MAX + 1], to[NAME_MAX + 1]; /* directories */
};

/* --------------------------------------------------------------- mending */

/* Read a line "FROM TAB TO", names of mailboxes.  What cannot be done any more
 * is false. */
static bool
read_pair(const struct home *h, struct str line, struct pair *p)
{
	struct str from;

	return str_cut(&line, '\t', &from) && line.p &&
	       home_folder_dir(h, from, p->from) == 0 &&
	       home_folder_dir(h, line, p->to) == 0 &&
	       folder_disk_is(h, p->from) && !folder_disk_is(h, p->to);
}

/* Under the lock.  A line that fails is passed over, so that one obstacle
 * leaves one mailbox under its old name instead of all. */
static int
finish(const struct home *h)
{
	struct str rest, line;
	struct pair p;
	struct buf b;
	int r;

	buf_init(&b, JOURNAL_MAX);
	r = file_read(h->fd, JOURNAL, &b);
	rest = buf_slice(&b);
	while (r == 0 && str_cut(&rest, '\n', &line))
		if (read_pair(h, line, &p) &&
		    renameat(h->fd, p.from, h->fd, p.to) < 0)
			fail("rename ", p.from);
	buf_free(&b);
	if (r < 0)
		return errno == ENOENT ? 0 : -1;
	if (file_sync_dir(h->fd) < 0 || unlinkat(h->fd, JOURNAL, 0) < 0)
		return -1;
	/* A journal that came back would rename what is new meanwhile. */
	return file_sync_dir(h->fd) < 0 ? -1 : 1;
}

int
folder_mend(const struct home *h)
{
	struct dotlock lock;
	int r;

	if (faccessat(h->fd, JOURNAL, F_OK, 0) < 0 ||
	    dotlock_take(&lock, h->fd, LOCK) < 0)
		return 0;
	r = finish(h);
	dotlock_release(&lock);
	return r > 0;
}

/* ------------------------------------------------------------ the subtree */

/* As folder_disk_is(), but what cannot be found out fails. */
static int
is_mailbox(const struct home *h, const char *dir)
{
	if (folder_disk_is(h, dir))
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : fail("stat ", dir);
}

/* The pair for the directory when its mailbox is `from` or below it.  Returns
 * 1; 0 it is none of these; -1: EEXIST its new name is taken, ENAMETOOLONG, …
 */
static int
make_pair(const struct home *h, const char *dir, struct str from, struct str to,
    struct pair *p, struct buf *journal)
{
	char name[FOLDER_NAME_MAX + 1];
	struct buf b;
	struct str new;
	int r = 0;

	buf_init(&b, 2 * FOLDER_NAME_MAX);
	if (folder_name_read(dir, &b) && b.n <= FOLDER_NAME_MAX &&
	    str_starts(buf_slice(&b), from) &&
	    (b.n == from.n || b.p[from.n] == FOLDER_DELIMITER) &&
	    home_folder_dir(h, buf_slice(&b), p->from) == 0 &&
	    strcmp(p->from, dir) == 0)
		r = is_mailbox(h, dir);
	if (r > 0) {
		int n = snprintf(name, sizeof(name), "%.*s%.*s", STR_FMT(to),
		    STR_FMT(str_from(buf_slice(&b), from.n)));

		new = str_z(name);
		if (n >= (int)sizeof(name) ||
		    !folder_name_spell(new, 0, p->to)) {
			errno = ENAMETOOLONG;
			r = -1;
		} else if (folder_exists(h, new) > 0) {
			errno = EEXIST;
			r = -1;
		}
	}
	if (r > 0) {
		buf_str(journal, buf_slice(&b));
		buf_chr(journal, '\t');
		buf_str(journal, new);
		buf_chr(journal, '\n');
	}
	buf_free(&b);
	return r;
}

/* All pairs; returns how many, or -1. */
static int
make_pairs(const struct home *h, struct arena *a, struct str from,
    struct str to, struct pair **pairs, struct buf *journal)
{
	char **names;
	size_t n;
	int count = 0;

	if (dir_list(h->fd, ".", 1, FOLDERS_MAX, a, &names, &n) < 0)
		return -1;
	*pairs = NULL;
	for (size_t i = 0; i < n; i++) {
		struct pair p;
		int r = make_pair(h, names[i], from, to, &p, journal);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		if ((count & (count - 1)) == 0) {
			struct pair *more = arena_array(
			    a, count ? 2 * (size_t)count : 1, sizeof(p));

			if (count)
				memcpy(more, *pairs, (size_t)count * sizeof(p));
			*pairs = more;
		}
		(*pairs)[count++] = p;
	}
	return count;
}

/* All or nothing, but for crashes. */
static int
rename_all(const struct home *h, const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (renameat(h->fd, pairs[i].from, h->fd, pairs[i].to) == 0)
			continue;
		fail("rename ", pairs[i].from);
		while (i-- > 0)
			(void)!renameat(
			    h->fd, pairs[i].to, h->fd, pairs[i].from);
		return -1;
	}
	return file_sync_dir(h->fd);
}

/* One rename needs no journal. */
static int
carry_out(const struct home *h, const struct pair *pairs, size_t n,
    struct str journal)
{
	int r, err;

	for (size_t i = 0; i < n; i++)
		if (folder_disk_note(h, pairs[i].from) < 0)
			return -1;
	if (n == 1)
		return rename_all(h, pairs, n);
	if (file_replace(h->fd, JOURNAL, journal, 0600) < 0)
		return -1;
	r = rename_all(h, pairs, n);
	err = errno;
	if (unlinkat(h->fd, JOURNAL, 0) < 0 || file_sync_dir(h->fd) < 0)
		return -1;
	errno = err;
	return r;
}

/* Under the lock. */
static int
rename_tree(const struct home *h, struct str from, struct str to)
{
	struct pair *pairs;
	struct buf journal;
	struct arena a;
	int n, r, err;

	arena_init(&a, ARENA_MAX);
	buf_init(&journal, JOURNAL_MAX);
	finish(h);
	n = make_pairs(h, &a, from, to, &pairs, &journal);
	r = n < 0 ? -1 : 0;
	if (n == 0) {
		errno = ENOENT;
		r = -1;
	}
	if (n > 0)
		r = carry_out(h, pairs, (size_t)n, buf_slice(&journal));
	err = errno;
	buf_free(&journal);
	arena_free(&a);
	errno = err;
	return r;
}

/* ------------------------------------------------------------ RENAME INBOX */

static int
move_all(struct mailbox *m, struct str to)
{
	struct mailbox_copied *pairs = calloc(m->n + 1, sizeof(*pairs));
	size_t *idx = calloc(m->n + 1, sizeof(*idx)), done;
	uint32_t validity;
	int r, err;

	if (!idx || !pairs)
		oom();
	for (size_t i = 0; i < m->n; i++)
		idx[i] = i;
	r = mailbox_copy(m, idx, m->n, to, true, pairs, &done, &validity);
	err = errno;
	free(idx);
	free(pairs);
	errno = err;
	return r;
}

/* Its messages move, it stays, and so do its children. */
static int
rename_inbox(const struct home *h, struct str to)
{
	struct mailbox m;
	int r, err;

	if (folder_create(h, to, STR("")) < 0)
		return -1;
	if (mailbox_open(&m, h, STR("INBOX"), false) <= 0)
		return -1;
	r = move_all(&m, to);
	err = errno;
	mailbox_close(&m);
	errno = err;
	return r;
}

int
folder_rename(const struct home *h, struct str from, struct str to)
{
	char dir[NAME_MAX + 1];
	struct dotlock lock;
	int r, err;

	if (to.n && to.p[to.n - 1] == FOLDER_DELIMITER)
		to.n--;
	if (!folder_valid(from)) {
		errno = ENOENT;
		return -1;
	}
	if (home_folder_dir(h, to, dir) < 0)
		return -1;
	if (dir[1] == '\0' || folder_disk_is(h, dir)) {
		errno = EEXIST;
		return -1;
	}
	if (str_ieq(from, STR("INBOX")))
		return rename_inbox(h, to);
	if (dotlock_take(&lock, h->fd, LOCK) < 0)
		return -1;
	r = rename_tree(h, from, to);
	err = errno;
	dotlock_release(&lock);
	errno = err;
	return r;
}
