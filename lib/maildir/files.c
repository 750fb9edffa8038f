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

void
files_init(struct files *f, struct arena *names)
{
	*f = (struct files){.names = names};
}

void
files_free(struct files *f)
{
	free(f->list);
	free(f->slots);
	files_init(f, f->names);
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

/* Move the full slots to a table of twice the size. */
static void
grow(struct files *f)
{
	size_t room = f->room ? f->room * 2 : 64;
	struct file *list = realloc(f->list, room * sizeof(*list));
	uint64_t *slots = calloc(room * 2, sizeof(*slots));

	if (!list || !slots || room > FILES_MAX)
		oom();
	f->list = list;
	f->room = room;
	for (size_t k = 0; k < f->nslots; k++) {
		size_t i = (size_t)(f->slots[k] >> 32) & (room * 2 - 1);

		if (!f->slots[k])
			continue;
		while (slots[i])
			i = (i + 1) & (room * 2 - 1);
		slots[i] = f->slots[k];
	}
	free(f->slots);
	f->slots = slots;
	f->nslots = room * 2;
}

static void
add(struct files *f, struct str name, bool in_new, bool recent)
{
	struct str base = str_to(name, name_base(name));
	struct file *file;
	uint32_t h = hash(base);
	uint64_t *slot;

	if (f->n == f->room)
		grow(f);
	slot = slot_of(f, base, h);
	if (!*slot) {
		f->list[f->n] = (struct file){.base_n = (uint8_t)base.n};
		fill(slot, h, f->n++);
	}
	file = &f->list[(uint32_t)*slot - 1];
	file->recent = file->recent || recent;
	file->in_new = in_new;
	file->pass = f->pass;
	if (!file->name || !str_eq(str_z(file->name), name))
		file->name = arena_z(f->names, name);
}

/* Whether the entry is a regular file with a name we can keep. */
static bool
is_message(int fd, const struct dirent *e, struct str name)
{
	struct stat st;

	if (!name_usable(name))
		return false;
	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_REG;
	return fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

static DIR *
open_again(int fd)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again < 0 ? NULL : fdopendir(again);

	if (!d && again >= 0)
		close(again);
	return d;
}

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

/* Read new/.  Returns how many files were moved, or -1. */
static int
scan_new(struct files *f, int cur, int new, bool take)
{
	DIR *d = open_again(new);
	struct dirent *e;
	int moved = 0, err;

	if (!d)
		return fail("open ", "new");
	while ((errno = 0, e = readdir(d))) {
		char to[NAME_SIZE];
		int r;

		if (!is_message(new, e, str_z(e->d_name)))
			continue;
		r = take ? take_file(cur, new, e->d_name, to) : -1;
		if (r < 0)
			add(f, str_z(e->d_name), true, true);
		if (r > 0)
			add(f, str_z(to), false, true);
		moved += r > 0;
	}
	err = errno;
	closedir(d);
	errno = err;
	return err ? fail("list ", "new") : moved;
}

static int
scan_cur(struct files *f, int cur)
{
	DIR *d = open_again(cur);
	struct dirent *e;
	int err;

	if (!d)
		return fail("open ", "cur");
	while ((errno = 0, e = readdir(d))) {
		struct str name = str_z(e->d_name);

		if (is_message(cur, e, name))
			add(f, name, false, false);
	}
	err = errno;
	closedir(d);
	errno = err;
	return err ? fail("list ", "cur") : 0;
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
	int moved = 0;

	f->pass++;
	for (int i = 0; i < TAKES; i++) {
		if (files_look(new, &f->new) < 0)
			return -1;
		moved = scan_new(f, cur, new, take);
		if (moved < 0)
			return -1;
		if (moved == 0)
			break;
	}
	return 0;
}

int
files_scan(struct files *f, int cur, int new, bool take)
{
	struct files_seen after_cur, after_new;

	if (files_scan_new(f, cur, new, take) < 0)
		return -1;
	if (files_look(cur, &f->cur) < 0 || scan_cur(f, cur) < 0 ||
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

static struct sort_item *
items(size_t n)
{
	struct sort_item *list = calloc(n + 1, sizeof(*list));

	if (!list)
		oom();
	return list;
}

static int
by_name(const void *a, const void *b)
{
	const struct file *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

size_t
files_arrived(struct files *f, struct file **order)
{
	struct sort_item *list = items(f->n);
	size_t n = 0, same = 0;

	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].uid == 0)
			list[n++] = (struct sort_item){
			    name_seconds(f->list[i].name), i};
	sort_items(list, n);
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
	free(list);
	return n;
}

void
files_sort(struct files *f)
{
	struct sort_item *list = items(f->n);
	struct file *sorted;

	for (size_t i = 0; i < f->n; i++)
		list[i] = (struct sort_item){f->list[i].uid, i};
	sort_items(list, f->n);
	sorted = malloc((f->n + 1) * sizeof(*sorted));
	if (!sorted)
		oom();
	for (size_t i = 0; i < f->n; i++)
		sorted[i] = f->list[list[i].of];
	free(list);
	free(f->list);
	f->list = sorted;
	f->room = f->n;
}
