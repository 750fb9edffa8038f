/* SPDX-License-Identifier: ISC */
/* The tree of mailboxes: Maildir++ directories ".Name.Sub" with the hierarchy
 * delimiter ".".  Names are in modified UTF-7 (RFC 3501 5.1.3), as on disk and
 * on the wire. */
#ifndef MAILDIR_FOLDER_H
#define MAILDIR_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "maildir/home.h"

#define FOLDER_DELIMITER '.'
#define FOLDER_NAME_MAX 200 /* octets */
#define FOLDERS_MAX 50000   /* in one home */

struct folder {
	struct str name;
	bool noselect; /* only a parent: nothing of that name is on disk */
	bool children;
	struct str special; /* "\Sent" (RFC 6154), or empty */
};

/* Whether a mailbox may have this name: 1 to FOLDER_NAME_MAX octets of
 * printable ASCII in valid modified UTF-7 without '/', control characters
 * (encoded ones too), empty levels, or a delimiter at either end. */
bool folder_valid(struct str name);

/* All mailboxes, INBOX first, then by name, with the parents that exist only
 * by their children.  The array and names are in the arena.  0 or -1. */
int folder_list(
    const struct home *h, struct arena *a, struct folder **list, size_t *n);

/* CREATE (RFC 3501 6.3.3); a delimiter at the end of name is ignored.
 * Returns 0; -1: EEXIST, EINVAL a bad name, … */
int folder_create(const struct home *h, struct str name);

/* DELETE (6.3.4): the messages go, children stay.  Returns 0; -1: ENOENT,
 * EPERM INBOX, ENOTEMPTY it is only a parent, … */
int folder_delete(const struct home *h, struct str name);

/* RENAME (6.3.5) with all children; of INBOX: its messages move to the new
 * mailbox.  Returns 0; -1: ENOENT, EEXIST (also when a child's new name is
 * taken), EINVAL, … */
int folder_rename(const struct home *h, struct str from, struct str to);

/* 1 it exists and can be selected, 0 not, -1 failed. */
int folder_exists(const struct home *h, struct str name);

/* The subscribed names, sorted; they need not exist.  0 or -1. */
int folder_subscribed(
    const struct home *h, struct arena *a, struct str **names, size_t *n);

/* SUBSCRIBE and UNSUBSCRIBE (6.3.6, 6.3.7); both are content when it is so
 * already.  Durable.  Returns 0; -1: EINVAL a bad name, … */
int folder_subscribe(const struct home *h, struct str name, bool on);

#endif
