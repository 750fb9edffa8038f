/* SPDX-License-Identifier: ISC */
/* The directories of folders, for the other folder_*.c: telling, making and
 * removing them.  Those whose names begin with two dots are folders on their
 * way in or out: nobody sees them. */
#ifndef MAILDIR_FOLDER_DISK_H
#define MAILDIR_FOLDER_DISK_H

#include <stdbool.h>

#include "base/str.h"
#include "maildir/home.h"

#define FOLDERS_MAX 50000 /* in one home */

/* Whether the directory dir, below the home, is a mailbox.  When it is not,
 * errno tells why: ENOENT, ENOTDIR, or that it could not be found out. */
bool folder_disk_is(const struct home *h, const char *dir);

/* Make it, with a UID list and, when uses is not empty, the file of special
 * uses: whole under a hidden name, then shown.  Durable.
 * Returns 0; -1: EEXIST, … */
int folder_disk_make(const struct home *h, const char *dir, struct str uses);

/* Hide it, durably; then remove it and what earlier crashes left.
 * Returns 0 or -1. */
int folder_disk_remove(const struct home *h, const char *dir);

/* Its UIDVALIDITY must not come back under its old name.  0 or -1. */
int folder_disk_note(const struct home *h, const char *dir);

#endif
