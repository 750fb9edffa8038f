/* SPDX-License-Identifier: ISC */
/* Writing an index anew.  It is not synced: what a power cut leaves of it is
 * found by the checksums, or by the stamps in its head. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "io/file.h"
#include "io/lock.h"
#include "maildir/index_check.h"

#define TRIES 8
#define NAME_ABOUT 48 /* octets */
#define MEMORY ARENA_GIGA(16)
#define BUILD_MS 2000 /* that others need to make an index */

static void
grow_list(struct index_build *b, size_t room)
{
	if (room > INDEX_MOST)
		oom();
	b->list = arena_grow(&b->memory, b->list, b->n * sizeof(*b->list),
	    room * sizeof(*b->list));
	b->room = (uint32_t)room;
}

static void
grow_names(struct index_build *b, size_t room)
{
	if (room > UINT32_MAX / 2)
		oom();
	b->names = arena_grow(&b->memory, b->names, b->names_n, room);
	b->names_room = room;
}

void
index_build_init(struct index_build *b, size_t room)
{
	*b = (struct index_build){0};
	arena_init_large(&b->memory, MEMORY);
	grow_list(b, room + 1);
	grow_names(b, room * NAME_ABOUT + 8192);
}

void
index_build_free(struct index_build *b)
{
	arena_free(&b->memory);
}

void
index_build_add(struct index_build *b, struct index_record *rec,
    struct str name, struct str uidl)
{
	struct str text = index_split_name(rec, name);
	size_t n = text.n + uidl.n;

	if (b->n == b->room)
		grow_list(b, (size_t)b->room * 2);
	if (n > b->names_room - b->names_n)
		grow_names(b, b->names_room * 2);
	memcpy(b->names + b->names_n, text.p, text.n);
	memcpy(b->names + b->names_n + text.n, uidl.p, uidl.n);
	rec->name_at = (uint32_t)b->names_n;
	rec->name_n = (uint8_t)text.n;
	rec->uidl_n = (uint8_t)uidl.n;
	rec->name_check = index_sum_name(b->names + b->names_n, n);
	b->names_n += n;
	b->list[b->n++] = *rec;
}

static void
fill_head(struct index_build *b)
{
	struct index_head *h = &b->head;

	h->magic = INDEX_MAGIC;
	h->record_size = sizeof(struct index_record);
	if (getrandom(&h->id, sizeof(h->id), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(h->id))
		h->id = (uint64_t)now_wall_us() ^ (uint64_t)getpid() << 48;
	h->room = b->n + b->n / 4 + 64;
	h->count = b->n;
	h->names_room = (uint32_t)(b->names_n + b->names_n / 4 + 8192);
	h->names_n = (uint32_t)b->names_n;
	h->dead = h->in_new = h->unseen = h->deleted = h->dead_check = 0;
	h->unseen_from = b->n;
	h->changes = 0;
	for (uint32_t r = 0; r < b->n; r++)
		index_count(h, &b->list[r], r, 1);
	h->check = index_sum_head(h);
}

/* Put n octets at `at` of the index, which is all zeros.  A file is written to:
 * filling its mapping page by page takes several times as long. */
static int
put(struct index *x, size_t at, const void *p, size_t n)
{
	if (x->fd >= 0)
		return file_write_at(x->fd, p, n, at);
	if (n)
		memcpy(x->map + at, p, n);
	return 0;
}

/* Everything but the bits of the dead.  0 or -1. */
static int
fill(const struct index_build *b, struct index *x)
{
	const struct index_head *h = &b->head;
	unsigned char *bits = x->map + index_bits_at();

	for (uint32_t r = 0; r < b->n; r++) {
		struct index_record *rec = &b->list[r];

		rec->check = index_sum_record(rec, h->id, r);
		if (rec->flags & INDEX_DEAD)
			bits[r / 8] |= (unsigned char)(1u << r % 8);
	}
	if (put(x, 0, h, sizeof(*h)) < 0 ||
	    put(x, index_records_at(h), b->list, b->n * sizeof(*b->list)) < 0)
		return -1;
	return put(x, index_names_at(h), b->names, b->names_n);
}

/* A new file of this name, locked.  Before it is, others take its maker for
 * dead: then it may be gone, which is EEXIST, too. */
static int
claim(int dirfd, const char *name)
{
	int fd = openat(dirfd, name,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || (lock_take(fd, true, now_ms()) == 1 &&
			  file_has_name(fd, dirfd, name)))
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

/* An empty file of that size with another name, locked and mapped.  -1: failed,
 * EEXIST somebody else has the name. */
static int
create(struct index *x, int dirfd, const char *name, size_t size)
{
	void *p = MAP_FAILED;
	int err;

	x->fd = claim(dirfd, name);
	if (x->fd < 0)
		return -1;
	/* With its blocks, lest the disk be full when we write to them. */
	err = posix_fallocate(x->fd, 0, (off_t)size);
	if (err == 0)
		p = mmap(
		    NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, x->fd, 0);
	if (p != MAP_FAILED) {
		x->map = p;
		x->mapped = size;
		index_guard_add(p, size);
		return 0;
	}
	unlinkat(dirfd, name, 0);
	close(x->fd);
	x->fd = -1;
	errno = err ? err : ENOMEM;
	return -1;
}

/* The file of this name is being made by somebody, who has it locked, or was
 * left by one who died: then it goes.  Returns whether to try again. */
static bool
clear_way(int dirfd, const char *temp)
{
	int fd = openat(dirfd, temp, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	bool ok = true;

	if (fd < 0)
		return errno == ENOENT;
	if (lock_take(fd, true, now_ms() + BUILD_MS) != 1)
		ok = false;
	else if (file_has_name(fd, dirfd, temp))
		ok = unlinkat(dirfd, temp, 0) == 0;
	close(fd);
	return ok;
}

static int
write_file(struct index_build *b, struct index *x, int dirfd, const char *name,
    bool lock)
{
	char temp[NAME_SIZE];

	snprintf(temp, sizeof(temp), ".%.200s.tmp", name);
	for (int i = 0; create(x, dirfd, temp, index_size(&b->head)) < 0; i++)
		if (errno != EEXIST || i == TRIES || !clear_way(dirfd, temp))
			return -1;
	if (fill(b, x) < 0 || renameat(dirfd, temp, dirfd, name) < 0) {
		unlinkat(dirfd, temp, 0);
		index_close(x);
		return -1;
	}
	if (!lock)
		lock_release(x->fd);
	return 0;
}

void
index_build_finish(struct index_build *b, struct index *x, int dirfd,
    const char *name, bool lock)
{
	void *p;

	index_init(x);
	fill_head(b);
	if (dirfd < 0 || write_file(b, x, dirfd, name, lock) < 0) {
		p = mmap(NULL, index_size(&b->head), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			oom();
		x->map = p;
		x->mapped = index_size(&b->head);
		(void)!fill(b, x);
	}
	x->head = b->head;
	x->locked = lock;
}
