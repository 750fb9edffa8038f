/* SPDX-License-Identifier: ISC */
/* Finding and adding digests. */
#define _GNU_SOURCE
#include "maildir/digests.h"

#include <fcntl.h>
#include <stdio.h> /* renameat() */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/fail.h"
#include "base/now.h"
#include "io/file.h"
#include "io/lock.h"
#include "maildir/index.h"

#define HEAD STR("yubin digests 1\n")
#define FILE_MAX ((uint64_t)UINT32_MAX * 8) /* what slots can speak of */
#define MAGIC 0x65447901u
#define BASE_MAX 255
#define WINDOW ((size_t)64 << 10)
#define NEAR ((size_t)4 << 10)    /* read where nothing tells what is next */
#define ADDED ((size_t)256 << 10) /* written when there is more */
#define WAIT_MS 200               /* for others who write */
#define NEW ".new"
#define USUAL 2048         /* octets of an entry: most are smaller */
#define MUCH (256 * USUAL) /* of a file */
#define BLIND 20           /* digests missed before all of the file is read */
#define PLACES ((size_t)1 << 20)

struct entry {
	uint32_t magic, crc, base_n, digest_n;
};

static size_t
padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static size_t
entry_octets(struct str base, struct str digest)
{
	return padded(sizeof(struct entry) + base.n + digest.n);
}

static size_t
entry_size(const struct entry *e)
{
	return padded(sizeof(*e) + e->base_n + e->digest_n);
}

static uint32_t
entry_crc(const struct entry *e, const char *base)
{
	uint32_t crc = crc32c(0, &e->base_n, 2 * sizeof(e->base_n));

	return crc32c(crc, base, e->base_n);
}

/* ------------------------------------------------------------- reading */

/* n octets of the file at `at`, NULL when it has not as many; they live until
 * the next call. */
static const char *
read_at(struct digests *d, uint64_t at, size_t n)
{
	uint64_t end = d->window_at + d->window_n;
	size_t want = WINDOW;
	ssize_t got;

	if (at >= d->window_at && n <= end && at <= end - n)
		return d->window + (at - d->window_at);
	if (n > DIGESTS_ENTRY || d->fd < 0)
		return NULL;
	/* What follows is wanted next, if this is what followed. */
	if (at < d->window_at || at > end + WINDOW)
		want = NEAR;
	if (want < n)
		want = n;
	if (!d->window)
		d->window = malloc(DIGESTS_ENTRY);
	if (!d->window)
		oom();
	d->window_n = 0;
	got = file_read_at(d->fd, d->window, want, at);
	if (got < 0 || (size_t)got < n)
		return NULL;
	d->window_at = at;
	d->window_n = (size_t)got;
	return d->window;
}

/* The entry at `at`: its head, and the base behind it when they are whole. */
static const char *
read_entry(struct digests *d, uint64_t at, struct entry *e)
{
	const char *p = read_at(d, at, sizeof(*e));

	if (!p)
		return NULL;
	memcpy(e, p, sizeof(*e));
	if (e->magic != MAGIC || e->base_n > BASE_MAX ||
	    e->digest_n > DIGESTS_ENTRY - BASE_MAX - sizeof(*e))
		return NULL;
	p = read_at(d, at, sizeof(*e) + e->base_n);
	if (!p || entry_crc(e, p + sizeof(*e)) != e->crc)
		return NULL;
	return p + sizeof(*e);
}

/* ------------------------------------------------------------ the slots */

static void
put_slot(struct digests *d, uint32_t hash, uint32_t at)
{
	size_t i = hash & (d->nslots - 1);

	while (d->slots[i].at)
		i = (i + 1) & (d->nslots - 1);
	d->slots[i] = (struct digests_slot){hash, at};
}

static void
add_slot(struct digests *d, uint32_t hash, uint64_t at)
{
	if (d->n * 4 >= d->nslots * 3) {
		struct digests_slot *old = d->slots;
		size_t nold = d->nslots;

		d->nslots = nold ? nold * 2 : 1024;
		d->slots = calloc(d->nslots, sizeof(*d->slots));
		if (!d->slots)
			oom();
		for (size_t i = 0; i < nold; i++)
			if (old[i].at)
				put_slot(d, old[i].hash, old[i].at);
		free(old);
	}
	put_slot(d, hash, (uint32_t)(at / 8));
	d->n++;
}

/* The last place before `limit` where a base of this hash is; 0 none. */
static uint32_t
last_slot(const struct digests *d, uint32_t hash, uint32_t limit)
{
	uint32_t best = 0;
	size_t i = hash & (d->nslots - 1);

	for (; d->nslots && d->slots[i].at; i = (i + 1) & (d->nslots - 1))
		if (d->slots[i].hash == hash && d->slots[i].at < limit &&
		    d->slots[i].at > best)
			best = d->slots[i].at;
	return best;
}

