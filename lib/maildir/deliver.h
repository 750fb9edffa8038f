/* SPDX-License-Identifier: ISC */
/* Delivering one message: tmp/, synced, then new/, then that directory
 * synced.  No UID is given here: the first session that looks does so. */
#ifndef MAILDIR_DELIVER_H
#define MAILDIR_DELIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "maildir/home.h"
#include "maildir/newfile.h"

struct deliver {
	int fd; /* the folder */
	struct newfile file;
	bool open;
};

/* Start delivering to the mailbox `folder` of h ("INBOX"), which must exist.
 * base: the message's name without sizes and flags, the same at each try
 * (contains no '/', ':' or control characters; at most 200 octets), or NULL
 * for a unique one.  Returns 1, and deliver_close() must follow; 0 no such
 * mailbox; -1 failed. */
int deliver_open(struct deliver *d, const struct home *h, struct str folder,
    const char *base);

/* Whether a message named base is in new/ or cur/ already, whatever its sizes
 * and flags: an earlier try whose mark was lost.  Reads both directories, so
 * ask only when this is not the first try.  Returns 1, 0, -1 failed. */
int deliver_seen(const struct deliver *d, const char *base);

/* More text, CRLF or LF; split anywhere.  Errors stick. */
void deliver_data(struct deliver *d, const void *p, size_t n);

/* Returns 1 delivered, durably; 0 new/ holds this very name already: it was
 * delivered before, equally good; -1 failed, nothing was delivered. */
int deliver_commit(struct deliver *d);

/* Forget whatever was not committed. */
void deliver_close(struct deliver *d);

#endif
