/* SPDX-License-Identifier: ISC */
/* What the mailbox_*.c files share among themselves. */
#ifndef MAILDIR_MAILBOX_LOOK_H
#define MAILDIR_MAILBOX_LOOK_H

#include "maildir/mailbox.h"
#include "maildir/name.h"

/* Look at the disk and merge: new mails at the end, vanished ones `gone`,
 * differing flags `changed`.  Returns 0 or -1. */
int mailbox_look(struct mailbox *m);

/* The same unless nothing changed since the last look. */
int mailbox_renew(struct mailbox *m);

/* The directory that mail i's name is in. */
int mailbox_dir(const struct mailbox *m, size_t i);

/* An operation on mail i's file said ENOENT: look where it is now.  Returns
 * 1 it is there (perhaps under another name), 0 gone, -1 failed. */
int mailbox_missed(struct mailbox *m, size_t i);

/* The file now has this name, in cur/. */
void mailbox_renamed(struct mailbox *m, size_t i, const char *name);

/* Like mailbox_find() among n mails. */
size_t mailbox_search(
    const struct mailbox_entry *mails, size_t n, uint32_t uid);

void mailbox_set_gone(struct mailbox *m, size_t i);

/* Sizes and date of the file `name` below dirfd; wire_hint: its wire size if
 * the name does not tell it, 0 unknown.  Returns 0; -1 failed, ENOENT. */
int mailbox_file_sizes(int dirfd, const char *name, uint64_t wire_hint,
    uint64_t *size, uint64_t *wire, int64_t *date_s);

#endif
