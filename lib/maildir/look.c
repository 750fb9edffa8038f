/* SPDX-License-Identifier: ISC */
/* One consistent look at a folder.
 *
 * Two things make it hard.  A directory that is being renamed in may hide a
 * file from one reading, so a message counts as vanished only when the
 * directories stood still, or several readings missed it.  And UIDs must rise
 * for every session: before this one shows UID 12 it must have seen UID 11, so
 * whoever is about to give UIDs, or misses one that was given lately, takes
 * the lock (its holder may be placing that file) and looks again. */
#include "maildir/look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/num.h"
#include "maildir/courier.h"
#include "maildir/dotlock.h"
#include "maildir/keywords.h"
#include "maildir/inherit.h"
#include "maildir/name.h"

#define PASSES 6
#define AHEAD 8     /* entries whose files are asked for */
#define MORE_FEW 64 /* lines that are no reason to write it anew */

/* Whether the file of this UID should be there, for all we know. */
static bool
expected(const struct look *l, uint32_t uid)
{
	struct index *x = l->known;
	struct index_record rec;
	uint32_t r;

	if (!x || x->bad || uid >= x->head.uidnext)
		return true;
	r = index_find(x, uid);
	if (r == INDEX_NONE)
		return true;
	return r < x->head.count && index_get(x, r, &rec) && rec.uid == uid &&
	       !(rec.flags & INDEX_DEAD);
}

/* Give the files the UIDs of some entries.  Returns how many expected ones have
 * no file. */
static size_t
match_some(struct look *l, struct uidlist_entry *list, size_t n)
{
	struct str bases[FILES_AT_ONCE] = {{0}};
	struct file *found[FILES_AT_ONCE];
	size_t missing = 0;

	for (size_t i = 0; i < n; i++)
		bases[i] = list[i].base;
	files_find_all(&l->files, bases, n, found);
	for (size_t i = 0; i < n; i++) {
		list[i].of = 0;
		if (!found[i]) {
			missing += expected(l, list[i].uid);
		} else if (found[i]->uid == 0) {
			found[i]->uid = list[i].uid;
			list[i].of = (uint32_t)(found[i] - l->files.list) + 1;
		}
	}
	return missing;
}

/* Give the files the UIDs of the list, whose entries then tell which file is
 * theirs (index + 1); returns how many expected ones have no file. */
static size_t
match(struct look *l)
{
	size_t missing = 0;

	for (size_t i = 0; i < l->list.n; i += FILES_AT_ONCE) {
		size_t left = l->list.n - i;

		missing += match_some(l, &l->list.list[i],
		    left < FILES_AT_ONCE ? left : FILES_AT_ONCE);
	}
	return missing;
}

static void
forget_uids(struct look *l)
{
	for (size_t i = 0; i < l->files.n; i++)
		l->files.list[i].uid = 0;
}

static size_t
unknown(const struct look *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->files.n; i++)
		n += l->files.list[i].uid == 0;
	return n;
}

/* Read the directories up to `passes` times, until no message is missing or
 * they stand still.  Returns 1 sure, 0 unsure, -1 failed. */
static int
read_files(struct look *l, int cur, int new, bool take, int passes)
{
	struct timespec pause = {.tv_nsec = 4000000};

	for (int i = 0; i < passes; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		if (files_scan(&l->files, cur, new, take) < 0)
			return -1;
		forget_uids(l);
		if (match(l) == 0 || l->files.settled)
			return 1;
	}
	return 0;
}

/* UIDs for the files without one, in the order of arrival. */
static void
number(struct look *l)
{
	size_t n;
	struct file **order = files_arrived(&l->files, &n);

	uidlist_expect(&l->list, n);
	for (size_t i = 0; i < n; i++) {
		struct file *file = order[i];

		file->uid =
		    uidlist_add(&l->list, str_make(file->name, file->base_n));
		l->list.list[l->list.n - 1].of =
		    (uint32_t)(file - l->files.list) + 1;
	}
}

int
look_begin_list(struct uidlist *u, const struct home *h)
{
	uidlist_free(u);
	u->rewrite = true;
	return home_uidvalidity_next(h, &u->uidvalidity);
}

/* The list was lost under a running session, whose index knows all of it. */
static void
restore_list(struct look *l)
{
	struct index *x = l->known;

	uidlist_free(&l->list);
	l->list.rewrite = true;
	l->list.uidvalidity = x->head.uidvalidity;
	for (uint32_t r = 0; r < x->head.count; r++) {
		struct index_record rec;
		char base[NAME_SIZE];

		if (!index_get(x, r, &rec))
			break;
		if (rec.flags & INDEX_DEAD || !index_base(x, &rec, base))
			continue;
		l->list.uidnext = rec.uid;
		uidlist_add(&l->list, arena_str(l->memory, str_z(base)));
	}
	l->list.uidnext = x->head.uidnext;
}

/* Drop the lines of vanished files when they are the bulk. */
static void
shrink(struct look *l)
{
	struct uidlist *u = &l->list;
	size_t kept = 0;

	if (u->n < 64 || l->files.n * 4 > u->n)
		return;
	for (size_t i = 0; i < u->n; i++)
		if (u->list[i].of)
			u->list[kept++] = u->list[i];
	u->n = kept;
	u->rewrite = true;
}

/* Under the lock: look again unless nobody else was here meanwhile. */
static int
renew(struct look *l, const struct home *h, int fd, int cur, int new, bool take,
    bool sure)
{
	int r = 1;

	if (uidlist_fresh(&l->list.stamp, fd) && l->list.uidvalidity && sure)
		return 1;
	if (uidlist_load(&l->list, fd) < 0)
		return -1;
	if (!l->list.uidvalidity && l->running && l->known)
		restore_list(l);
	else if (!l->list.uidvalidity || l->list.courier)
		r = inherit_keywords(h, fd, cur, &l->list, &l->inherit);
	if (r >= 0 && !l->list.uidvalidity)
		r = look_begin_list(&l->list, h);
	return r < 0 ? -1 : read_files(l, cur, new, take, PASSES);
}

