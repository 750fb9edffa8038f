/* SPDX-License-Identifier: ISC */
/* Whole files: reading with a ceiling, replacing so that a crash leaves the
 * old or the new one, never a torn one. */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

/* Append the whole file `path`, relative to dirfd (AT_FDCWD for none), to b.
 * Returns 0; -1 failed: ENOENT, EFBIG when it exceeds b's ceiling, … */
int file_read(int dirfd, const char *path, struct buf *b);

/* Read n octets to to, fewer only at the end of the file; from `at` on, or from
 * where the descriptor stands for FILE_HERE.  Returns how many, or -1. */
#define FILE_HERE UINT64_MAX
ssize_t file_read_at(int fd, void *to, size_t n, uint64_t at);

/* Write all n octets to fd, however often write(2) stops short.  0 or -1. */
int file_write(int fd, const void *p, size_t n);

/* The same from `at` on. */
int file_write_at(int fd, const void *p, size_t n, uint64_t at);

/* Replace `name` below dirfd with data: a temporary file beside it
 * (".NAME.tmp", which a crash may leave and the next time removes), write,
 * fsync, rename, fsync of the directory.  Two at once are the caller's to
 * prevent.  mode is used exactly, whatever the umask says.  Returns 0 when it
 * is durable, or -1 (nothing changed, but for a failure of the last fsync). */
int file_replace(int dirfd, const char *name, struct str data, mode_t mode);

/* fsync the directory itself, or the one called name below it.  0 or -1. */
int file_sync_dir(int dirfd);
int file_sync_dir_at(int dirfd, const char *name);

/* Whether the file open as fd still has this name: it may have been renamed,
 * removed or replaced. */
bool file_has_name(int fd, int dirfd, const char *name);

/* mkdir -p: create path and its missing parents.  An existing directory is
 * fine.  Returns 0 or -1. */
int file_mkdirs(const char *path, mode_t mode);

/* Join "a/b" into to[size].  Returns 0, or -1 ENAMETOOLONG. */
int file_join(char *to, size_t size, const char *a, const char *b);

#endif
