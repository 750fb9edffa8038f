/* SPDX-License-Identifier: ISC */
/* One Maildir for the administrator: found by address or path, and its folders
 * without changing anything (the library's folder_list() may). */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "maildir/home.h"

#define STORE_FILES_MAX 10000000 /* in one directory */

struct store_folder {
	struct str name; /* of the mailbox */
	const char *dir; /* below the Maildir, "." for INBOX */
};

struct store {
	struct home home;
	const char *what; /* as it was named */
	struct arena a;
	struct store_folder *folders; /* INBOX first, then by directory */
	size_t nfolders;
	char **others; /* what else is in the Maildir: its hidden names too */
	size_t nothers;
};

/* Find the Maildir that an address or a path names, become its owner when we
 * are root (so that nothing there comes to belong to root), and list its
 * folders: directories that hold cur/.  Returns 0, and store_close() must
 * follow; else the exit code, after a complaint. */
int store_open(struct store *s, const char *what);
void store_close(struct store *s);

/* List the folders once more.  Returns 0 or the exit code. */
int store_list(struct store *s);

/* Whether the file or directory exists below fd. */
bool store_has(int fd, const char *name);

/* Open a directory of the Maildir for reading; -1 failed. */
int store_dir(int fd, const char *name);

/* On a terminal, say on standard error how far we are; done == all clears the
 * line again. */
void store_progress(size_t done, size_t all);

#endif