static int
complete(struct look *l, const struct home *h, int fd, int cur, int new,
    bool take, bool sure)
{
	size_t from;
	int r = renew(l, h, fd, cur, new, take, sure);

	if (r < 0)
		return -1;
	if (unknown(l) > UIDLIST_UID_MAX - l->list.uidnext) {
		/* Nobody has so many: garbage made the UIDs run out. */
		if (look_begin_list(&l->list, h) < 0)
			return -1;
		forget_uids(l);
	}
	if (r == 1)
		shrink(l);
	from = l->list.n;
	number(l);
	if (l->inherit && inherit_pop3(&l->list, fd, &l->files, l->memory) < 0)
		return -1;
	if (uidlist_save(&l->list, fd, from) < 0)
		return -1;
	return l->list.courier ? courier_retire(fd) : 0;
}

/* What the list says about a file beyond its UID. */
static void
annotate(struct look *l)
{
	for (size_t i = 0; i < l->list.n; i++) {
		struct uidlist_entry *e = &l->list.list[i];
		struct str uidl, wire;
		struct file *file;

		if (i + AHEAD < l->list.n && l->list.list[i + AHEAD].of)
			__builtin_prefetch(
			    &l->files.list[l->list.list[i + AHEAD].of - 1]);
		if (!e->fields.n || !e->of)
			continue;
		file = &l->files.list[e->of - 1];
		uidl = uidlist_field(e, 'P');
		wire = uidlist_field(e, 'W');
		/* Dovecot leaves it empty where it is the base. */
		if (uidl.p && !uidl.n)
			uidl = e->base;
		if (uidl.n <= NAME_MAX) {
			file->uidl = uidl.p;
			file->uidl_n = (uint8_t)uidl.n;
		}
		if (num_scan(wire, INT64_MAX, &file->wire_size) < 0)
			file->wire_size = 0;
	}
}

/* Lines of yubin-keywords, and of how many messages these are. */
struct more {
	struct files *files;
	size_t lines, used;
};

static void
note_more(void *arg, struct str base, uint64_t bits)
{
	struct more *more = arg;
	struct file *file = files_find(more->files, base);

	more->lines++;
	if (!file)
		return;
	more->used += file->keywords == 0 && bits != 0;
	more->used -= file->keywords != 0 && bits == 0;
	file->keywords = bits;
}

static bool
still_used(void *arg, struct str base, uint64_t bits)
{
	struct more *more = arg;
	struct file *file = files_find(more->files, base);

	return file && bits && file->keywords == bits;
}

/* Keywords that have no letter. */
static void
read_more(struct look *l, int fd)
{
	struct more more = {.files = &l->files};

	if (keywords_more(fd, &more, note_more) == 1 && l->files.settled &&
	    more.lines > MORE_FEW && more.lines / 4 > more.used)
		keywords_more_shrink(fd, &more, still_used);
}

/* Every file has its entry by now. */
static void
put_in_order(struct look *l)
{
	size_t n = 0;

	l->order = arena_array(l->memory, l->files.n, sizeof(*l->order));
	for (size_t i = 0; i < l->list.n; i++)
		if (l->list.list[i].of)
			l->order[n++] = &l->files.list[l->list.list[i].of - 1];
}

static int
look(struct look *l, const struct home *h, int fd, int cur, int new, bool take)
{
	struct dotlock lock;
	int r = 0;

	if (uidlist_load(&l->list, fd) < 0)
		return -1;
	/* Without a list the files are read under the lock, once. */
	if (l->list.uidvalidity && !l->list.courier)
		r = read_files(l, cur, new, take, 1);
	if (r < 0)
		return -1;
	if (r == 1 && l->list.uidvalidity && !l->list.rewrite &&
	    unknown(l) == 0)
		return 0;
	if (dotlock_take(&lock, fd, UIDLIST_LOCK) < 0)
		return -1;
	r = complete(l, h, fd, cur, new, take, r == 1);
	dotlock_release(&lock);
	return r;
}

int
look_take(struct look *l, const struct home *h, int fd, int cur, int new,
    struct arena *memory, bool take, struct index *known, bool running)
{
	*l =
	    (struct look){.known = known, .running = running, .memory = memory};
	files_init(&l->files, memory);
	uidlist_init(&l->list);
	if (look(l, h, fd, cur, new, take) < 0) {
		int err = errno;

		look_free(l);
		errno = err;
		return -1;
	}
	annotate(l);
	read_more(l, fd);
	put_in_order(l);
	l->uidvalidity = l->list.uidvalidity;
	l->uidnext = l->list.uidnext;
	return 0;
}

void
look_free(struct look *l)
{
	uidlist_free(&l->list);
}

/* The directories are open. */
static int
look_once(const struct home *h, int fd, int cur, int new)
{
	struct arena memory;
	struct look l;
	int r;

	arena_init_large(&memory, LOOK_MEMORY);
	r = look_take(&l, h, fd, cur, new, &memory, false, NULL, false);
	if (r == 0)
		look_free(&l);
	arena_free(&memory);
	return r;
}

int
look_first(const struct home *h, int fd)
{
	int cur, new, r;

	if (faccessat(fd, UIDLIST, F_OK, 0) == 0)
		return 0;
	cur = openat(fd, "cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	new = openat(fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = cur < 0 || new < 0 ? fail("open ", "cur")
	                       : look_once(h, fd, cur, new);
	if (cur >= 0)
		close(cur);
	if (new >= 0)
		close(new);
	return r;
}
