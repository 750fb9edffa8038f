/* SPDX-License-Identifier: ISC */
/* Delivering one message: tmp/, synced, then new/, then that directory
 * synced.  No UID is given here: the first session that looks does so.
 *
 * A delivery may be left unsynced when the caller makes it durable later
 * (maildir/lazy.h) and can repeat it until then.  One message may get names in
 * several folders of a file system: deliver_finish(), deliver_link() for the
 * others, deliver_commit() for the folder it was opened for. */
#ifndef MAILDIR_DELIVER_H
#define MAILDIR_DELIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "maildir/home.h"
#include "maildir/newfile.h"

struct deliver {
	int fd;       /* the folder */
	bool own;     /* and it is ours to close */
	bool open;    /* a file in tmp/ */
	bool written; /* and it is complete */
	char final[NAME_MAX + 1];
	struct newfile file; /* file.unsynced: to be set after the open */
};

/* Start delivering to the mailbox `folder` of h ("INBOX"), which must exist.
 * base: the message's name without sizes and flags, the same at each try
 * (contains no '/', ':' or control characters; at most 200 octets), or NULL
 * for a unique one.  Returns 1, and deliver_close() must follow; 0 no such
 * mailbox; -1 failed. */
int deliver_open(struct deliver *d, const struct home *h, struct str folder,
    const char *base);

/* The same for the folder that is open as fd, which stays the caller's; its
 * missing cur, new and tmp are made.  Returns 0, and deliver_close() must
 * follow; -1 failed. */
int deliver_into(struct deliver *d, int fd, const char *base);

/* More text, CRLF or LF; split anywhere.  Errors stick. */
void deliver_data(struct deliver *d, const void *p, size_t n);

/* All was written: complete the file, whose name is d->final then.
 * Returns 0; -1 failed, nothing was delivered. */
int deliver_finish(struct deliver *d);

/* Give the finished message one more name, base and its sizes, in new/ of
 * another folder; durably, unless it is unsynced.
 * Returns 1 done; 0 new/ holds this very name already; -1 failed (EXDEV,
 * EMLINK, …: see deliver_unlinkable()). */
int deliver_link(struct deliver *d, int folder, const char *base);

/* Whether errno means that no hard link can be made there: a copy may do. */
bool deliver_unlinkable(int err);

/* Returns 1 delivered, durably unless it is unsynced; 0 new/ holds this very
 * name already, see maildir/earlier.h for what it may be; -1 failed, nothing
 * was delivered. */
int deliver_commit(struct deliver *d);

/* Whether that file has the finished message's name, whatever its flags. */
bool deliver_fits(const struct deliver *d, const char *path);

/* Take the place of the file `path` ("new/…", "cur/…:2,S") of an earlier try,
 * under its name and flags when it fits, else in new/.
 * Returns 1 as deliver_commit(); 0 it is not there any more; -1 failed. */
int deliver_replace(struct deliver *d, const char *path);

/* Forget whatever was not committed. */
void deliver_close(struct deliver *d);

#endif
