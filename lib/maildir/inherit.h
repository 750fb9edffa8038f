/* SPDX-License-Identifier: ISC */
/* What a folder takes over from the server that had it before, when it gets
 * its first dovecot-uidlist: Courier's keywords and POP3 unique-ids, and those
 * of qmail-pop3d, which are file names. */
#ifndef MAILDIR_INHERIT_H
#define MAILDIR_INHERIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "maildir/files.h"
#include "maildir/home.h"
#include "maildir/uidlist.h"

/* Before the files are read: when u is Courier's list, its keywords come into
 * their names.  Sets *inbox: the folder is the INBOX, which POP3 serves.
 * Returns 0 or -1. */
int inherit_keywords(const struct home *h, int fd, int cur,
    const struct uidlist *u, bool *inbox);

/* Before the INBOX's list is saved: give its entries Courier's unique-ids.
 * When it has none and u is no list of Courier's, but others have moved
 * messages to cur/, a POP3 server was here that keeps nothing: base names are
 * the unique-ids.  They come into the arena.  Returns 0 or -1. */
int inherit_pop3(
    struct uidlist *u, int fd, const struct files *f, struct arena *a);

#endif
