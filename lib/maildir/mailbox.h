/* SPDX-License-Identifier: ISC */
/* One mailbox as one session sees it: the only door to messages for imapd and
 * pop3d.  Sequence number = index + 1.  The view changes only in
 * mailbox_sync() (and grows nowhere else): other calls may find that a message
 * vanished, which sets mail.gone and leaves its place until the sync that may
 * report it.  Other sessions, deliveries and foreign programs may add, rename
 * and remove files at any moment. */
#ifndef MAILDIR_MAILBOX_H
#define MAILDIR_MAILBOX_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "maildir/home.h"
#include "maildir/index.h"
#include "maildir/name.h"
#include "msg/digest.h"

#define MAILBOX_KEYWORDS 64 /* KEYWORDS_N */
#define MAILBOX_PATHS 2     /* directories to watch */

/* What is known of a message, as mailbox_mail() tells it. */
struct mail {
	uint32_t uid;
	uint32_t flags;    /* msg/flags.h, without FLAG_RECENT */
	uint64_t keywords; /* bit i: mailbox.keyword[i] */
	bool recent;       /* \Recent in this session */
	bool gone;         /* the file is gone; its expunge not yet reported */
	uint64_t modseq;   /* when it last changed (RFC 7162) */
	/* Set when measured, which mailbox_measure() sees to. */
	bool measured;
	uint64_t size;      /* octets stored */
	uint64_t wire_size; /* with every line ending in CRLF: RFC822.SIZE */
	int64_t date_s;     /* INTERNALDATE, seconds since 1970 */
	int64_t saved_s;    /* when it came into this mailbox (RFC 8514) */
};

/* A growing list of numbers. */
struct mailbox_list {
	uint32_t *v;
	size_t n, room;
};

struct mailbox {
	size_t n; /* messages in the view, UIDs strictly rising */
	uint32_t uidvalidity;
	uint32_t uidnext; /* greater than every UID given out so far */
	uint64_t modseq;  /* HIGHESTMODSEQ of the view (RFC 7162) */
	bool readonly;
	bool deleted; /* the mailbox itself was removed: every mail is gone */
	bool lost; /* deleted is set, but only the view was lost: nobody knows
	            * any more which messages it had */
	/* Names of keywords, NULL where there is none. */
	const char *keyword[MAILBOX_KEYWORDS];
	size_t nkeywords; /* all in use are below this index */

	/* Private. */
	const struct home *home;
	int fd, cur, new; /* the folder and its two directories */
	int index_dir;    /* where the index is kept */
	char index_name[HOME_INDEX];
	struct index index; /* the view is its first `total` records but for */
	uint32_t total;
	uint32_t uidnext_told;       /* above all UIDs of these */
	struct mailbox_list holes;   /* these, in rising order */
	struct mailbox_list recent;  /* UIDs, rising */
	struct mailbox_list changed; /* records of the view others changed */
	uint64_t seen_changes, seen_modseq; /* how far `changed` goes */
	struct arena words;                 /* keyword names */
	struct arena reported; /* the arrays of the last mailbox_changes */
	uint64_t known_words;  /* bits of keyword[] in use */
	bool opened;           /* there is a view */
	bool stale;            /* scan again at the next sync */
	bool polled;           /* mailbox_poll() */
	bool new_words;        /* keyword[] has names not yet reported */
	size_t measured; /* the last one mailbox_measure() worked for, + 1 */
	int64_t grain_ns;
	struct uidlist_stamp settled; /* the UID list known to be durable */
	uint64_t words_stamp;
	void *spare;                     /* memory for the next text */
	struct mailbox_digests *digests; /* NULL until they are asked for */
	char path[MAILBOX_PATHS][PATH_MAX];
};

/* Open the mailbox `name` and look at it: the view is complete, UIDs given.
 * Not readonly: messages in new/ move to cur/ and are `recent` here and in no
 * other session; leftovers in tmp/ older than 36 hours go.  Readonly
 * (EXAMINE): messages in new/ stay there and count as `recent`.
 * h must outlive m.
 * Returns 1; 0 no such mailbox (also one that is only a \Noselect parent, or
 * a name nobody can have); -1 failed. */
