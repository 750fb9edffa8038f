/* SPDX-License-Identifier: ISC */
/* Listing a directory. */
#ifndef IO_DIR_H
#define IO_DIR_H

#include <stddef.h>

#include "base/arena.h"

/* The names in the directory `path` below dirfd, sorted by octets, without
 * those that start with a dot unless dots is nonzero (never "." and "..").
 * *names is an array of *n C strings in the arena.
 * Returns 0; -1 failed (ENOENT, …; EFBIG beyond max names). */
int dir_list(int dirfd, const char *path, int dots, size_t max, struct arena *a,
    char ***names, size_t *n);

#endif
