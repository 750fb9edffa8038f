/* SPDX-License-Identifier: ISC */
/* The messages' files in new/ and cur/.  new/ is read before cur/: a file that
 * moves meanwhile is seen twice rather than never. */
#define _GNU_SOURCE
#include "maildir/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/sort.h"
#include "maildir/name.h"

#define FILES_MAX ((size_t)1 << 27)
#define TICK_NS 20000000     /* local time stamps are at least this fine */
#define SHARED_NS 2000000000 /* those of shared file systems */
#define TAKES 8              /* how often new/ is read until it is empty */
#define ROOM_LEAST 64        /* files; a power of 2 */
#define BLOCK_LEAST 32768    /* octets of a directory at once */
#define BLOCK_MOST 262144
#define ENTRY_MOST 280      /* of a name of 255 octets */
#define ENTRY_ABOUT 80      /* on disk, and what is unused beside it */
#define EXPECT_MOST 1048576 /* files */

/* As getdents64(2) tells it. */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t size;
	uint8_t type;
	char name[];
};

void
files_init(struct files *f, struct arena *memory)
{
	*f = (struct files){.memory = memory};
}

int64_t
files_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t
files_mtime_ns(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail("stat directory", NULL);
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* ext2 to 4, XFS, btrfs, tmpfs, overlay: the kernel's own clock tick. */
int64_t
files_grain_ns(int fd)
{
	static const unsigned long local[] = {
	    0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630};
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0)
		for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
			if ((unsigned long)fs.f_type == local[i])
				return TICK_NS;
	return SHARED_NS;
}

int
files_look(int fd, struct files_seen *seen)
{
	seen->mtime_ns = files_mtime_ns(fd);
	seen->looked_ns = files_clock_ns();
	return seen->mtime_ns == -1 ? -1 : 0;
}

bool
files_changed(int fd, const struct files_seen *seen)
{
	struct files_seen now;
	int64_t age = seen->looked_ns - seen->mtime_ns;

	if (files_look(fd, &now) < 0 || now.mtime_ns != seen->mtime_ns)
		return true;
	if (age < TICK_NS)
		return true;
	/* Look once more when even a coarse stamp would have moved on. */
	return age < SHARED_NS && now.looked_ns - seen->mtime_ns >= SHARED_NS;
}

/* Eight octets at a time: names are long and much alike. */
static uint32_t
hash(struct str s)
{
	uint64_t h = s.n;

	for (size_t i = 0; i < s.n; i += 8) {
		uint64_t word = 0;

		memcpy(&word, s.p + i, s.n - i < 8 ? s.n - i : 8);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return (uint32_t)h;
}

static struct str
base_of(const struct file *file)
{
	return str_make(file->name, file->base_n);
}

/* The slot that holds base, or the empty one where it belongs. */
static uint64_t *
slot_of(const struct files *f, struct str base, uint32_t h)
{
	size_t i = h & (f->nslots - 1);

	while (f->slots[i] &&
	       ((uint32_t)(f->slots[i] >> 32) != h ||
		   !str_eq(base_of(&f->list[(uint32_t)f->slots[i] - 1]), base)))
		i = (i + 1) & (f->nslots - 1);
	return &f->slots[i];
}

static void
fill(uint64_t *slot, uint32_t h, size_t i)
{
	*slot = (uint64_t)h << 32 | (uint32_t)(i + 1);
}

static void
rehash(struct files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		uint32_t h = hash(base_of(&f->list[i]));

		fill(slot_of(f, base_of(&f->list[i]), h), h, i);
	}
}

/* Make room for so many; the full slots move to a greater table. */
static void
grow(struct files *f, size_t room)
{
	uint64_t *slots;

	if (room > FILES_MAX)
		oom();
	f->list = arena_grow(f->memory, f->list, f->n * sizeof(*f->list),
	    room * sizeof(*f->list));
	slots = arena_array(f->memory, room * 2, sizeof(*slots));
	f->room = room;
	for (size_t k = 0; k < f->nslots; k++) {
		size_t i = (size_t)(f->slots[k] >> 32) & (room * 2 - 1);

		if (!f->slots[k])
			continue;
		while (slots[i])
			i = (i + 1) & (room * 2 - 1);
		slots[i] = f->slots[k];
	}
	f->slots = slots;
	f->nslots = room * 2;
}

