/* SPDX-License-Identifier: ISC */
/* The users and aliases files in memory: each text whole, as it was read, and
 * a hash table of where the entries start. */
#define _GNU_SOURCE
#include "users/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/now.h"
#include "io/file.h"
#include "users/alias.h"
#include "users/domain.h"
#include "users/line.h"

#define SETTLED_S 2 /* clocks of file systems are coarse */

struct slot {
	uint32_t hash;
	uint32_t len; /* of the entry; 0: an empty slot */
	size_t at;
};

struct cache_file {
	char path[4096];
	struct str domain; /* behind domains/ in path */
	bool aliases;
	struct stat st;
	bool settled; /* old enough that a change must show in st */
	struct buf text;
	struct slot *slots;
	size_t nslots; /* a power of two */
	uint64_t used;
};

void
cache_init(struct cache *c, const char *root)
{
	*c = (struct cache){.root = root};
}

static void
free_file(struct cache *c, size_t i)
{
	struct cache_file *f = c->files[i];

	c->octets -= f->text.n;
	buf_free(&f->text);
	free(f->slots);
	free(f);
	c->files[i] = c->files[--c->n];
}

void
cache_free(struct cache *c)
{
	while (c->n > 0)
		free_file(c, c->n - 1);
}

/* ---------------------------------------------------------------- index */

/* FNV-1a over the name in lower case. */
static uint32_t
hash(struct str name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)ascii_lower(name.p[i])) * 16777619u;
	return h;
}

/* The next entry of the file and its name (p NULL: none). */
static bool
next(const struct cache_file *f, struct str *rest, struct str *entry,
    struct str *name)
{
	if (f->aliases)
		return alias_next(rest, entry, name);
	if (!line_next(rest, entry))
		return false;
	*name = line_name(*entry, f->domain);
	return true;
}

static struct str
entry_of(const struct cache_file *f, const struct slot *s)
{
	return str_make(f->text.p + s->at, s->len);
}

/* The slot of this name, or the empty one where it belongs. */
static struct slot *
find_slot(const struct cache_file *f, struct str name)
{
	uint32_t h = hash(name);
	size_t i = h & (f->nslots - 1);

	for (;; i = (i + 1) & (f->nslots - 1)) {
		struct slot *s = &f->slots[i];
		struct str rest, entry, there;

		if (s->len == 0)
			return s;
		rest = entry_of(f, s);
		if (s->hash == h && next(f, &rest, &entry, &there) &&
		    str_ieq(there, name))
			return s;
	}
}

static void
index_file(struct cache_file *f)
{
	struct str text = buf_slice(&f->text);
	struct str rest = text, entry, name;
	size_t lines = 1;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	for (f->nslots = 16; f->nslots < 2 * lines;)
		f->nslots *= 2;
	free(f->slots);
	f->slots = calloc(f->nslots, sizeof(*f->slots));
	if (!f->slots)
		oom();
	while (next(f, &rest, &entry, &name)) {
		struct slot *s;

		if (!name.p || entry.n == 0)
			continue;
		s = find_slot(f, name);
		if (s->len > 0)
			continue; /* the first entry of a name counts */
		*s = (struct slot){.hash = hash(name),
		    .len = (uint32_t)entry.n,
		    .at = (size_t)(entry.p - text.p)};
	}
}

/* ---------------------------------------------------------------- files */

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The longest unused but for `keep` go until there is room for `more` files
 * and all is within bounds. */
static void
make_room(struct cache *c, const struct cache_file *keep, size_t more)
{
	while (c->n > 1 &&
	       (c->n + more > CACHE_FILES || c->octets > CACHE_OCTETS)) {
		size_t oldest = c->files[0] == keep;

		for (size_t i = 0; i < c->n; i++)
			if (c->files[i] != keep &&
			    c->files[i]->used < c->files[oldest]->used)
				oldest = i;
		free_file(c, oldest);
	}
}

/* What is read may be newer than st, never older: then it is read again. */
static int
load(struct cache *c, struct cache_file *f, const struct stat *st)
{
	int r;

	c->octets -= f->text.n;
	buf_reset(&f->text);
	r = file_read(AT_FDCWD, f->path, &f->text);
	if (r < 0)
		buf_reset(&f->text);
	c->octets += f->text.n;
	f->st = *st;
	f->settled = r == 0 && st->st_ctim.tv_sec + SETTLED_S <= now_wall_s();
	index_file(f);
	make_room(c, f, 0);
	return r;
}

static struct cache_file *
add(struct cache *c, const char *path, bool aliases)
{
	struct cache_file *f;
	struct str s;

	make_room(c, NULL, 1);
	f = calloc(1, sizeof(*f));
	if (!f)
		oom();
	(void)str_copy(f->path, sizeof(f->path), str_z(path));
	s = str_to(str_z(f->path), str_rfind(str_z(f->path), '/'));
	f->domain = str_from(s, str_rfind(s, '/') + 1);
	f->aliases = aliases;
	buf_init(&f->text, DOMAIN_FILE_MAX);
	c->files[c->n++] = f;
	return f;
}

/* The file of the domain as it is now.  1, 0 there is none, -1 failed. */
static int
look(struct cache *c, struct str domain, bool aliases, struct cache_file **f)
{
	char path[4096];
	struct stat st;
	size_t i = 0;

	if (!domain_valid(domain))
		return 0;
	if (domain_path(path, sizeof(path), c->root, domain,
		aliases ? "aliases" : "users") < 0)
		return -1;
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
		           ? 0
		           : fail("stat ", path);
	while (i < c->n && strcmp(c->files[i]->path, path) != 0)
		i++;
	*f = i < c->n ? c->files[i] : add(c, path, aliases);
	(*f)->used = ++c->clock;
	if ((*f)->settled && same(&(*f)->st, &st))
		return 1;
	if (load(c, *f, &st) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

/* ------------------------------------------------------------- look-ups */

static int
find(struct cache *c, struct str name, struct str domain, bool aliases,
    struct str *entry)
{
	struct cache_file *f;
	struct slot *s;
	int r = look(c, domain, aliases, &f);

	if (r <= 0)
		return r;
	s = find_slot(f, name);
	*entry = entry_of(f, s);
	return s->len > 0;
}

int
cache_user(struct cache *c, struct str local, struct str domain,
    struct arena *a, struct user *u)
{
	struct str line;
	int r;

	if (!user_name_valid(local))
		return 0;
	r = find(c, local, domain, false, &line);
	return r <= 0 ? r : user_of_line(c->root, line, domain, a, u);
}

static int
alias(struct cache *c, struct str name, struct str domain, struct arena *a,
    struct str **targets, size_t *n)
{
	struct str entry;
	int r = find(c, name, domain, true, &entry);

	return r <= 0 ? r : alias_of_entry(entry, domain, a, targets, n);
}

int
cache_alias(struct cache *c, struct str local, struct str domain,
    struct arena *a, struct str **targets, size_t *n)
{
	if (!user_name_valid(local) || str_eq(local, STR("*")))
		return 0;
	return alias(c, local, domain, a, targets, n);
}

int
cache_catchall(struct cache *c, struct str domain, struct arena *a,
    struct str **targets, size_t *n)
{
	return alias(c, STR("*"), domain, a, targets, n);
}
