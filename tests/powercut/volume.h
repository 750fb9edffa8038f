/* SPDX-License-Identifier: ISC */
/* File systems on files: making, mounting by a loop device, unmounting. */
#ifndef VOLUME_H
#define VOLUME_H

#include <stdbool.h>

#include "rig.h"

/* The file systems that are tested, and how. */
struct volume_type {
	const char *name;
	unsigned megabytes;
	const char *options;  /* of mount(2) */
	const char *again;    /* for a copy of a mounted one */
	const char *mkfs[12]; /* the file is appended */
	/* Of a rename from one directory to another, with only the second one
	 * synced, a power cut leaves both names. */
	bool both_names;
};
extern const struct volume_type volume_types[];
extern const int volume_types_n;

/* NULL when name is none of them. */
const struct volume_type *volume_type(const char *name);

/* Whether this system has its mkfs and its driver. */
bool volume_usable(const struct volume_type *t);

/* Create the file path with an empty file system. */
void volume_make(const struct volume_type *t, const char *path);

/* Mount the file on dir, which is made; its journal is replayed.  copy: a
 * volume of the same identity is mounted.  The loop device vanishes with the
 * mount.  Returns 0, or -1 when the mount failed; other things are broken. */
int volume_mount(
    const struct volume_type *t, const char *file, const char *dir, bool copy);

void volume_unmount(const char *dir);

/* Write everything out and flush it. */
void volume_sync(const char *dir);

#endif
