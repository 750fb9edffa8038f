/* SPDX-License-Identifier: ISC */
/* Flags, which are renames, and removing.  Another session may rename the
 * same file at the same time: then look where it is and do it again, on top
 * of what the other did. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/keywords.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "maildir/quota.h"
#include "msg/flags.h"

#define MORE_MOST ((size_t)1 << 28)
#define MISSES 20
#define BATCH 256 /* renames under one lock */

struct change {
	enum store_op op;
	uint32_t flags;
	uint64_t keywords;
	uint64_t words;   /* the bits that are keywords at all */
	struct buf *more; /* lines about keywords that have no letter */
};

static void
apply(const struct change *c, uint32_t *flags, uint64_t *keywords)
{
	switch (c->op) {
	case STORE_SET:
		*flags = c->flags;
		/* Letters without a meaning (yet) stay. */
		*keywords = (*keywords & ~c->words) | c->keywords;
		break;
	case STORE_ADD:
		*flags |= c->flags;
		*keywords |= c->keywords;
		break;
	case STORE_REMOVE:
		*flags &= ~c->flags;
		*keywords &= ~c->keywords;
		break;
	}
}

/* Message i shall have these keywords that have no letter. */
static void
store_more(struct mailbox *m, size_t i, const struct change *c, struct str base,
    uint64_t keywords)
{
	struct index_record rec;
	uint32_t r = mailbox_get(m, i, &rec);

	keywords_more_line(c->more, base, keywords & ~KEYWORDS_LETTER_BITS);
	if (r == INDEX_NONE)
		return;
	rec.keywords = (rec.keywords & KEYWORDS_LETTER_BITS) |
	               (keywords & ~KEYWORDS_LETTER_BITS);
	index_put(&m->index, r, &rec, true);
}

/* Returns 1 done, 0 it is gone, -1 failed; ENOENT: look and try again. */
static int
store_once(struct mailbox *m, size_t i, const struct change *c)
{
	char from[NAME_SIZE], to[NAME_SIZE];
	struct index_record rec;
	uint64_t keywords, more;
	struct name n, old;
	int dir;

	if (!mailbox_file(m, i, from, &dir))
		return 0;
	mailbox_get(m, i, &rec);
	old = n = name_parse(str_z(from));
	more = rec.keywords & ~KEYWORDS_LETTER_BITS;
	keywords = more | n.letters;
	apply(c, &n.flags, &keywords);
	n.letters = (uint32_t)(keywords & KEYWORDS_LETTER_BITS);
	if (old.flags != n.flags || old.letters != n.letters) {
		if (name_make(to, &n) < 0)
			return -1;
		if (renameat(dir, from, m->cur, to) < 0)
			return fail("rename ", from);
		mailbox_renamed(m, i, to);
	}
	if ((keywords & ~KEYWORDS_LETTER_BITS) != more)
		store_more(m, i, c, n.base, keywords);
	return 1;
}

/* Whether the change would leave mail i as we know it. */
static bool
changes_nothing(struct mailbox *m, size_t i, const struct change *c)
{
	struct index_record rec;
	uint32_t flags;
	uint64_t keywords;

	mailbox_get(m, i, &rec);
	flags = rec.flags & FLAG_SETTABLE;
	keywords = rec.keywords;
	apply(c, &flags, &keywords);
	return !(rec.flags & INDEX_DEAD) &&
	       flags == (rec.flags & FLAG_SETTABLE) && keywords == rec.keywords;
}

/* What we know of flags may be old.  A rename fails then, which is noticed;
 * changing nothing does not. */
static int
renew(struct mailbox *m, const size_t *idx, size_t n, const struct change *c)
{
	for (size_t i = 0; i < n; i++)
		if (changes_nothing(m, idx[i], c))
			return mailbox_renew(m);
	return 0;
}

/* Do once() until the file stands still under it. */
static int
insist(struct mailbox *m, size_t i, const void *arg,
    int (*once)(struct mailbox *m, size_t i, const void *arg))
{
	for (int tries = 0; tries < MISSES; tries++) {
		int r = once(m, i, arg);

		if (r >= 0)
			return r;
		if (errno != ENOENT && errno != ESTALE)
			return -1;
		r = mailbox_missed(m, i);
		if (r <= 0)
			return r;
	}
	errno = EAGAIN;
	return fail("change message", NULL);
}

