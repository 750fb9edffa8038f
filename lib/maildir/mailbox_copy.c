/* SPDX-License-Identifier: ISC */
/* COPY and MOVE.  A copy is a hard link in the destination's tmp/ first; a
 * message is moved by one rename, so that it is never in neither mailbox and
 * a crash leaves it in one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/arrive.h"
#include "maildir/keywords.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "maildir/newfile.h"
#include "msg/flags.h"

#define MISSES 20
#define ROUNDS 20

struct copying {
	struct mailbox *m;
	int fd; /* the destination */
	struct arrival *list;
	size_t *idx; /* of m, for each of list */
	size_t n;
	uint8_t letter[KEYWORDS_N];    /* there, + 1; 0 not known yet */
	const char *words[KEYWORDS_N]; /* the destination's */
	struct arena arena;
	bool used_cur, used_new; /* where moved ones were */
};

/* The destination's bits for our keywords; those that find none are
 * left behind.  Returns 0 or -1. */
static int
keywords_there(struct copying *c, uint64_t keywords, uint64_t *bits)
{
	*bits = 0;
	for (size_t i = 0; i < KEYWORDS_N; i++) {
		int at;

		if (!(keywords & UINT64_C(1) << i) || !c->m->keyword[i])
			continue;
		if (!c->letter[i]) {
			at = keywords_add(c->fd, &c->arena, c->words,
			    str_z(c->m->keyword[i]));
			if (at < 0 && errno != EINVAL &&
			    !keywords_full(c->words))
				return -1;
			c->letter[i] = at < 0 ? UINT8_MAX : (uint8_t)(at + 1);
		}
		if (c->letter[i] != UINT8_MAX)
			*bits |= UINT64_C(1) << (c->letter[i] - 1);
	}
	return 0;
}

/* What message i will be there.  Returns 1; 0 it is gone; -1 failed. */
static int
describe(struct copying *c, size_t i, struct arrival *a)
{
	struct mailbox *m = c->m;
	char unique[NAME_SIZE], base[NAME_SIZE];
	uint64_t keywords;
	struct str sizes;
	size_t n;

	if (mailbox_get(m, i, &a->like) == INDEX_NONE ||
	    a->like.flags & INDEX_DEAD)
		return 0;
	if (!index_base(&m->index, &a->like, base))
		base[0] = '\0';
	sizes = name_sizes(str_z(base));
	name_unique(unique);
	snprintf(a->name, sizeof(a->name), "%.150s%.*s", unique,
	    (int)(sizes.n < 80 ? sizes.n : 0), sizes.p);
	n = strlen(a->name);
	/* Its id goes along (OBJECTID, RFC 8474). */
	if (str_search(str_z(a->name), STR(",U=")) == n)
		snprintf(a->name + n, sizeof(a->name) - n, ",U=%016llx",
		    (unsigned long long)name_id(str_z(base)));
	a->flags = a->like.flags & FLAG_SETTABLE;
	if (keywords_there(c, a->like.keywords & mailbox_words(m), &keywords) <
	    0)
		return -1;
	a->letters = (uint32_t)(keywords & KEYWORDS_LETTER_BITS);
	a->more = keywords & ~KEYWORDS_LETTER_BITS;
	return 1;
}

/* Where hard links do not reach: copy the text. */
static int
copy_text(struct copying *c, size_t i, struct arrival *a)
{
	struct mailbox_text t;
	struct newfile f;
	struct mail mail;
	int r;

	if (mailbox_measure(c->m, i, &mail) < 0)
		return -1;
	r = mailbox_read(c->m, i, &t);
	if (r <= 0) {
		errno = r == 0 ? ENOENT : errno;
		return -1;
	}
	r = newfile_begin(&f, c->fd, NULL);
	if (r == 0) {
		newfile_data(&f, t.text.p, t.text.n);
		snprintf(a->old, sizeof(a->old), "tmp/%.200s", f.base);
		r = newfile_end(&f, mail.date_s, a->name);
	} else {
		newfile_abort(&f);
	}
	mailbox_read_end(&t);
	return r;
}

/* Bring mail i into the destination's tmp/.  -1: failed, ENOENT. */
static int
link_once(struct copying *c, size_t i, struct arrival *a)
{
	char name[NAME_SIZE];
	int dir, r = describe(c, i, a);

	if (r < 0)
		return -1;
	if (r == 0 || !mailbox_file(c->m, i, name, &dir)) {
		errno = ESTALE;
		return -1;
	}
	a->from = c->fd;
	snprintf(a->old, sizeof(a->old), "tmp/%.200s", a->name);
	if (linkat(dir, name, c->fd, a->old, 0) == 0)
		return 0;
	if (errno == EXDEV || errno == EPERM || errno == EMLINK ||
	    errno == EOPNOTSUPP || errno == ENOSYS)
		return copy_text(c, i, a);
	return -1;
}

/* The same until its file stands still.  A vanished one is ESTALE. */
static int
link_one(struct copying *c, size_t i, struct arrival *a)
{
	for (int tries = 0; tries < MISSES && !mailbox_gone(c->m, i); tries++) {
		if (link_once(c, i, a) == 0)
			return 0;
		if (errno != ENOENT && errno != ESTALE)
			return fail("copy to ", a->old);
		if (mailbox_missed(c->m, i) < 0)
			return -1;
	}
	errno = ESTALE;
	return -1;
}

