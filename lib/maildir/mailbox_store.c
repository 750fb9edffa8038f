/* SPDX-License-Identifier: ISC */
/* Flags, which are renames, and removing.  Another session may rename the
 * same file at the same time: then look where it is and do it again, on top
 * of what the other did. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/keywords.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"

#define MISSES 20

struct change {
	enum store_op op;
	uint32_t flags, keywords;
	uint32_t words; /* the letters that are keywords at all */
};

static void
apply(const struct change *c, struct name *n)
{
	switch (c->op) {
	case STORE_SET:
		n->flags = c->flags;
		/* Letters without a meaning (yet) stay. */
		n->letters = (n->letters & ~c->words) | c->keywords;
		break;
	case STORE_ADD:
		n->flags |= c->flags;
		n->letters |= c->keywords;
		break;
	case STORE_REMOVE:
		n->flags &= ~c->flags;
		n->letters &= ~c->keywords;
		break;
	}
}

/* Returns 1 done, -1 failed; ENOENT: look and try again. */
static int
store_once(struct mailbox *m, size_t i, const struct change *c)
{
	struct mailbox_entry *mail = &m->entries[i];
	struct name n = name_parse(str_z(mail->name));
	struct name old = n;
	char to[NAME_SIZE];

	apply(c, &n);
	if (old.flags == n.flags && old.letters == n.letters)
		return 1;
	if (name_make(to, &n) < 0)
		return -1;
	if (renameat(mailbox_dir(m, i), mail->name, m->cur, to) < 0)
		return -1;
	m->stale = true;
	mailbox_renamed(m, i, to);
	mail->flags = n.flags;
	mail->keywords = n.letters & c->words;
	return 1;
}

/* Whether the change would leave mail i as we know it. */
static bool
changes_nothing(const struct mailbox *m, size_t i, const struct change *c)
{
	struct name n, old;

	if (m->entries[i].gone)
		return false;
	old = n = name_parse(str_z(m->entries[i].name));
	apply(c, &n);
	return old.flags == n.flags && old.letters == n.letters;
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

static int
store_one(struct mailbox *m, size_t i, const struct change *c)
{
	for (int tries = 0; tries < MISSES; tries++) {
		int r;

		if (m->entries[i].gone)
			return 0;
		r = store_once(m, i, c);
		if (r > 0)
			return 1;
		if (errno != ENOENT && errno != ESTALE)
			return fail("rename ", m->entries[i].name);
		r = mailbox_missed(m, i);
		if (r <= 0)
			return r;
	}
	errno = EAGAIN;
	return fail("rename message", NULL);
}

int
mailbox_store(struct mailbox *m, const size_t *idx, size_t n, enum store_op op,
    uint32_t flags, uint64_t keywords)
{
	struct change c = {.op = op, .flags = flags & FLAG_SETTABLE};

	if (m->readonly) {
		errno = EROFS;
		return -1;
	}
	for (size_t i = 0; i < KEYWORDS_N; i++)
		c.words |= m->keyword[i] ? 1u << i : 0;
	c.keywords = (uint32_t)keywords & c.words;
	if (renew(m, idx, n, &c) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (store_one(m, idx[i], &c) < 0)
			return -1;
	return 0;
}

/* Remove mail i, as long as it carries the flag when only_deleted.
 * Returns 1 removed, 0 gone or spared, -1 failed. */
static int
remove_one(struct mailbox *m, size_t i, bool only_deleted)
{
	for (int tries = 0; tries < MISSES; tries++) {
		struct mailbox_entry *mail = &m->entries[i];
		int r;

		/* The name says what its flags are at this moment. */
		if (mail->gone ||
		    (only_deleted && !(mail->flags & FLAG_DELETED)))
			return 0;
		if (unlinkat(mailbox_dir(m, i), mail->name, 0) == 0) {
			m->stale = true;
			mailbox_set_gone(m, i);
			return 1;
		}
		if (errno != ENOENT && errno != ESTALE)
			return fail("unlink ", mail->name);
		r = mailbox_missed(m, i);
		if (r <= 0)
			return r;
	}
	errno = EAGAIN;
	return fail("unlink message", NULL);
}

int
mailbox_expunge(struct mailbox *m, const bool *only)
{
	if (m->readonly) {
		errno = EROFS;
		return -1;
	}
	if (mailbox_renew(m) < 0)
		return -1;
	for (size_t i = 0; i < m->n; i++)
		if ((!only || only[i]) && remove_one(m, i, true) < 0)
			return -1;
	return 0;
}

int
mailbox_remove(struct mailbox *m, const size_t *idx, size_t n)
{
	bool failed = false;

	if (m->readonly) {
		errno = EROFS;
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		failed = remove_one(m, idx[i], false) < 0 || failed;
	if (n && (file_sync_dir(m->cur) < 0 || file_sync_dir(m->new) < 0))
		failed = true;
	return failed ? -1 : 0;
}