/* The size of the directory tells about how many files to expect, on most file
 * systems. */
static void
expect(struct files *f, int fd)
{
	size_t room = ROOM_LEAST;
	struct stat st;

	if (f->room || fstat(fd, &st) < 0)
		return;
	while (room < EXPECT_MOST && room < (uint64_t)st.st_size / ENTRY_ABOUT)
		room *= 2;
	grow(f, room);
}

/* name: lives as long as f.  Returns whether it is used. */
static bool
add(struct files *f, struct str name, size_t base_n, bool in_new, bool recent)
{
	struct str base = str_to(name, base_n);
	struct file *file;
	uint32_t h = hash(base);
	uint64_t *slot;

	if (f->n == f->room)
		grow(f, f->room ? f->room * 2 : ROOM_LEAST);
	slot = slot_of(f, base, h);
	if (!*slot) {
		f->list[f->n] =
		    (struct file){.name = name.p, .base_n = (uint8_t)base_n};
		fill(slot, h, f->n++);
	}
	file = &f->list[(uint32_t)*slot - 1];
	file->recent = file->recent || recent;
	file->in_new = in_new;
	file->pass = f->pass;
	if (str_eq(files_name(file), name))
		return false;
	file->name = name.p;
	file->name_n = (uint8_t)name.n;
	return true;
}