int mailbox_open(
    struct mailbox *m, const struct home *h, struct str name, bool readonly);
void mailbox_close(struct mailbox *m);

/* What a sync found, in the order to send it: expunges, then EXISTS (m->n is
 * right after both), flags.  The arrays live until the next mailbox_sync(). */
struct mailbox_changes {
	/* Sequence numbers in the order to send them (highest first, so that
	 * each is right when it is sent), and their UIDs. */
	const size_t *expunged;
	const uint32_t *expunged_uid;
	size_t nexpunged;
	/* Indices, after these expunges, of messages whose flags or keywords
	 * another session or program changed. */
	const size_t *flagged;
	size_t nflagged;
	bool exists;   /* messages were added: send EXISTS (and RECENT) */
	bool keywords; /* keyword[] has new names: send FLAGS */
};

/* Bring the view up to date with the disk.  expunge: vanished messages may
 * leave the view (commands after which EXPUNGE may be sent, RFC 3501 7.4.1);
 * else they stay, `gone`.  Costs two stat(2) when nothing changed.
 * Returns 0 or -1 (the view is still usable). */
int mailbox_sync(struct mailbox *m, bool expunge, struct mailbox_changes *c);

/* How many messages are recent; the index of the first unseen one, m->n when
 * there is none. */
size_t mailbox_recent(const struct mailbox *m);
size_t mailbox_first_unseen(struct mailbox *m);

/* The first message with this UID or a higher one; m->n: none.  Logarithmic. */
size_t mailbox_seek(struct mailbox *m, uint32_t uid);

/* Message i < m->n: all that is known of it, its UID, whether it vanished.  No
 * system call. */
void mailbox_mail(struct mailbox *m, size_t i, struct mail *mail);
uint32_t mailbox_uid(struct mailbox *m, size_t i);
bool mailbox_gone(struct mailbox *m, size_t i);

/* Like mailbox_mail(), with the sizes and the date.  Costs a stat(2) when they
 * are not known yet; reads the message only when its name tells no true size.
 * Returns 1; 0 it vanished; -1 failed (mail is filled in as far as known). */
int mailbox_measure(struct mailbox *m, size_t i, struct mail *mail);

/* mail.wire_size alone, for lists of all messages: when the message was not
 * measured yet and its name tells both sizes, or the UID list this one, they
 * are believed, without a system call.  Returns as mailbox_measure(). */
int mailbox_wire_size(struct mailbox *m, size_t i, uint64_t *octets);

/* The message's stable id for OBJECTID (RFC 8474), the same for its copies
 * made by COPY and MOVE; "" when it vanished. */
#define MAILBOX_ID 20
void mailbox_id(struct mailbox *m, size_t i, char to[MAILBOX_ID]);

/* The UIDs, rising, of messages that vanished since modseq (RFC 7162 3.2.5), in
 * the arena.  Returns 1; 0: so old that it is not known, the client must be
 * told of every UID that is not there. */
int mailbox_vanished(struct mailbox *m, uint64_t modseq, struct arena *a,
    uint32_t **uids, size_t *n);

/* The client asks whether there is anything new (NOOP, CHECK): the next sync
 * may cost more, and finds what others changed in the moment of our own
 * changes. */
void mailbox_poll(struct mailbox *m);

/* At leisure, when the client waits for nothing: look again at what may have
 * changed in the moment of our own changes.  May wait for a clock tick, and
 * read the directory.  Tells nothing: the next sync does. */
void mailbox_settle(struct mailbox *m);

/* Before a long pause: give memory back (see index_rest()). */
void mailbox_rest(struct mailbox *m);

/* When a sync (now_ms() terms) may find a change of that moment, of which no
 * directory will tell; NOW_NEVER when all is known. */
int64_t mailbox_again(const struct mailbox *m);

/* The message's text as stored: lines end in LF or CRLF; wants out_crlf(). */
struct mailbox_text {
	struct str text;
	bool whole; /* all of the message is there */
	/* Private. */
	void *memory;
	void *map;
	struct mailbox *of;
};

/* Returns 1, and mailbox_read_end() must follow; 0 it vanished; -1 failed. */
int mailbox_read(struct mailbox *m, size_t i, struct mailbox_text *t);

