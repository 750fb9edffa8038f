/* SPDX-License-Identifier: ISC */
/* The tree of mailboxes: Maildir++ directories ".Name.Sub" with the hierarchy
 * delimiter ".".  Names are in modified UTF-7 (RFC 3501 5.1.3), as on the wire
 * and, but for folders made by hand (maildir/folder_name.h), on disk. */
#ifndef MAILDIR_FOLDER_H
#define MAILDIR_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "maildir/home.h"

#define FOLDER_DELIMITER '.'
#define FOLDER_NAME_MAX 800 /* octets; of 254 at most can one be made */
#define FOLDER_ID_SIZE 33   /* 128 bits in hexadecimal, and NUL */

struct folder {
	struct str name;
	bool noselect; /* only a parent: nothing of that name is on disk */
	bool children;
	bool marked;        /* special was said by somebody, not guessed */
	struct str special; /* "\Sent \Archive" (RFC 6154), or empty */
};

/* Whether a mailbox may have this name: 1 to FOLDER_NAME_MAX octets of
 * printable ASCII in valid modified UTF-7 without '/', control characters
 * (encoded ones too), empty levels, or a delimiter at either end. */
bool folder_valid(struct str name);

/* Whether name is a special use that a mailbox can be marked with. */
bool folder_use_known(struct str name);

/* All mailboxes, INBOX first, then by name, with the parents that exist only
 * by their children.  The array and names are in the arena.  0 or -1. */
int folder_list(
    const struct home *h, struct arena *a, struct folder **list, size_t *n);

/* CREATE (RFC 3501 6.3.3); a delimiter at the end of name is ignored.  uses:
 * special uses divided by blanks, or empty.
 * Returns 0; -1: EEXIST, EINVAL a bad name, ENAMETOOLONG, … */
int folder_create(const struct home *h, struct str name, struct str uses);

/* DELETE (6.3.4): the messages go, children stay.  Returns 0; -1: ENOENT,
 * EPERM INBOX, ENOTEMPTY it is only a parent, … */
int folder_delete(const struct home *h, struct str name);

/* RENAME (6.3.5) with all children; of INBOX: its messages move to the new
 * mailbox.  A crash on the way is mended by folder_mend(); of INBOX, each
 * message is in one of the two.  Returns 0; -1: ENOENT, EEXIST (also when a
 * child's new name is taken), EINVAL, ENAMETOOLONG (also of a child), … */
int folder_rename(const struct home *h, struct str from, struct str to);

/* Finish a RENAME in which a process died, and wait for one that goes on.
 * Costs one look for a file.  Returns 1 something was done; 0 there was
 * nothing to do, or it cannot be done. */
int folder_mend(const struct home *h);

/* 1 it exists and can be selected, 0 not, -1 failed. */
int folder_exists(const struct home *h, struct str name);

/* Its id (RFC 8474 MAILBOXID), which a renamed mailbox keeps and no other ever
 * has: that of Dovecot's UID list, where it is made when there is none.
 * Returns 1; 0 no such mailbox; -1 failed. */
int folder_id(const struct home *h, struct str name, char id[FOLDER_ID_SIZE]);

/* The same for the folder whose directory is open. */
int folder_id_at(const struct home *h, int dirfd, char id[FOLDER_ID_SIZE]);

/* The subscribed names, sorted; they need not exist.  0 or -1. */
int folder_subscribed(
    const struct home *h, struct arena *a, struct str **names, size_t *n);

/* SUBSCRIBE and UNSUBSCRIBE (6.3.6, 6.3.7); both are content when it is so
 * already.  Durable.  Returns 0; -1: EINVAL a bad name, … */
int folder_subscribe(const struct home *h, struct str name, bool on);

#endif
