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
#include "maildir/look.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"

#define NAMES_MAX ((size_t)4 << 30)
#define WORDS_MAX ((size_t)16 << 20)
#define REPORT_MAX ((size_t)4 << 30)
#define LEFTOVER_S (36 * 3600)
#define LEFTOVERS_MAX 10000

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
	return m->cur < 0 || m->new < 0 ? fail("open ", m->path[0]) : 0;
}

int
mailbox_open(
    struct mailbox *m, const struct home *h, struct str name, bool readonly)
{
	int err, r;

	*m = (struct mailbox){
	    .home = h, .readonly = readonly, .fd = -1, .cur = -1, .new = -1};
	r = home_folder_open(h, name, &m->fd);
	if (r <= 0)
		return r;
	arena_init(&m->names, NAMES_MAX);
	arena_init(&m->words, WORDS_MAX);
	arena_init(&m->reported, REPORT_MAX);
	if (open_parts(m, name) == 0) {
		if (!readonly)
			clean_tmp(m->fd);
		if (mailbox_look(m) == 0) {
			m->new_words = false;
			m->n = m->total;
			return 1;
		}
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
mailbox_close(struct mailbox *m)
{
	close_one(&m->cur);
	close_one(&m->new);
	close_one(&m->fd);
	arena_free(&m->names);
	arena_free(&m->words);
	arena_free(&m->reported);
	free(m->entries);
	m->entries = NULL;
	m->n = m->total = m->room = 0;
}

size_t
mailbox_recent(const struct mailbox *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->entries[i].recent;
	return n;
}

size_t
mailbox_first_unseen(const struct mailbox *m)
{
	size_t i = 0;

	while (i < m->n && m->entries[i].flags & FLAG_SEEN)
		i++;
	return i;
}

size_t
mailbox_search(const struct mailbox_entry *mails, size_t n, uint32_t uid)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mails[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
mailbox_find(const struct mailbox *m, uint32_t uid)
{
	return mailbox_search(m->entries, m->n, uid);
}

void
mailbox_uidl(const struct mailbox *m, size_t i, char to[MAILBOX_UIDL])
{
	if (m->entries[i].uidl)
		snprintf(to, MAILBOX_UIDL, "%s", m->entries[i].uidl);
	else
		snprintf(to, MAILBOX_UIDL, "%08x%08x", m->entries[i].uid,
		    m->uidvalidity);
}

void
mailbox_mail(struct mailbox *m, size_t i, struct mail *mail)
{
	const struct mailbox_entry *e = &m->entries[i];

	*mail = (struct mail){.uid = e->uid,
	    .flags = e->flags,
	    .keywords = e->keywords,
	    .recent = e->recent,
	    .gone = e->gone,
	    .measured = e->measured,
	    .size = e->size,
	    .wire_size = e->wire_size,
	    .date_s = e->date_s};
}

uint32_t
mailbox_uid(struct mailbox *m, size_t i)
{
	return m->entries[i].uid;
}

bool
mailbox_gone(struct mailbox *m, size_t i)
{
	return m->entries[i].gone;
}

void
mailbox_watch_paths(const struct mailbox *m, const char *paths[MAILBOX_PATHS])
{
	for (int i = 0; i < MAILBOX_PATHS; i++)
		paths[i] = m->path[i];
}

/* Whether the file of keywords is another than the one loaded. */
static bool
words_changed(struct mailbox *m)
{
	struct stat st;
	int64_t mtime;

	if (fstatat(m->fd, KEYWORDS, &st, 0) < 0)
		return false;
	mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	if (mtime == m->words_mtime_ns && st.st_ino == m->words_ino)
		return false;
	m->words_mtime_ns = mtime;
	m->words_ino = st.st_ino;
	return true;
}

static void
load_words(struct mailbox *m)
{
	const char *old[KEYWORDS_N];

	if (!words_changed(m))
		return;
	memcpy(old, m->keyword, sizeof(old));
	if (keywords_load(m->fd, &m->words, m->keyword) < 0)
		memcpy((void *)m->keyword, old, sizeof(old));
	for (size_t i = 0; i < KEYWORDS_N; i++) {
		if (!m->keyword[i])
			continue;
		m->nkeywords = i + 1 > m->nkeywords ? i + 1 : m->nkeywords;
		if (!old[i] || strcmp(old[i], m->keyword[i]) != 0)
			m->new_words = true;
	}
}

int
mailbox_keyword(struct mailbox *m, struct str name, bool create)
{
	int i = keywords_find(m->keyword, name);

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
	if ((size_t)i >= m->nkeywords)
		m->nkeywords = (size_t)i + 1;
	return i;
}

/* The letters that stand for a keyword. */
static uint32_t
defined(const struct mailbox *m)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < KEYWORDS_N; i++)
		bits |= m->keyword[i] ? 1u << i : 0;
	return bits;
}

/* The file of a known mail was found. */
static void
update(struct mailbox_entry *mail, const struct file *file, uint32_t words)
{
	struct name n = name_parse(str_z(file->name));

	if (mail->flags != n.flags || mail->keywords != (n.letters & words))
		mail->changed = true;
	mail->flags = n.flags;
	mail->keywords = n.letters & words;
	mail->name = file->name;
	mail->uidl = file->uidl;
	mail->base_n = file->base_n;
	mail->in_new = file->in_new;
	mail->recent = mail->recent || file->recent;
	mail->gone = false;
}

static void
append(struct mailbox *m, const struct file *file, uint32_t words)
{
	struct mailbox_entry *mail;

	if (m->total == m->room) {
		size_t room = m->room ? m->room * 2 : 64;

		mail = realloc(m->entries, room * sizeof(*mail));
		if (!mail)
			oom();
		m->entries = mail;
		m->room = room;
	}
	mail = &m->entries[m->total++];
	*mail = (struct mailbox_entry){
	    .uid = file->uid, .wire_size = file->wire_size};
	update(mail, file, words);
	mail->changed = false;
}

void
mailbox_set_gone(struct mailbox *m, size_t i)
{
	m->entries[i].gone = true;
	m->entries[i].name = NULL;
	m->entries[i].uidl = NULL;
}

/* Both are sorted by UID.  A file with a UID below our last that we do not
 * have came back from the dead; only a new session can show it. */
static void
merge(struct mailbox *m, const struct files *f)
{
	uint32_t words = defined(m);
	uint32_t last = m->total ? m->entries[m->total - 1].uid : 0;
	size_t old = m->total, i = 0;

	for (size_t j = 0; j < f->n; j++) {
		const struct file *file = &f->list[j];

		while (i < old && m->entries[i].uid < file->uid)
			mailbox_set_gone(m, i++);
		if (i < old && m->entries[i].uid == file->uid)
			update(&m->entries[i++], file, words);
		else if (file->uid > last && file->uid >= m->uidnext)
			append(m, file, words);
	}
	while (i < old)
		mailbox_set_gone(m, i++);
}

/* The mailbox was deleted, or its UIDs began anew. */
static void
lose_all(struct mailbox *m)
{
	m->deleted = true;
	for (size_t i = 0; i < m->total; i++)
		mailbox_set_gone(m, i);
}

static bool
is_deleted(const struct mailbox *m)
{
	struct stat st;

	return fstat(m->cur, &st) == 0 && st.st_nlink == 0;
}

int
mailbox_look(struct mailbox *m)
{
	struct arena names;
	struct look l;

	if (m->deleted)
		return 0;
	arena_init(&names, NAMES_MAX);
	if (look_take(&l, m->home, m->fd, m->cur, m->new, &names, !m->readonly,
		m->uidvalidity ? m : NULL) < 0) {
		arena_free(&names);
		if (!is_deleted(m))
			return -1;
		lose_all(m);
		return 0;
	}
	if (m->uidvalidity && m->uidvalidity != l.uidvalidity) {
		lose_all(m);
	} else {
		load_words(m);
		merge(m, &l.files);
		m->uidvalidity = l.uidvalidity;
		if (l.uidnext > m->uidnext)
			m->uidnext = l.uidnext;
	}
	m->seen_cur = l.files.cur;
	m->seen_new = l.files.new;
	m->stale = false;
	look_free(&l);
	arena_free(&m->names);
	m->names = names;
	return 0;
}

int
mailbox_renew(struct mailbox *m)
{
	if (m->stale || files_changed(m->cur, &m->seen_cur) ||
	    files_changed(m->new, &m->seen_new) || is_deleted(m))
		return mailbox_look(m);
	return 0;
}

/* Take the vanished mails out and report them, highest first. */
static void
report_gone(struct mailbox *m, struct mailbox_changes *c)
{
	size_t *seqs, gone = 0, kept = 0;
	uint32_t *uids;

	for (size_t i = 0; i < m->n; i++)
		gone += m->entries[i].gone;
	if (gone == 0)
		return;
	seqs = arena_array(&m->reported, gone, sizeof(*seqs));
	uids = arena_array(&m->reported, gone, sizeof(*uids));
	c->nexpunged = gone;
	for (size_t i = 0; i < m->n; i++) {
		if (m->entries[i].gone) {
			seqs[--gone] = i + 1;
			uids[gone] = m->entries[i].uid;
		} else {
			m->entries[kept++] = m->entries[i];
		}
	}
	m->n = m->total = kept;
	c->expunged = seqs;
	c->expunged_uid = uids;
}

/* Mails whose flags others changed. */
static void
report_flags(struct mailbox *m, struct mailbox_changes *c)
{
	size_t *flagged, count = 0;

	for (size_t i = 0; i < m->n; i++)
		count += m->entries[i].changed && !m->entries[i].gone;
	if (count == 0)
		return;
	flagged = arena_array(&m->reported, count, sizeof(*flagged));
	for (size_t i = 0; i < m->n; i++) {
		if (!m->entries[i].changed || m->entries[i].gone)
			continue;
		m->entries[i].changed = false;
		flagged[c->nflagged++] = i;
	}
	c->flagged = flagged;
}

/* Let the view grow.  What came and went unseen never was. */
static bool
report_new(struct mailbox *m)
{
	size_t old = m->n, kept = old;

	for (size_t i = old; i < m->total; i++)
		if (!m->entries[i].gone)
			m->entries[kept++] = m->entries[i];
	m->n = m->total = kept;
	for (size_t i = old; i < kept; i++)
		m->entries[i].changed = false;
	return kept > old;
}

int
mailbox_sync(struct mailbox *m, bool expunge, struct mailbox_changes *c)
{
	int r = mailbox_renew(m);

	*c = (struct mailbox_changes){0};
	arena_reset(&m->reported);
	c->exists = report_new(m);
	if (expunge)
		report_gone(m, c);
	report_flags(m, c);
	c->keywords = m->new_words;
	m->new_words = false;
	return r;
}
