/* SPDX-License-Identifier: ISC */
/* Opening a mailbox and keeping its view in step with the disk. */
#define _GNU_SOURCE
#include "maildir/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "io/dir.h"
#include "maildir/keywords.h"
#include "maildir/mailbox_look.h"

#define WORDS_MAX ((size_t)16 << 20)
#define REPORT_MAX ARENA_GIGA(4)
#define LEFTOVER_S (36 * 3600)
#define LEFTOVERS_MAX 10000
#define CLEAN_S 3600

/* Remove what deliveries that died left in tmp/, as every Maildir reader
 * does. */
static void
clean_tmp(int fd)
{
	struct arena a;
	char **names;
	size_t n;
	int tmp = openat(fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (tmp < 0)
		return;
	arena_init(&a, WORDS_MAX);
	if (dir_list(tmp, ".", 1, LEFTOVERS_MAX, &a, &names, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		struct stat st;

		/* Not mtime: that of a copy is the message's date. */
		if (fstatat(tmp, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) &&
		    now_wall_s() - (int64_t)st.st_ctime > LEFTOVER_S)
			unlinkat(tmp, names[i], 0);
	}
	arena_free(&a);
	close(tmp);
}

static int
open_parts(struct mailbox *m, struct str name)
{
	char dir[NAME_MAX + 1];
	static const char *const parts[MAILBOX_PATHS] = {"cur", "new"};
	int fds[MAILBOX_PATHS];

	if (home_folder_dir(m->home, name, dir) < 0)
		return -1;
	for (int i = 0; i < MAILBOX_PATHS; i++) {
		int n = snprintf(m->path[i], PATH_MAX, "%s/%s/%s",
		    m->home->path, dir, parts[i]);

		if (n < 0 || n >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return fail("open ", m->home->path);
		}
	}
	for (int i = 0; i < MAILBOX_PATHS; i++)
		fds[i] =
		    openat(m->fd, parts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m->cur = fds[0];
	m->new = fds[1];
	m->index_dir = home_index(m->home, m->fd, m->cur, m->index_name);
	return m->cur < 0 || m->new < 0 ? fail("open ", m->path[0]) : 0;
}

/* Once an hour will do. */
static void
clean(struct mailbox *m)
{
	int64_t now = now_wall_s();

	if (m->readonly || now - m->index.head.cleaned_s < CLEAN_S)
		return;
	clean_tmp(m->fd);
	if (index_lock(&m->index) != 1)
		return;
	m->index.head.cleaned_s = now;
	index_unlock(&m->index);
}

/* A session that may not take messages out of new/ has those as recent. */
static void
note_in_new(struct mailbox *m)
{
	uint32_t left = m->index.head.in_new;

	for (uint32_t r = m->total; r-- > 0 && left > 0;) {
		struct index_record rec;

		if (!index_get(&m->index, r, &rec))
			return;
		if (rec.flags & INDEX_DEAD || !(rec.flags & INDEX_IN_NEW))
			continue;
		mailbox_list_add(&m->recent, rec.uid);
		left--;
	}
	mailbox_list_sort(&m->recent);
}

/* The first view, of what lives now.  The lock is held. */
static bool
take_view(struct mailbox *m)
{
	const struct index_head *h = &m->index.head;
	struct index_record last = {0};

	m->holes.n = 0;
	for (uint32_t k = 0; k < h->dead; k++)
		mailbox_list_add(&m->holes, 0);
	if (!index_dead(&m->index, m->holes.v) ||
	    (h->count > 0 && !index_get(&m->index, h->count - 1, &last)))
		return false;
	m->total = h->count;
	m->n = m->total - m->holes.n;
	m->uidnext_told = last.uid + 1;
	m->seen_changes = h->changes;
	m->seen_modseq = m->modseq = h->modseq;
	note_in_new(m);
	return true;
}

static int
first_view(struct mailbox *m)
{
	bool ok = false;

	for (int i = 0; i < 3 && !ok && !m->deleted; i++) {
		if (mailbox_lock(m) < 0)
			return -1;
		ok = take_view(m);
		while (m->index.locked)
			index_unlock(&m->index);
		if (!ok && mailbox_look(m) < 0)
			return -1;
	}
	m->opened = true;
	if (ok || m->deleted)
		return 0;
	errno = EAGAIN;
	return fail("open ", m->path[0]);
}

int
mailbox_open(
    struct mailbox *m, const struct home *h, struct str name, bool readonly)
{
	int err, r;

	*m = (struct mailbox){
	    .home = h, .readonly = readonly, .fd = -1, .cur = -1, .new = -1};
	index_init(&m->index);
	r = home_folder_open(h, name, &m->fd);
	if (r <= 0)
		return r;
	arena_init(&m->words, WORDS_MAX);
	arena_init(&m->reported, REPORT_MAX);
	if (open_parts(m, name) == 0 && mailbox_begin(m) == 0 &&
	    first_view(m) == 0 && mailbox_load_words(m) == 0 &&
	    mailbox_settle_uids(m) == 0) {
		clean(m);
		m->new_words = false;
		return 1;
	}
	err = errno;
	mailbox_close(m);
	errno = err;
	return -1;
}

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
mailbox_rest(struct mailbox *m)
{
	index_rest(&m->index);
}

void
mailbox_close(struct mailbox *m)
{
	mailbox_digests_close(m);
	free(m->spare);
	m->spare = NULL;
	index_close(&m->index);
	close_one(&m->cur);
	close_one(&m->new);
	close_one(&m->fd);
	arena_free(&m->words);
	arena_free(&m->reported);
	mailbox_list_free(&m->holes);
	mailbox_list_free(&m->recent);
	mailbox_list_free(&m->changed);
	m->n = m->total = 0;
}

void
mailbox_watch_paths(const struct mailbox *m, const char *paths[MAILBOX_PATHS])
{
	for (int i = 0; i < MAILBOX_PATHS; i++)
		paths[i] = m->path[i];
}

/* ------------------------------------------------------------- keywords */

/* What tells one state of the files of keywords from another.  The second one
 * counts only when there is no letter left.  0 or -1. */
static int
words_stamp(const struct mailbox *m, uint64_t *stamp)
{
	static const char *const files[] = {KEYWORDS, KEYWORDS_MORE};
	int n = m->keyword[KEYWORDS_LETTERS - 1] ? 2 : 1;

	*stamp = 0;
	for (int i = 0; i < n; i++) {
		struct stat st;

		if (fstatat(m->fd, files[i], &st, 0) == 0)
			*stamp = *stamp * 31 + st.st_ino +
			         (uint64_t)st.st_size +
			         (uint64_t)st.st_mtim.tv_sec * 1000000000 +
			         (uint64_t)st.st_mtim.tv_nsec;
		else if (errno != ENOENT)
			return fail("stat ", files[i]);
	}
	return 0;
}

static void
know_words(struct mailbox *m)
{
	m->known_words = 0;
	for (size_t i = 0; i < MAILBOX_KEYWORDS; i++) {
		if (!m->keyword[i])
			continue;
		m->known_words |= UINT64_C(1) << i;
		m->nkeywords = i + 1 > m->nkeywords ? i + 1 : m->nkeywords;
	}
}

uint64_t
mailbox_words(const struct mailbox *m)
{
	return m->known_words;
}

int
mailbox_load_words(struct mailbox *m)
{
	const char *old[KEYWORDS_N];
	uint64_t stamp;

	if (words_stamp(m, &stamp) < 0)
		return -1;
	/* Where there is no file, what is known stays. */
	if (stamp == m->words_stamp || stamp == 0)
		return 0;
	memcpy((void *)old, m->keyword, sizeof(old));
	if (keywords_load(m->fd, &m->words, m->keyword) < 0)
		return fail("read ", KEYWORDS);
	m->words_stamp = stamp;
	for (size_t i = 0; i < KEYWORDS_N; i++)
		if (m->keyword[i] &&
		    (!old[i] || strcmp(old[i], m->keyword[i]) != 0))
			m->new_words = true;
	know_words(m);
	return 0;
}

int
mailbox_keyword(struct mailbox *m, struct str name, bool create)
{
	int i = keywords_find(m->keyword, name);

	/* Perhaps it could not be read when it was to be. */
	if (i < 0) {
		if (mailbox_load_words(m) < 0)
			return -1;
		i = keywords_find(m->keyword, name);
	}
	if (i >= 0)
		return i;
	if (!create || m->readonly) {
		errno = create ? EROFS : ENOENT;
		return -1;
	}
	i = keywords_add(m->fd, &m->words, m->keyword, name);
	if (i < 0)
		return -1;
	m->new_words = true;
	know_words(m);
	return i;
}
