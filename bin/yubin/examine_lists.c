/* SPDX-License-Identifier: ISC */
/* yubin maildir check: the lists of a folder, dovecot-uidlist and
 * dovecot-keywords, and what is left of writing them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/num.h"
#include "examine.h"
#include "io/dir.h"
#include "io/file.h"
#include "maildir/courier.h"
#include "maildir/dotlock.h"
#include "maildir/keywords.h"
#include "maildir/mailbox.h"
#include "maildir/name.h"
#include "maildir/uidlist.h"

#define MEMORY ((size_t)2 << 30)
#define TEXT_MAX ((size_t)1 << 30)
#define LETTERS 26 /* a to z */

struct lists {
	struct arena a;
	struct str *bases; /* of all messages, sorted */
	size_t nbases;
	uint32_t letters; /* used in names */
};

static int
by_octets(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

/* 0, also when there is no such directory; or -1. */
static int
add_bases(struct examine *x, struct lists *l, const char *dir)
{
	char **names;
	size_t n;
	struct str *more;

	if (dir_list(x->fd, dir, 0, STORE_FILES_MAX, &l->a, &names, &n) < 0)
		return errno == ENOENT ? 0 : -1;
	more = arena_array(&l->a, l->nbases + n + 1, sizeof(*more));
	for (size_t i = 0; i < l->nbases; i++)
		more[i] = l->bases[i];
	l->bases = more;
	for (size_t i = 0; i < n; i++) {
		struct name name = name_parse(str_z(names[i]));

		l->letters |= name.letters;
		l->bases[l->nbases++] = name.base;
	}
	return 0;
}

static size_t
without_file(const struct uidlist *u, const struct lists *l)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		n += l->nbases == 0 ||
		     !bsearch(&u->list[i].base, l->bases, l->nbases,
			 sizeof(*l->bases), by_octets);
	return n;
}

/* -------------------------------------------------------------------- UIDs */

/* Opening a folder writes a damaged list anew. */
static void
write_anew(struct examine *x)
{
	struct mailbox_status st;
	int r = mailbox_status(&x->s->home, x->f->name, false, &st);

	if (r == 0)
		errno = ENOENT;
	examine_mended(x, r > 0 ? 0 : -1, "wrote it anew");
}

/* What is wrong with the text of a list that has a header. */
static void
check_lines(struct examine *x, struct str text, const struct uidlist *u)
{
	struct str line;
	size_t lines = 0;
	bool torn = !str_ends(text, STR("\n"));

	str_cut(&text, '\n', &line);
	while (str_cut(&text, '\n', &line))
		lines += line.n > 0;
	lines -= torn && lines;
	if (!torn && lines == u->n)
		return;
	if (torn)
		examine_fault(x, UIDLIST,
		    "the last line is torn: a crash cut it off; its message "
		    "gets a new UID");
	if (lines > u->n)
		examine_fault(x, UIDLIST,
		    "%zu lines that are none or whose UIDs do not rise: their "
		    "messages get new UIDs",
		    lines - u->n);
	if (x->repair)
		write_anew(x);
	if (x->repair && torn && lines > u->n)
		x->mended++;
}

static void
check_bases(struct examine *x, const struct uidlist *u, struct arena *a)
{
	struct str *bases = arena_array(a, u->n + 1, sizeof(*bases));
	size_t twice = 0;

	for (size_t i = 0; i < u->n; i++)
		bases[i] = u->list[i].base;
	if (u->n)
		qsort(bases, u->n, sizeof(*bases), by_octets);
	for (size_t i = 1; i < u->n; i++)
		twice += str_eq(bases[i - 1], bases[i]);
	if (twice)
		examine_note(x, UIDLIST,
		    "%zu files have two UIDs: the lower one counts", twice);
}

