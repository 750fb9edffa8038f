/* SPDX-License-Identifier: ISC */
/* Where messages lie below the queue's directory, and going through them. */
#ifndef QUEUE_WALK_H
#define QUEUE_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/str.h"

#define WALK_DIRS 16
#define WALK_PATH (6 + ID_SIZE) /* "new/f/ID" with its NUL */
#define WALK_FILES 1000000      /* the most files of one directory */

/* Open ROOT/queue; when it or one of its directories is missing, make it (mode
 * 02770, durable), or without `make` fail (ENOENT).  Returns a descriptor, or
 * -1. */
int walk_open(const char *root, bool make);

/* "new/X/ID" relative to the queue's directory: X is the value of the id's
 * last digit modulo 16, in hexadecimal.  id must be valid. */
void walk_path(char to[WALK_PATH], struct str id);

/* The names of files in ROOT/queue/new/X for dir 0..15 that are valid ids,
 * oldest first, as C strings in the arena.  0, or -1. */
int walk_list(int queue, int dir, struct arena *a, char ***ids, size_t *n);

#endif
