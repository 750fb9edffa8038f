/* SPDX-License-Identifier: ISC */
/* One IMAP session: what the handlers share, and how they answer.
 *
 * A command goes read.c (whole into memory) -> session.c (table lookup) ->
 * cmd_*.c (one handler), which checks, acts, writes untagged data as it finds
 * it, and returns a reply.  session.c alone prints tagged lines, and sync.c
 * alone tells what other sessions did. */
#ifndef IMAPD_SESSION_H
#define IMAPD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/scan.h"
#include "maildir/folder.h"
#include "fetch_place.h"
#include "maildir/mailbox.h"
#include "maildir/quota.h"
#include "proto/imap_set.h"
#include "proto/imap_token.h"
#include "serve/session.h"

#define IMAP_LINE 65536           /* octets of one line */
#define IMAP_COMMAND 65536        /* of a whole command with its literals */
#define IMAP_ARENA (64u << 20)    /* what one command may use */
#define IMAP_TEXT (64u << 20)     /* one reply item, but for bodies */
#define IMAP_BAD_MAX 25           /* bad commands in a row */
#define IMAP_FLAGS 100            /* flags in one list */
#define IMAP_TEXT_KEEP (1u << 20) /* memory kept for the next item */
#define IMAP_DELIMITER '.'

enum reply {
	REPLY_OK,
	REPLY_NO,
	REPLY_BAD,
	REPLY_NONE, /* the session ends, or the handler has answered */
};

struct imap;

struct command {
	const char *name;
	enum reply (*handler)(struct imap *s, struct scan *args);
	unsigned states; /* AUTHENTICATED, SELECTED: where it is allowed */
	unsigned bits;
};

/* States (RFC 3501 3); the login is over before we start. */
#define AUTHENTICATED 1u
#define SELECTED 2u
#define ANY (AUTHENTICATED | SELECTED)

/* What the RFCs say about a command. */
#define TAKES_UID 1u /* may follow UID */
#define HOLDS_SEQ \
	4u          /* no EXPUNGE while it runs (RFC 3501 7.4.1), but with \
	             * UID in front */
#define PULLS 8u    /* reads its last literal itself */
#define NO_SYNC 16u /* says itself all there is to say */

struct imap {
	struct serve serve;
	struct home home;
	struct quota quota; /* of the home */
	struct mailbox box; /* open while selected */
	bool selected;
	struct fetch_last last; /* of partial fetches from it */
	struct str box_name;    /* in box_name_data */
	char box_name_data[FOLDER_NAME_MAX + 1];

	/* the command being served */
	struct arena arena;   /* reset behind each command */
	struct arena message; /* reset behind each message looked at */
	struct buf line;      /* all of it */
	struct str tag;
	const struct command *command;
	bool uid;                    /* UID came before its name */
	bool flags_told;             /* FLAGS was sent since the last sync */
	struct imap_literal literal; /* PULLS: what follows now */
	struct buf reply;            /* the tagged line behind OK, NO, BAD */
	struct buf text;             /* for building untagged data */

	unsigned bad;    /* bad commands since the last good one */
	bool over;       /* leave the loop */
	const char *why; /* for the log: how it ended */
	uint64_t commands;
};

/* Greet, and serve commands until the session ends. */
void imap_run(struct imap *s);

/* The capabilities, one blank between them. */
const char *imap_capabilities(void);

/* Replies of handlers.  code is a response code without its brackets, or
 * NULL.  imap_ok() only adds words; REPLY_OK alone says "NAME completed". */
enum reply imap_ok(struct imap *s, const char *code, const char *words);
enum reply imap_no(struct imap *s, const char *code, const char *words);
enum reply imap_bad(struct imap *s, const char *words);

/* The last call below failed (base/fail.h): log it and answer NO in words that
 * errno calls for. */
enum reply imap_fail(struct imap *s);

/* End the session with an untagged BYE. */
enum reply imap_bye(struct imap *s, const char *words);

/* Forget the selected mailbox without touching its messages. */
void imap_unselect(struct imap *s);

/* Read a mailbox name (astring): INBOX in any case becomes "INBOX".  Does not
 * ask whether a mailbox may be called so: folder_valid(). */
bool imap_mailbox(struct imap *s, struct scan *args, struct str *name);

/* Read a sequence set, or UIDs when s->uid, and give the indices
 * of messages that it names, ascending, in the arena.  A UID nobody has is no
 * error, a sequence number nobody has is (RFC 3501 6.4.8, 9). */
bool imap_messages(
    struct imap *s, struct scan *args, size_t **index, size_t *n);

/* The same from a set that was read already. */
bool imap_select_set(struct imap *s, struct scan *args, struct imap_set *set,
    bool uid, size_t **index, size_t *n);

/* Write s->text to the client and empty it. */
void imap_flush_text(struct imap *s);

#endif
