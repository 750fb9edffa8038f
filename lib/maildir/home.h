/* SPDX-License-Identifier: ISC */
/* The Maildir++ of one user: the INBOX (cur, new, tmp), folders as hidden
 * directories ".Name" beside these, subscriptions, the last UIDVALIDITY.
 * On-disk format: lib/maildir/README. */
#ifndef MAILDIR_HOME_H
#define MAILDIR_HOME_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct quota;

struct home {
	int fd; /* the directory */
	struct quota
	    *quota; /* counts what comes and goes; NULL after the open */
	int cache;  /* of indexes; HOME_BESIDE: beside the mail */
	char path[PATH_MAX]; /* as given to home_open() */
};

/* Open the Maildir at path; create: make it first when it does not exist
 * (missing parents too, mode 0700).  Returns 0; -1 failed, ENOENT when there
 * is none.  Missing cur, new and tmp of an existing directory are made when
 * they are needed. */
int home_open(struct home *h, const char *path, bool create);

/* For a session that root has started by hand: become the owner of the Maildir
 * at *path, so that no file there comes to belong to root, and go there (*path
 * is "." then).  Does nothing when we are not root, there is no such Maildir or
 * it is root's own.  0 or -1: do not go on. */
int home_become(const char **path);
void home_close(struct home *h);

#define HOME_BESIDE (-1)
#define HOME_NOWHERE (-2)
/* Keep the indexes below this directory, made when it is missing, for mail on a
 * shared file system; "" beside the mail, as home_open() has it.  It may be
 * emptied at any time.  Each Maildir has a directory of its own in there, which
 * nobody else's session may touch: its path in `to`, "" for none.  One that
 * cannot be used is none at all: then indexes live in memory alone. */
void home_cache(struct home *h, const char *path, char to[PATH_MAX]);

/* Where the index of the folder whose cur/ is open at cur belongs; folder: its
 * own directory.  Returns the directory and the name in it; < 0 nowhere. */
#define HOME_INDEX 64
int home_index(
    const struct home *h, int folder, int cur, char name[HOME_INDEX]);

/* The folder in this directory is about to go: what is kept of it elsewhere
 * goes first. */
void home_forget(const struct home *h, const char *dir);

/* The directory of mailbox `name` relative to h->fd: "." for INBOX (any
 * case), ".Name" for others; "inbox.x" becomes ".INBOX.x".  It need not exist;
 * when one exists in another spelling (maildir/folder_name.h) it is that one.
 * Returns 0; -1 EINVAL when the name is no acceptable mailbox name (see
 * folder_valid()), ENAMETOOLONG. */
int home_folder_dir(
    const struct home *h, struct str name, char dir[NAME_MAX + 1]);

/* Open that directory and make its missing cur, new and tmp.
 * Returns 1 and the descriptor in *fd; 0 no such mailbox; -1 failed. */
int home_folder_open(const struct home *h, struct str name, int *fd);

/* A new UIDVALIDITY, greater than any given out or noted before, durable on
 * return (file dovecot-uidvalidity).  Returns 0 or -1. */
int home_uidvalidity_next(const struct home *h, uint32_t *v);

/* Make sure that later values are greater than v.  Returns 0 or -1. */
int home_uidvalidity_note(const struct home *h, uint32_t v);

#endif
