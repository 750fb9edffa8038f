/* SPDX-License-Identifier: ISC */
/* Digests of messages: from the folder's file of them, or by reading the
 * message in pieces. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/digests.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"

#define PIECE 65536
/* Messages up to here are read whole in any case: most headers are shorter. */
#define SMALL 8192
#define MISSES 10 /* renames by others in the way of one operation */

struct mailbox_digests {
	struct digests file;
	struct digest_maker maker;
	struct buf text; /* of the digest made last */
	char piece[PIECE];
};

static struct mailbox_digests *
begin(struct mailbox *m)
{
	struct mailbox_digests *s = m->digests;
	char name[DIGESTS_NAME];

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		oom();
	/* Where the index is. */
	digests_name(name, m->index_name);
	digests_init(&s->file, m->index_dir, name);
	digest_init(&s->maker);
	buf_init(&s->text, DIGEST_MAX);
	m->digests = s;
	return s;
}

/* The message's file, which is open, through the maker.  0 or -1. */
static int
read_message(struct mailbox_digests *s, int fd, uint64_t size, bool whole)
{
	size_t want = whole ? PIECE : SMALL;
	ssize_t n;

	digest_begin(&s->maker);
	do {
		want = size < want ? (size_t)size : want;
		n = file_read_at(fd, s->piece, want, FILE_HERE);
		if (n > 0)
			digest_feed(&s->maker, str_make(s->piece, (size_t)n));
		/* Nothing more, or less than there was to be. */
		size = n < (ssize_t)want ? 0 : size - want;
		want = PIECE;
	} while (size && (whole || !digest_header_read(&s->maker)));
	buf_reset(&s->text);
	digest_end(&s->maker, size == 0, &s->text);
	return n < 0 ? -1 : 0;
}

static int
make(struct mailbox *m, int dir, const char *name, bool whole)
{
	struct stat st;
	int fd = mailbox_open_file(dir, name, &st);
	int r, err;

	if (fd < 0)
		return -1;
	r = read_message(m->digests, fd, (uint64_t)st.st_size, whole);
	err = errno;
	close(fd);
	errno = err;
	return r;
}

/* Returns 1, 0 the message is gone, -1 failed. */
static int
make_anew(struct mailbox *m, size_t i, bool whole)
{
	char name[NAME_SIZE];
	int dir;

	for (int tries = 0; tries < MISSES; tries++) {
		int r;

		if (!mailbox_file(m, i, name, &dir))
			return 0;
		if (make(m, dir, name, whole) == 0)
			return 1;
		if (errno != ENOENT && errno != ESTALE)
			return fail("read ", name);
		r = mailbox_missed(m, i);
		if (r <= 0)
			return r;
	}
	errno = EAGAIN;
	return fail("open ", name);
}

static bool
is_record(struct mailbox *m, uint32_t r, uint32_t uid, struct index_record *rec)
{
	return r < m->index.head.count && index_get(&m->index, r, rec) &&
	       rec->uid == uid;
}

/* Let the index know where digests are.  It is a cache: this may fail. */
static void
note_places(struct mailbox *m)
{
	uint32_t r = INDEX_NONE;
	size_t n;
	const struct digests_place *p = digests_placed(&m->digests->file, &n);

	if (n == 0 || mailbox_lock(m) < 0)
		return;
	for (size_t k = 0; k < n; k++) {
		struct index_record rec;

		/* Most often it is the one behind the last. */
		if (!is_record(m, ++r, p[k].tag, &rec)) {
			r = index_find(&m->index, p[k].tag);
			if (!is_record(m, r, p[k].tag, &rec))
				continue;
		}
		rec.digest_at = 8 * (uint64_t)p[k].at;
		rec.digest_n = p[k].n;
		index_put(&m->index, r, &rec, false);
	}
	mailbox_unlock(m);
}

int
mailbox_digest(struct mailbox *m, size_t i, bool whole, struct digest *d)
{
	struct mailbox_digests *s = begin(m);
	char name[NAME_SIZE];
	struct index_record rec;
	struct str base, octets;
	int dir, r;

	if (mailbox_get(m, i, &rec) == INDEX_NONE ||
	    !mailbox_file(m, i, name, &dir))
		return 0;
	base = str_make(name, name_base(str_z(name)));
	if (digests_find(&s->file, base, rec.uid,
		rec.digest_n ? (uint32_t)(rec.digest_at / 8) : 0,
		&octets) > 0 &&
	    digest_read(d, octets) == 0 && (d->whole || !whole))
		return 1;
	r = make_anew(m, i, whole);
	if (r <= 0)
		return r;
	if (digest_read(d, buf_slice(&s->text)) < 0) {
		errno = EILSEQ;
		return fail("digest", NULL);
	}
	digests_add(&s->file, base, rec.uid, buf_slice(&s->text));
	return 1;
}

/* Write the file anew without the messages that are gone. */
static void
rewrite(struct mailbox *m)
{
	struct digests *old = &m->digests->file, new;
	struct str octets;

	if (digests_rewrite_begin(old, &new) < 0)
		return;
	for (size_t i = 0; i < m->n; i++) {
		char name[NAME_SIZE];
		struct str base;
		int dir;

		if (!mailbox_file(m, i, name, &dir))
			continue;
		base = str_make(name, name_base(str_z(name)));
		if (digests_find(old, base, 0, 0, &octets) > 0)
			digests_add(&new, base, mailbox_uid(m, i), octets);
	}
	digests_rewrite_end(old, &new);
	note_places(m);
}

void
mailbox_digests_done(struct mailbox *m)
{
	free(m->spare);
	m->spare = NULL;
	if (!m->digests)
		return;
	digests_write(&m->digests->file);
	note_places(m);
	if (digests_wasteful(&m->digests->file, m->n))
		rewrite(m);
	mailbox_digests_close(m);
}

void
mailbox_digests_close(struct mailbox *m)
{
	if (!m->digests)
		return;
	digests_close(&m->digests->file);
	digest_free(&m->digests->maker);
	buf_free(&m->digests->text);
	free(m->digests);
	m->digests = NULL;
}
