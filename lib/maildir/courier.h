/* SPDX-License-Identifier: ISC */
/* What Courier-IMAP keeps in a folder beside the messages, for taking over a
 * Maildir of its.  None of these files is changed or removed, but
 *
 *   courierimapuiddb            the UIDs, read by uidlist.h; renamed once they
 *                               are in dovecot-uidlist, for it goes out of date
 *                               with the next message
 *   courierimapkeywords/:list   keywords, one a line, an empty line, then
 *                               "<base>:<index> <index> ..." a line
 *   courierimapkeywords/<base>, .<number>.<base>
 *                               keywords of that message, one a line: newer
 *                               than :list; the highest number counts, and
 *                               without a number is newest
 *   courierpop3dsizelist        "/3 <next> <validity>", or /2, then
 *                               "<name> <size> <number>:<validity>..." a line
 *   courierimapsubscribed       names of mailboxes, "INBOX." before each */
#ifndef MAILDIR_COURIER_H
#define MAILDIR_COURIER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

#define COURIER_UIDS "courierimapuiddb"
#define COURIER_KEYWORDS "courierimapkeywords"
#define COURIER_POP3 "courierpop3dsizelist"
#define COURIER_SUBSCRIBED "courierimapsubscribed"

/* Rename courierimapuiddb to courierimapuiddb.old.  0 (also when it is gone) or
 * -1. */
int courier_retire(int fd);

struct courier_kept {
	size_t messages; /* that have keywords */
	size_t left;     /* keywords that could not be kept: 64 are taken */
};

/* Give the messages in cur/ of the folder open at fd their keywords, as letters
 * in names and in dovecot-keywords, or in yubin-keywords, beside the letters
 * they have already.  dry: only count.  Durable on return; may be repeated.
 * Returns 0 or -1. */
int courier_keywords(int fd, int cur, bool dry, struct courier_kept *kept);

struct courier_pop3 {
	struct str base; /* of the file */
	struct str uidl;
};

/* The POP3 unique-ids that Courier's server gave: an array of *n sorted by
 * base, in the arena; none when there is no such file.  0 or -1. */
int courier_pop3(
    int fd, struct arena *a, struct courier_pop3 **list, size_t *n);

/* The unique-id of the message with this base, or an empty slice. */
struct str courier_pop3_find(
    const struct courier_pop3 *list, size_t n, struct str base);

/* The mailbox meant by a line of courierimapsubscribed: "INBOX.Work" is Work.
 * Empty for what is not the user's own ("#shared.x"). */
struct str courier_subscribed(struct str line);

#endif