/* ------------------------------------------------------------- the file */

static void
forget(struct digests *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	free(d->slots);
	d->slots = NULL;
	d->nslots = d->n = 0;
	d->window_n = 0;
	d->end = HEAD.n;
}

static bool
same_file(const struct digests *d, const struct stat *st)
{
	return d->fd >= 0 && st->st_ino == d->ino && st->st_dev == d->dev;
}

/* Open the file that has the name now, unless it is the one we have. */
static void
open_file(struct digests *d, int create)
{
	const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	struct stat st;

	if (fstatat(d->dirfd, d->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    same_file(d, &st))
		return;
	forget(d);
	d->fd = openat(d->dirfd, d->name, O_RDWR | create | flags, 0600);
	if (d->fd < 0)
		d->fd = openat(d->dirfd, d->name, O_RDONLY | flags);
	if (d->fd < 0)
		return;
	if (fstat(d->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		forget(d);
		return;
	}
	d->ino = st.st_ino;
	d->dev = st.st_dev;
}

/* The size of the file; 0 when it is none of ours. */
static uint64_t
file_size(struct digests *d)
{
	struct stat st;
	char head[32];

	if (d->fd < 0 || fstat(d->fd, &st) < 0 ||
	    file_read_at(d->fd, head, HEAD.n, 0) != (ssize_t)HEAD.n ||
	    memcmp(head, HEAD.p, HEAD.n) != 0)
		return 0;
	return (uint64_t)st.st_size;
}

/* Take up the entries behind d->end.  Between those that are right there may
 * be anything; an entry begins at a multiple of 8. */
static void
scan_entries(struct digests *d)
{
	uint64_t size = file_size(d);

	d->scanned = true;
	while (d->end + sizeof(struct entry) <= size) {
		struct entry e;
		const char *base = read_entry(d, d->end, &e);

		if (base)
			add_slot(d, crc32c(0, base, e.base_n), d->end);
		d->end += base ? entry_size(&e) : 8;
	}
}

/* Take up the file as it is now. */
static void
look(struct digests *d)
{
	d->looked = true;
	open_file(d, 0);
	if (file_size(d) < d->end)
		forget(d); /* cut short */
}

void
digests_name(char to[DIGESTS_NAME], const char *index)
{
	snprintf(to, DIGESTS_NAME, DIGESTS "%s", index + sizeof(INDEX) - 1);
}

void
digests_init(struct digests *d, int dirfd, const char *name)
{
	*d = (struct digests){.dirfd = dirfd, .fd = -1, .end = HEAD.n};
	snprintf(d->name, sizeof(d->name), "%s", name);
	buf_init(&d->added, 2 * ADDED + DIGESTS_ENTRY);
	buf_init(&d->tags, PLACES);
	buf_init(&d->placed, PLACES);
}

void
digests_close(struct digests *d)
{
	digests_write(d);
	forget(d);
	free(d->window);
	d->window = NULL;
	buf_free(&d->added);
	buf_free(&d->tags);
	buf_free(&d->placed);
}

void
digests_refresh(struct digests *d)
{
	d->looked = d->scanned = d->wrote = false;
}

/* Whether the entry at `at` is this message's. */
static bool
is_of(struct digests *d, uint32_t at, struct str base, struct str *octets)
{
	struct entry e;
	const char *p = read_entry(d, 8 * (uint64_t)at, &e);

	if (!p || !str_eq(str_make(p, e.base_n), base))
		return false;
	p = read_at(d, 8 * (uint64_t)at, entry_size(&e));
	if (!p)
		return false;
	*octets = str_make(p + sizeof(e) + e.base_n, e.digest_n);
	return true;
}

static void
place(struct digests *d, uint32_t tag, uint32_t at, size_t size)
{
	struct digests_place p = {tag, at, (uint32_t)size};

	buf_put(&d->placed, &p, sizeof(p));
}

const struct digests_place *
digests_placed(struct digests *d, size_t *n)
{
	const struct digests_place *list = (const void *)d->placed.p;

	*n = d->placed.n / sizeof(*list);
	buf_reset(&d->placed);
	return list;
}

int
digests_find(struct digests *d, struct str base, uint32_t tag, uint32_t at,
    struct str *octets)
{
	uint32_t hash = crc32c(0, base.p, base.n);

	if (!d->looked)
		look(d);
	if (at && is_of(d, at, base, octets))
		return 1;
	if (!d->scanned &&
	    (d->blind++ >= BLIND || file_size(d) <= DIGESTS_ENTRY)) {
		scan_entries(d);
	}
	at = last_slot(d, hash, UINT32_MAX);
	while (at && !is_of(d, at, base, octets))
		at = last_slot(d, hash, at);
	if (at)
		place(d, tag, at, entry_octets(base, *octets));
	return at != 0;
}

/* -------------------------------------------------------------- writing */

void
digests_add(struct digests *d, struct str base, uint32_t tag, struct str octets)
{
	struct entry e = {.magic = MAGIC,
	    .base_n = (uint32_t)base.n,
	    .digest_n = (uint32_t)octets.n};
	static const char zeros[8];

	if (d->broken || base.n > BASE_MAX ||
	    octets.n > DIGESTS_ENTRY - BASE_MAX - sizeof(e) - sizeof(zeros))
		return;
	e.crc = entry_crc(&e, base.p);
	buf_put(&d->tags, &tag, sizeof(tag));
	buf_put(&d->added, &e, sizeof(e));
	buf_str(&d->added, base);
	buf_str(&d->added, octets);
	buf_put(&d->added, zeros, padded(d->added.n) - d->added.n);
	if (d->added.n > ADDED)
		digests_write(d);
}

/* Lock the file that has the name; make it when there is none.  0 or -1. */
static int
lock_file(struct digests *d)
{
	int64_t deadline = now_ms() + WAIT_MS;
	struct stat st;

	do {
		open_file(d, O_CREAT);
		if (d->fd < 0 || lock_take(d->fd, true, deadline) <= 0)
			return -1;
		if (fstatat(d->dirfd, d->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !same_file(d, &st)) {
			/* It was replaced meanwhile. */
			lock_release(d->fd);
			continue;
		}
		if (st.st_size == 0 || file_size(d) > 0)
			return 0;
		/* Something else has the name: ours from here. */
		unlinkat(d->dirfd, d->name, 0);
	} while (now_left(deadline));
	return -1;
}

/* Behind the last whole entry, where the next one belongs; 0 failed. */
static uint64_t
find_end(struct digests *d)
{
	uint64_t size = file_size(d);

	if (size < d->end) {
		/* Empty, or cut short. */
		int fd = d->fd;

		d->fd = -1;
		forget(d);
		d->fd = fd;
		if (size == 0 &&
		    pwrite(fd, HEAD.p, HEAD.n, 0) != (ssize_t)HEAD.n)
			return 0;
		size = size ? size : HEAD.n;
	}
	d->window_n = 0;
	return padded(size);
}

/* Take note of the entries just written at `at`. */
static void
add_slots(struct digests *d, uint64_t at)
{
	bool all = d->end == at; /* the slots have all before */
	size_t i = 0;

	for (size_t k = 0; i < d->added.n; k++) {
		const char *p = d->added.p + i;
		struct entry e;
		uint32_t tag;

		memcpy(&tag, d->tags.p + k * sizeof(tag), sizeof(tag));
		memcpy(&e, p, sizeof(e));
		place(d, tag, (uint32_t)((at + i) / 8), entry_size(&e));
		if (all)
			add_slot(d, crc32c(0, p + sizeof(e), e.base_n), at + i);
		i += entry_size(&e);
	}
	if (all)
		d->end = at + i;
	d->wrote = true;
}

static int
write_added(struct digests *d)
{
	uint64_t at = find_end(d);
	ssize_t n;

	if (at == 0 || at > FILE_MAX - d->added.n)
		return -1;
	n = pwrite(d->fd, d->added.p, d->added.n, (off_t)at);
	if (n != (ssize_t)d->added.n)
		return -1; /* what was written is found or passed over */
	add_slots(d, at);
	return 0;
}

void
digests_write(struct digests *d)
{
	if (d->added.n == 0)
		return;
	d->broken = lock_file(d) < 0 || write_added(d) < 0;
	if (d->fd >= 0)
		lock_release(d->fd);
	d->window_n = 0;
	buf_reset(&d->added);
	buf_reset(&d->tags);
}

/* ------------------------------------------------------------- rewriting */

bool
digests_wasteful(struct digests *d, size_t n)
{
	if (!d->wrote || file_size(d) < MUCH + n * USUAL)
		return false;
	if (!d->scanned)
		scan_entries(d);
	return d->n > 2 * n + 1000;
}

int
digests_rewrite_begin(struct digests *d, struct digests *new)
{
	char name[DIGESTS_NAME];

	digests_write(d);
	if (d->broken || lock_file(d) < 0)
		return -1;
	snprintf(name, sizeof(name), "%.70s" NEW, d->name);
	digests_init(new, d->dirfd, name);
	new->looked = true;
	/* What a rewrite that died left there. */
	unlinkat(d->dirfd, name, 0);
	return 0;
}

void
digests_rewrite_end(struct digests *d, struct digests *new)
{
	digests_write(new);
	/* Of no messages at all there is no file. */
	if (new->broken || new->fd < 0 ||
	    renameat(d->dirfd, new->name, d->dirfd, d->name) < 0)
		unlinkat(d->dirfd, new->fd < 0 ? d->name : new->name, 0);
	else
		buf_str(&d->placed, buf_slice(&new->placed));
	digests_close(new);
	lock_release(d->fd);
}
