/* SPDX-License-Identifier: ISC */
/* Adding messages to a mailbox with UIDs at once: APPEND (RFC 3501 6.3.11,
 * several messages as in RFC 3502, APPENDUID of RFC 4315).  The text streams
 * into tmp/; nothing is visible before append_commit(). */
#ifndef MAILDIR_APPEND_H
#define MAILDIR_APPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "maildir/home.h"
#include "maildir/newfile.h"

struct arrival;

struct append {
	uint32_t uidvalidity; /* after append_commit() */
	const uint32_t *uids; /* n of them, rising; live until the close */
	size_t n;             /* messages */
	/* Private. */
	const struct home *home;
	int fd;
	struct newfile file;
	struct arrival *items;
	uint32_t *uid_list;
	int64_t date_s;
	bool open, committed;
	int err;
};

/* Start adding to the mailbox `name`; h must outlive a.
 * Returns 1, and append_close() must follow; 0 no such mailbox (TRYCREATE);
 * -1 failed. */
int append_open(struct append *a, const struct home *h, struct str name);

/* Start the next message.  keywords: n names (at most 64); date_s: its
 * INTERNALDATE, or -1 for now.  Names that are no keywords, or find all
 * letters taken, are left out.  Returns 0 or -1 (sticks). */
int append_begin(struct append *a, uint32_t flags, const struct str *keywords,
    size_t n, int64_t date_s);

/* More text of that message, CRLF or LF; split anywhere.  Errors stick. */
void append_data(struct append *a, const void *p, size_t n);

/* The message is complete: write and sync it.  Returns 0 or -1 (sticks). */
int append_end(struct append *a);

/* Make all messages visible, durably, with UIDs.  All or nothing.
 * Returns 0 or -1. */
int append_commit(struct append *a);

/* Forget whatever was not committed. */
void append_close(struct append *a);

#endif