/* The same for at most the first `most` octets, to look at its header. */
int mailbox_read_start(
    struct mailbox *m, size_t i, size_t most, struct mailbox_text *t);
void mailbox_read_end(struct mailbox_text *t);

/* The digest of a message: from the folder's cache of them (maildir/digests.h),
 * or made from the message, which is read in pieces, and put there.  whole: the
 * parts are wanted too; for the header alone a large message is not read to its
 * end.  Slices in d live until the next call.
 * Returns 1; 0 it vanished (mail.gone is set); -1 failed. */
int mailbox_digest(struct mailbox *m, size_t i, bool whole, struct digest *d);

/* No more digests are wanted for now: those made become visible to others, and
 * the memory that they and texts needed is given back. */
void mailbox_digests_done(struct mailbox *m);

/* The POP3 unique-id that the UID list keeps for the message, from a server
 * before us.  Returns false, and "", when there is none. */
bool mailbox_uidl(struct mailbox *m, size_t i, char to[NAME_SIZE]);

/* The base of the message's file name, "" when it vanished. */
void mailbox_base(struct mailbox *m, size_t i, char to[NAME_SIZE]);

/* The index of a keyword (case ignored); create: give it a bit when it has
 * none.  Returns -1: ENOENT, ENOSPC all are taken, EINVAL no keyword
 * (an RFC 3501 atom of at most 200 octets), EROFS, … */
int mailbox_keyword(struct mailbox *m, struct str name, bool create);

enum store_op { STORE_SET, STORE_ADD, STORE_REMOVE };

/* Change the flags (of FLAG_SETTABLE) and keywords of the n messages with
 * these indices.  Vanished ones become `gone` and are passed over.  The new
 * flags are in the view; changes of others met on the way are reported by the
 * next sync.  Not synced to disk.  Returns 0; -1 failed: EROFS, … */
int mailbox_store(struct mailbox *m, const size_t *idx, size_t n,
    enum store_op op, uint32_t flags, uint64_t keywords);

/* Remove the messages that carry \Deleted: all, or only those with only[i]
 * (an array of m->n).  They become `gone`; mailbox_sync(m, true, …) tells
 * their numbers.  Returns 0 or -1. */
int mailbox_expunge(struct mailbox *m, const bool *only);

/* Remove these n messages whatever their flags say (POP3 QUIT); durable when
 * it returns 0.  Vanished ones are no failure.  -1: some are still there. */
int mailbox_remove(struct mailbox *m, const size_t *idx, size_t n);

struct mailbox_copied {
	uint32_t from, to; /* UIDs here and in the destination */
};

/* Copy (move) n messages, rising indices, to the mailbox `dest` (this one
 * too), with flags, keywords and date.  Durable on return; all or nothing
 * (when copying; a move that fails leaves each message in one place).
 * pairs: room for n; *npairs: how many were done, UIDs rising on both sides,
 * for COPYUID with *uidvalidity of the destination.  A moved message becomes
 * `gone` here.  Returns 0; -1 failed: ENOENT no such destination (TRYCREATE),
 * ESTALE (copy only) a message vanished: [EXPUNGEISSUED], ENOSPC, EROFS, … */
int mailbox_copy(struct mailbox *m, const size_t *idx, size_t n,
    struct str dest, bool move, struct mailbox_copied *pairs, size_t *npairs,
    uint32_t *uidvalidity);

struct mailbox_status {
	size_t messages, recent, unseen, deleted;
	uint32_t uidnext, uidvalidity;
	uint64_t modseq;
	/* When asked for: wire octets of all (RFC 8438), octets on disk of
	 * those with \Deleted (RFC 9208). */
	uint64_t size, deleted_size;
};

/* STATUS without opening the mailbox: gives UIDs to new messages, moves
 * nothing.  Returns 1; 0 no such mailbox; -1 failed. */
int mailbox_status(const struct home *h, struct str name, bool size,
    struct mailbox_status *st);

/* The directories whose changes mean a sync is worth while, for watch_open()
 * (two; they live as long as m is open). */
void mailbox_watch_paths(
    const struct mailbox *m, const char *paths[MAILBOX_PATHS]);

#endif