static void
unlink_all(struct copying *c)
{
	int err = errno;

	for (size_t i = 0; i < c->n; i++)
		unlinkat(c->fd, c->list[i].old, 0);
	errno = err;
}

static void
record(struct copying *c, struct mailbox_copied *pairs, size_t *npairs)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!c->list[i].uid)
			continue;
		pairs[*npairs].from = c->list[i].like.uid;
		pairs[(*npairs)++].to = c->list[i].uid;
	}
}

static int
copy(struct copying *c, const size_t *idx, size_t n,
    struct mailbox_copied *pairs, size_t *npairs, uint32_t *uidvalidity)
{
	for (c->n = 0; c->n < n; c->n++) {
		c->idx[c->n] = idx[c->n];
		if (link_one(c, idx[c->n], &c->list[c->n]) < 0) {
			unlink_all(c);
			return -1;
		}
	}
	if (arrive(c->m->home, c->fd, c->list, c->n, false, uidvalidity) < 0) {
		unlink_all(c);
		return -1;
	}
	record(c, pairs, npairs);
	return 0;
}

/* Those that were moved are gone here.  Returns how many were not. */
static int
moved(struct copying *c, int64_t before)
{
	int missed = 0;

	if (mailbox_lock(c->m) < 0)
		return c->m->deleted ? 0 : -1;
	index_next_modseq(&c->m->index);
	for (size_t i = 0; i < c->n; i++) {
		if (c->list[i].uid)
			mailbox_removed(c->m, c->idx[i]);
		else
			missed++;
	}
	mailbox_touched(c->m, before);
	mailbox_unlock(c->m);
	return missed;
}

/* One round of moving those of idx that are still here.  Returns how many
 * must be looked for again, or -1. */
static int
move_round(struct copying *c, const size_t *idx, size_t n,
    struct mailbox_copied *pairs, size_t *npairs, uint32_t *uidvalidity)
{
	int64_t before = files_mtime_ns(c->m->cur);

	c->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct arrival *a = &c->list[c->n];

		int r = describe(c, idx[i], a);

		if (r < 0)
			return -1;
		if (r == 0 || !mailbox_file(c->m, idx[i], a->old, &a->from))
			continue;
		c->used_cur = c->used_cur || a->from == c->m->cur;
		c->used_new = c->used_new || a->from == c->m->new;
		c->idx[c->n++] = idx[i];
	}
	if (c->n == 0)
		return 0;
	if (arrive(c->m->home, c->fd, c->list, c->n, true, uidvalidity) < 0)
		return -1;
	record(c, pairs, npairs);
	return moved(c, before);
}

static int
move(struct copying *c, const size_t *idx, size_t n,
    struct mailbox_copied *pairs, size_t *npairs, uint32_t *uidvalidity)
{
	int r = 1;

	for (int i = 0; r > 0 && i < ROUNDS; i++) {
		r = move_round(c, idx, n, pairs, npairs, uidvalidity);
		/* Others renamed them: see where they are now. */
		if (r > 0)
			c->m->stale = true;
		if (r > 0 && mailbox_look(c->m) < 0)
			return -1;
	}
	if (r < 0 && errno == EXDEV && *npairs == 0) {
		r = copy(c, idx, n, pairs, npairs, uidvalidity);
		return r < 0 ? -1 : mailbox_remove(c->m, idx, n);
	}
	if (r > 0)
		errno = EAGAIN;
	if (r != 0)
		return -1;
	if ((c->used_cur && file_sync_dir(c->m->cur) < 0) ||
	    (c->used_new && file_sync_dir(c->m->new) < 0))
		return -1;
	return 0;
}

int
mailbox_copy(struct mailbox *m, const size_t *idx, size_t n, struct str dest,
    bool moving, struct mailbox_copied *pairs, size_t *npairs,
    uint32_t *uidvalidity)
{
	struct copying c = {.m = m};
	int r, err;

	*npairs = 0;
	*uidvalidity = 0;
	if (moving && m->readonly) {
		errno = EROFS;
		return -1;
	}
	r = home_folder_open(m->home, dest, &c.fd);
	if (r <= 0) {
		errno = r == 0 ? ENOENT : errno;
		return -1;
	}
	c.list = calloc(n + 1, sizeof(*c.list));
	c.idx = calloc(n + 1, sizeof(*c.idx));
	if (!c.list || !c.idx)
		oom();
	arena_init(&c.arena, (size_t)1 << 24);
	/* Others may have set keywords that this session does not know yet. */
	if (mailbox_load_words(m) < 0 ||
	    keywords_load(c.fd, &c.arena, c.words) < 0)
		r = -1;
	else if (n)
		r = (moving ? move : copy)(
		    &c, idx, n, pairs, npairs, uidvalidity);
	err = errno;
	if (r < 0)
		m->stale = true;
	arena_free(&c.arena);
	free(c.list);
	free(c.idx);
	close(c.fd);
	errno = err;
	return r < 0 ? -1 : 0;
}
