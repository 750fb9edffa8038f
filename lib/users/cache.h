/* SPDX-License-Identifier: ISC */
/* The users and aliases files in the memory of a program that lives long, with
 * an index by name.  Before each use a file is looked at (stat(2)): when it was
 * replaced or changed it is read again, so there is still nothing to reload. */
#ifndef USERS_CACHE_H
#define USERS_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "users/user.h"

#define CACHE_FILES 64         /* the longest unused go first */
#define CACHE_OCTETS 134217728 /* of all files' texts */

struct cache_file;

struct cache {
	const char *root;
	struct cache_file *files[CACHE_FILES];
	size_t n;
	size_t octets;
	uint64_t clock; /* counts uses */
};

/* root must outlive the cache. */
void cache_init(struct cache *c, const char *root);

/* As user_find(). */
int cache_user(struct cache *c, struct str local, struct str domain,
    struct arena *a, struct user *u);

/* As alias_find() and alias_catchall(). */
int cache_alias(struct cache *c, struct str local, struct str domain,
    struct arena *a, struct str **targets, size_t *n);
int cache_catchall(struct cache *c, struct str domain, struct arena *a,
    struct str **targets, size_t *n);

void cache_free(struct cache *c);

#endif