static bool
is_file(int fd, const struct entry *e)
{
	struct stat st;

	if (e->type != DT_UNKNOWN)
		return e->type == DT_REG;
	return fstatat(fd, e->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

/* The two directories, and what is done with them. */
struct scan {
	struct files *f;
	int cur, new;
	bool take;
	int moved;
};

/* Move one file from new/ to cur/.  Returns 1 moved (its name is in to), 0 it
 * was gone, -1 failed. */
static int
take_file(int cur, int new, const char *name, char to[NAME_SIZE])
{
	bool flags = str_has(str_z(name), ':');

	snprintf(to, NAME_SIZE, "%.250s%s", name, flags ? "" : ":2,");
	if (flags)
		snprintf(to, NAME_SIZE, "%s", name);
	if (renameat(new, name, cur, to) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

/* Take an entry of new/, as add(). */
static bool
take_new(struct scan *s, struct str name, size_t base_n)
{
	char to[NAME_SIZE];
	int r = s->take ? take_file(s->cur, s->new, name.p, to) : -1;

	if (r > 0) {
		s->moved++;
		add(s->f, arena_str(s->f->memory, str_z(to)), base_n, false,
		    true);
	}
	return r < 0 && add(s->f, name, base_n, true, true);
}

/* Take the entries of n octets, and keep the block up to the last name that is
 * used. */
static void
take_block(struct scan *s, int fd, size_t n)
{
	char *block = s->f->block + s->f->block_n;
	size_t kept = 0;

	for (size_t at = 0; at < n;) {
		const struct entry *e = (const void *)(block + at);
		struct str name = str_z(e->name);
		size_t base_n = name_usable(name);

		at += e->size;
		if (!base_n || !is_file(fd, e))
			continue;
		if (fd == s->new ? take_new(s, name, base_n)
				 : add(s->f, name, base_n, false, false))
			kept = at;
	}
	s->f->block_n += kept;
}

/* Read a piece of the directory into the block.  Returns how many octets, 0 at
 * the end, -1. */
static ssize_t
read_block(struct files *f, int fd)
{
	if (f->block_room - f->block_n < ENTRY_MOST) {
		f->block_room = f->block_room < BLOCK_MOST / 2
		                    ? f->block_room * 2 + BLOCK_LEAST
		                    : BLOCK_MOST;
		f->block = arena_room(f->memory, f->block_room);
		f->block_n = 0;
	}
	return syscall(SYS_getdents64, fd, f->block + f->block_n,
	    f->block_room - f->block_n);
}

/* Read new/ or cur/, which is open at fd.  0 or -1. */
static int
scan_dir(struct scan *s, int fd, const char *name)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t n = -1;
	int err;

	if (again < 0)
		return fail("open ", name);
	while ((n = read_block(s->f, again)) > 0)
		take_block(s, fd, (size_t)n);
	err = errno;
	close(again);
	errno = err;
	return n < 0 ? fail("list ", name) : 0;
}

/* Forget files that an earlier scan saw and this one did not. */
static void
drop_old(struct files *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].pass == f->pass)
			f->list[kept++] = f->list[i];
	if (kept == f->n)
		return;
	f->n = kept;
	memset(f->slots, 0, f->nslots * sizeof(*f->slots));
	rehash(f);
}

int
files_scan_new(struct files *f, int cur, int new, bool take)
{
	struct scan s = {.f = f, .cur = cur, .new = new, .take = take};

	f->pass++;
	for (int i = 0; i < TAKES; i++) {
		s.moved = 0;
		if (files_look(new, &f->new) < 0 ||
		    scan_dir(&s, new, "new") < 0)
			return -1;
		if (s.moved == 0)
			break;
	}
	return 0;
}

int
files_scan(struct files *f, int cur, int new, bool take)
{
	struct files_seen after_cur, after_new;
	struct scan s = {.f = f, .cur = cur, .new = new};

	expect(f, cur);
	if (files_scan_new(f, cur, new, take) < 0)
		return -1;
	if (files_look(cur, &f->cur) < 0 || scan_dir(&s, cur, "cur") < 0 ||
	    files_look(cur, &after_cur) < 0 || files_look(new, &after_new) < 0)
		return -1;
	f->settled = after_cur.mtime_ns == f->cur.mtime_ns &&
	             after_new.mtime_ns == f->new.mtime_ns &&
	             f->cur.looked_ns - f->cur.mtime_ns >= TICK_NS &&
	             f->new.looked_ns - f->new.mtime_ns >= TICK_NS;
	if (f->settled)
		drop_old(f);
	return 0;
}

struct file *
files_find(const struct files *f, struct str base)
{
	uint64_t *slot;

	if (!f->nslots)
		return NULL;
	slot = slot_of(f, base, hash(base));
	return *slot ? &f->list[(uint32_t)*slot - 1] : NULL;
}

/* Each step asks for the memory that the next one needs. */
void
files_find_all(const struct files *f, const struct str *bases, size_t n,
    struct file **found)
{
	uint32_t h[FILES_AT_ONCE];

	if (!f->nslots)
		memset(found, 0, n * sizeof(struct file *));
	for (size_t i = 0; f->nslots && i < n; i++) {
		h[i] = hash(bases[i]);
		__builtin_prefetch(&f->slots[h[i] & (f->nslots - 1)]);
	}
	for (size_t i = 0; f->nslots && i < n; i++) {
		uint64_t slot = f->slots[h[i] & (f->nslots - 1)];

		found[i] = slot ? &f->list[(uint32_t)slot - 1] : NULL;
		__builtin_prefetch(found[i]);
	}
	for (size_t i = 0; f->nslots && i < n; i++)
		if (found[i])
			__builtin_prefetch(found[i]->name);
	for (size_t i = 0; f->nslots && i < n; i++) {
		const uint64_t *slot = slot_of(f, bases[i], h[i]);

		found[i] = *slot ? &f->list[(uint32_t)*slot - 1] : NULL;
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct file *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

struct file **
files_arrived(struct files *f, size_t *found)
{
	struct arena mine;
	struct sort_item *list;
	struct file **order;
	size_t n = 0, same = 0;

	arena_init_large(&mine, ARENA_GIGA(4));
	list = arena_room(&mine, 2 * f->n * sizeof(*list));

	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].uid == 0)
			list[n++] = (struct sort_item){
			    name_seconds(f->list[i].name), i};
	sort_items(list, list + f->n, n);
	order = arena_room(f->memory, n * sizeof(struct file *));
	for (size_t i = 0; i < n; i++) {
		order[i] = &f->list[list[i].of];
		if (i + 1 < n && list[i + 1].key == list[i].key)
			continue;
		/* Those of one second. */
		if (i > same)
			qsort(order + same, i + 1 - same, sizeof(*order),
			    by_name);
		same = i + 1;
	}
	arena_free(&mine);
	*found = n;
	return order;
}
