/* SPDX-License-Identifier: ISC */
/* The messages' files in new/ and cur/ of one folder, found by base name.
 * Reading a directory that others rename files in may miss or repeat files:
 * scans add up, and tell whether the directories stood still meanwhile. */
#ifndef MAILDIR_FILES_H
#define MAILDIR_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* The modification time of a directory, and when we looked. */
struct files_seen {
	int64_t mtime_ns, looked_ns;
};

struct file {
	const char *name;   /* in the arena, with a NUL */
	const char *uidl;   /* POP3 unique-id, in the UID list */
	uint64_t wire_size; /* from the UID list; 0 unknown */
	uint64_t keywords;  /* beyond the letters, from yubin-keywords */
	uint32_t uid;       /* 0 unknown */
	uint8_t name_n, base_n, uidl_n;
	bool in_new, recent;
	unsigned pass; /* the last scan that saw it */
};

struct files {
	struct file *list;
	size_t n;
	bool settled; /* nothing changed during the last scan */
	struct files_seen cur, new;
	/* Private. */
	unsigned pass;
	size_t room, nslots;
	uint64_t *slots; /* hash of a base, and index + 1 of its file */
	struct arena *memory;
	char *block; /* what is read of a directory; names stay in it */
	size_t block_n, block_room;
};

/* memory: where all of it goes, a large one; must outlive f. */
void files_init(struct files *f, struct arena *memory);

/* Read both directories and add what is there; what this scan does not see
 * any more is dropped only when it was settled.  take: move what is in new/
 * to cur/ first; files moved here are `recent`.  Returns 0 or -1. */
int files_scan(struct files *f, int cur, int new, bool take);

/* The same for new/ alone; files in cur/ are only those moved there. */
int files_scan_new(struct files *f, int cur, int new, bool take);

/* The modification time of a directory, or -1. */
int64_t files_mtime_ns(int fd);

/* How long after a change of the directory another change may still leave the
 * same time stamp. */
int64_t files_grain_ns(int fd);

int64_t files_clock_ns(void);

/* Look at one directory's modification time.  0 or -1. */
int files_look(int fd, struct files_seen *seen);

/* Whether the directory may have changed since then.  A change right after we
 * looked can leave the same time stamp (a clock tick; on shared file systems a
 * second), so young stamps are not trusted. */
bool files_changed(int fd, const struct files_seen *seen);

/* The whole name of a file. */
static inline struct str
files_name(const struct file *file)
{
	return str_make(file->name, file->name_n);
}

/* The file with this base, or NULL. */
struct file *files_find(const struct files *f, struct str base);

/* The same of n bases, up to FILES_AT_ONCE, in less time. */
#define FILES_AT_ONCE 16
void files_find_all(const struct files *f, const struct str *bases, size_t n,
    struct file **found);

/* The files without a UID, in the order of arrival (by the number in front,
 * then by octets): an array of *n in the arena. */
struct file **files_arrived(struct files *f, size_t *n);

#endif