/* Do that to the n messages, under the index's lock. */
static int
change_all(struct mailbox *m, const size_t *idx, size_t n, const void *arg,
    int (*once)(struct mailbox *m, size_t i, const void *arg))
{
	int r = 0;

	for (size_t from = 0; !m->deleted && r == 0 && from < n;
	     from += BATCH) {
		size_t to = n - from < BATCH ? n : from + BATCH;
		int64_t before;

		if (mailbox_lock(m) < 0)
			return m->deleted ? 0 : -1;
		before = files_mtime_ns(m->cur);
		index_next_modseq(&m->index);
		for (size_t i = from; i < to; i++)
			if (insist(m, idx[i], arg, once) < 0)
				r = -1;
		mailbox_touched(m, before);
		mailbox_unlock(m);
	}
	return r;
}

static int
store_it(struct mailbox *m, size_t i, const void *arg)
{
	return store_once(m, i, arg);
}

/* Keywords without letters are in a file of their own.  cur/ gets another time
 * stamp, so that indexes elsewhere notice. */
static int
write_more(struct mailbox *m, const struct buf *lines)
{
	int64_t before;

	if (lines->n == 0)
		return 0;
	if (lines->over) {
		errno = EFBIG;
		return fail("write ", KEYWORDS_MORE);
	}
	if (keywords_more_add(m->fd, buf_slice(lines)) < 0) {
		m->stale = true;
		return -1;
	}
	if (mailbox_lock(m) < 0)
		return m->deleted ? 0 : -1;
	before = files_mtime_ns(m->cur);
	if (futimens(m->cur, NULL) == 0)
		mailbox_touched(m, before);
	mailbox_unlock(m);
	return 0;
}

int
mailbox_store(struct mailbox *m, const size_t *idx, size_t n, enum store_op op,
    uint32_t flags, uint64_t keywords)
{
	struct buf more;
	struct change c = {.op = op,
	    .flags = flags & FLAG_SETTABLE,
	    .keywords = keywords & mailbox_words(m),
	    .words = mailbox_words(m),
	    .more = &more};
	int r;

	if (m->readonly) {
		errno = EROFS;
		return -1;
	}
	if (renew(m, idx, n, &c) < 0)
		return -1;
	buf_init(&more, MORE_MOST);
	r = change_all(m, idx, n, &c, store_it);
	if (write_more(m, &more) < 0)
		r = -1;
	buf_free(&more);
	return r;
}

/* Remove mail i, as long as it carries the flag when *arg.
 * Returns 1 removed, 0 gone or spared, -1 failed. */
static int
remove_it(struct mailbox *m, size_t i, const void *arg)
{
	const bool *only_deleted = arg;
	char name[NAME_SIZE];
	int dir;

	/* The name says what its flags are at this moment. */
	if (!mailbox_file(m, i, name, &dir) ||
	    (*only_deleted && !(name_parse(str_z(name)).flags & FLAG_DELETED)))
		return 0;
	if (unlinkat(dir, name, 0) < 0)
		return fail("unlink ", name);
	quota_note(m->home->quota, str_z(name), -1);
	mailbox_removed(m, i);
	return 1;
}

int
mailbox_expunge(struct mailbox *m, const bool *only)
{
	const bool only_deleted = true;
	size_t *idx, n = 0;
	int r;

	if (m->readonly) {
		errno = EROFS;
		return -1;
	}
	if (mailbox_renew(m) < 0)
		return -1;
	if (!index_look(&m->index) || m->index.head.deleted == 0)
		return 0;
	idx = calloc(m->n + 1, sizeof(*idx));
	if (!idx)
		oom();
	for (size_t i = 0; i < m->n; i++) {
		struct index_record rec;

		if (only && !only[i])
			continue;
		mailbox_get(m, i, &rec);
		if (rec.flags & FLAG_DELETED && !(rec.flags & INDEX_DEAD))
			idx[n++] = i;
	}
	r = change_all(m, idx, n, &only_deleted, remove_it);
	free(idx);
	return r;
}

int
mailbox_remove(struct mailbox *m, const size_t *idx, size_t n)
{
	const bool only_deleted = false;
	bool failed;

	if (m->readonly) {
		errno = EROFS;
		return -1;
	}
	failed = change_all(m, idx, n, &only_deleted, remove_it) < 0;
	if (n && (file_sync_dir(m->cur) < 0 || file_sync_dir(m->new) < 0))
		failed = true;
	return failed ? -1 : 0;
}
