/* SPDX-License-Identifier: ISC */
/* COPY and MOVE.  A copy is a hard link in the destination's tmp/ first; a
 * message is moved by one rename, so that it is never in neither mailbox and
 * a crash leaves it in one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/arrive.h"
#include "maildir/keywords.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "maildir/newfile.h"

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
};

/* The destination's letters for our keywords; those that find no letter are
 * left behind. */
static uint32_t
letters_there(struct copying *c, uint32_t keywords)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < KEYWORDS_N; i++) {
		int at;

		if (!(keywords & 1u << i) || !c->m->keyword[i])
			continue;
		if (!c->letter[i]) {
			at = keywords_add(c->fd, &c->arena, c->words,
			    str_z(c->m->keyword[i]));
			c->letter[i] = at < 0 ? UINT8_MAX : (uint8_t)(at + 1);
		}
		if (c->letter[i] != UINT8_MAX)
			bits |= 1u << (c->letter[i] - 1);
	}
	return bits;
}

static void
describe(struct copying *c, size_t i, struct arrival *a)
{
	const struct mailbox_entry *mail = &c->m->entries[i];
	struct str sizes = name_sizes(str_make(mail->name, mail->base_n));
	char unique[NAME_SIZE];

	name_unique(unique);
	snprintf(a->name, sizeof(a->name), "%.150s%.*s", unique,
	    (int)(sizes.n < 80 ? sizes.n : 0), sizes.p);
	a->flags = mail->flags;
	a->letters = letters_there(c, mail->keywords);
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

static int
link_once(struct copying *c, size_t i, struct arrival *a)
{
	const struct mailbox_entry *mail = &c->m->entries[i];

	describe(c, i, a);
	a->from = c->fd;
	snprintf(a->old, sizeof(a->old), "tmp/%.200s", a->name);
	if (linkat(mailbox_dir(c->m, i), mail->name, c->fd, a->old, 0) == 0)
		return 0;
	if (errno == EXDEV || errno == EPERM || errno == EMLINK ||
	    errno == EOPNOTSUPP || errno == ENOSYS)
		return copy_text(c, i, a);
	return -1;
}

/* Bring mail i into the destination's tmp/.  A vanished one is ESTALE. */
static int
link_one(struct copying *c, size_t i, struct arrival *a)
{
	for (int tries = 0; tries < MISSES && !c->m->entries[i].gone; tries++) {
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
		pairs[*npairs].from = c->m->entries[c->idx[i]].uid;
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

/* One round of moving those of idx that are still here.  Returns how many
 * must be looked for again, or -1. */
static int
move_round(struct copying *c, const size_t *idx, size_t n,
    struct mailbox_copied *pairs, size_t *npairs, uint32_t *uidvalidity)
{
	int missed = 0;

	c->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct arrival *a = &c->list[c->n];

		if (c->m->entries[idx[i]].gone)
			continue;
		describe(c, idx[i], a);
		a->from = mailbox_dir(c->m, idx[i]);
		snprintf(
		    a->old, sizeof(a->old), "%s", c->m->entries[idx[i]].name);
		c->idx[c->n++] = idx[i];
	}
	if (c->n &&
	    arrive(c->m->home, c->fd, c->list, c->n, true, uidvalidity) < 0)
		return -1;
	record(c, pairs, npairs);
	for (size_t i = 0; i < c->n; i++) {
		if (c->list[i].uid)
			mailbox_set_gone(c->m, c->idx[i]);
		else
			missed++;
	}
	return missed;
}

static int
move(struct copying *c, const size_t *idx, size_t n,
    struct mailbox_copied *pairs, size_t *npairs, uint32_t *uidvalidity)
{
	int r = 1;

	for (int i = 0; r > 0 && i < ROUNDS; i++) {
		r = move_round(c, idx, n, pairs, npairs, uidvalidity);
		/* Others renamed them: see where they are now. */
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
	return file_sync_dir(c->m->cur) < 0 || file_sync_dir(c->m->new) < 0 ? -1
	                                                                    : 0;
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
	if (keywords_load(c.fd, &c.arena, c.words) < 0)
		r = -1;
	else if (n)
		r = (moving ? move : copy)(
		    &c, idx, n, pairs, npairs, uidvalidity);
	err = errno;
	m->stale = true;
	arena_free(&c.arena);
	free(c.list);
	free(c.idx);
	close(c.fd);
	errno = err;
	return r < 0 ? -1 : 0;
}
