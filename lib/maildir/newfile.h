/* SPDX-License-Identifier: ISC */
/* A message on its way into a Maildir: written to tmp/ with LF line ends, its
 * sizes counted.  Every CRLF becomes LF, but for one behind another CR, which
 * stays so that nothing is lost on the way out again.  Or compared, in the same
 * form, with a file that is there already.  Or only counted. */
#ifndef MAILDIR_NEWFILE_H
#define MAILDIR_NEWFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define NEWFILE_BUFFER 32768

struct newfile {
	int dirfd;               /* the folder; borrowed */
	int fd;                  /* the file in tmp/, or -1 */
	char base[NAME_MAX + 1]; /* its name in tmp/, without sizes */
	uint64_t size, wire_size;
	size_t n;      /* octets in the buffer */
	bool cr;       /* a CR is held back */
	bool unsynced; /* set by the caller: newfile_end() does not sync */
	bool counts;   /* there is no file */
	bool compares; /* fd is another file, only read */
	bool differs;  /* and holds something else */
	char last;     /* the last octet stored; 0 at the start */
	int err;       /* errno of the failure that sticks */
	char buffer[NEWFILE_BUFFER];
};

/* Create tmp/BASE below dirfd; base NULL: a new unique name.  A leftover of
 * that name is replaced.  Returns 0 or -1. */
int newfile_begin(struct newfile *f, int dirfd, const char *base);

/* Instead of writing, compare what comes with the file `path` below dirfd.
 * newfile_same() must follow.  Returns 0; -1 failed: ENOENT, … */
int newfile_compare(struct newfile *f, int dirfd, const char *path);

/* Instead of writing, count; newfile_count_end() must follow. */
void newfile_count(struct newfile *f);

void newfile_data(struct newfile *f, const void *p, size_t n);

/* All was compared.  Returns 1 the file holds just that, 0 it does not, -1 it
 * could not be read. */
int newfile_same(struct newfile *f);

/* All was counted.  final: the name that newfile_end() would give for this
 * base. Returns 0 or -1 ENAMETOOLONG. */
int newfile_count_end(
    struct newfile *f, const char *base, char final[NAME_MAX + 1]);

/* All was written: set the modification time (date_s; -1 for now), sync,
 * close.  final: the name to come, BASE,S=size,W=wire_size.  Returns 0; -1
 * failed and the file is gone. */
int newfile_end(struct newfile *f, int64_t date_s, char final[NAME_MAX + 1]);

/* Remove it from tmp/ whatever state it is in (not after a link or rename). */
void newfile_abort(struct newfile *f);

/* Rename tmp/BASE to `to` (as "new/x") below todir, never over an existing
 * file.  Returns 0; -1 failed: EEXIST, … */
int newfile_place(const struct newfile *f, int todir, const char *to);

#endif