static void
check_uidlist(struct examine *x, struct lists *l)
{
	struct uidlist u;
	struct buf b;
	size_t gone;

	uidlist_init(&u);
	buf_init(&b, TEXT_MAX);
	if (file_read(x->fd, UIDLIST, &b) < 0) {
		if (errno != ENOENT)
			examine_fault(x, UIDLIST, "%s", strerror(errno));
		else if (!store_has(x->fd, COURIER_UIDS) && l->nbases)
			examine_note(x, UIDLIST,
			    "there is none: clients will see new UIDs");
	} else if (uidlist_parse(&u, buf_slice(&b)) < 0) {
		examine_fault(x, UIDLIST,
		    "its first line is none: clients will see a new "
		    "UIDVALIDITY");
		if (x->repair)
			write_anew(x);
	} else {
		check_lines(x, buf_slice(&b), &u);
		check_bases(x, &u, &l->a);
		gone = without_file(&u, l);
		if (gone)
			examine_note(x, UIDLIST,
			    "%zu lines of messages that are gone; they go "
			    "when they are the bulk",
			    gone);
		if (store_has(x->fd, COURIER_UIDS))
			examine_note(x, COURIER_UIDS,
			    "is not used: there is a " UIDLIST);
	}
	uidlist_free(&u);
	buf_free(&b);
}

/* ---------------------------------------------------------------- keywords */

static void
check_keywords(struct examine *x, struct lists *l)
{
	const char *names[KEYWORDS_N] = {0};
	struct str text, line;
	struct buf b;
	size_t lines = 0, good = 0;

	buf_init(&b, (size_t)1 << 20);
	if (file_read(x->fd, KEYWORDS, &b) < 0 && errno != ENOENT)
		examine_fault(x, KEYWORDS, "%s", strerror(errno));
	text = buf_slice(&b);
	keywords_parse(text, &l->a, names);
	while (str_cut(&text, '\n', &line))
		lines += line.n > 0;
	for (int i = 0; i < LETTERS; i++) {
		good += names[i] != NULL;
		if (!names[i] && (l->letters >> i & 1))
			examine_note(x, KEYWORDS,
			    "names of files have the letter %c, which stands "
			    "for no keyword",
			    'a' + i);
	}
	if (lines > good)
		examine_note(x, KEYWORDS,
		    "%zu lines that are none; they go with the next new "
		    "keyword",
		    lines - good);
	buf_free(&b);
}

/* --------------------------------------------------------------- leftovers */

static void
check_lock(struct examine *x, const char *name, const struct stat *st)
{
	struct dotlock lock;
	int r;

	if (x->now_s - st->st_mtime <= DOTLOCK_STALE_S)
		return;
	examine_fault(x, name, "a lock that somebody left %lld minutes ago",
	    (long long)(x->now_s - st->st_mtime) / 60);
	if (!x->repair)
		return;
	r = dotlock_take(&lock, x->fd, name);
	if (r == 0)
		dotlock_release(&lock);
	examine_mended(x, r, "removed it");
}

static void
check_leftovers(struct examine *x, struct arena *a)
{
	char **names;
	size_t n;

	if (dir_list(x->fd, ".", 1, STORE_FILES_MAX, a, &names, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct str name = str_z(names[i]);
		struct stat st;

		if (fstatat(x->fd, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (str_ends(name, STR(".lock")))
			check_lock(x, names[i], &st);
		if (!str_starts(name, STR(".")) ||
		    !str_ends(name, STR(".tmp")) ||
		    x->now_s - st.st_mtime < EXAMINE_OLD_S)
			continue;
		examine_fault(x, names[i], "a crash left it; it is of no use");
		if (x->repair)
			examine_mended(
			    x, unlinkat(x->fd, names[i], 0), "removed it");
	}
}

void
examine_lists(struct examine *x)
{
	struct lists l = {0};

	arena_init(&l.a, MEMORY);
	/* Before the files are read: a list that is younger than these has
	 * UIDs of files that we do not know. */
	if (add_bases(x, &l, "new") < 0 || add_bases(x, &l, "cur") < 0)
		examine_fault(x, NULL, "%s", fail_last());
	if (l.nbases)
		qsort(l.bases, l.nbases, sizeof(*l.bases), by_octets);
	check_uidlist(x, &l);
	check_keywords(x, &l);
	check_leftovers(x, &l.a);
	if (x->f->dir[1] && !store_has(x->fd, "maildirfolder")) {
		examine_fault(x, "maildirfolder",
		    "is missing: delivery programs may take the folder for a "
		    "Maildir of its own");
		if (x->repair)
			examine_mended(x,
			    file_replace(x->fd, "maildirfolder", STR(""), 0600),
			    "made it");
	}
	arena_free(&l.a);
}
