/* SPDX-License-Identifier: ISC */
/* One delivery: a message, a recipient, and what is to be done. */
#ifndef LOCAL_H
#define LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/str.h"
#include "maildir/earlier.h"
#include "maildir/quota.h"
#include "queue/result.h"
#include "users/cache.h"
#include "users/user.h"

#define LOCAL_DEPTH 20       /* aliases of aliases */
#define LOCAL_ACTIONS 10000  /* of one delivery */
#define LOCAL_PROGRAM_S 3600 /* time for a program */
#define LOCAL_HEADER 262144  /* octets of header looked at for loops */
#define LOCAL_PIECE 65536    /* octets read at once behind these */
#define LOCAL_NAME 208       /* of a file's name, without sizes and flags */

/* The message, in a seekable file.  Its first octets are read once and kept. */
struct message {
	int fd;
	uint64_t at, len; /* len UINT64_MAX: up to the file's end */
	size_t n;         /* octets in head */
	bool read;
	char head[LOCAL_HEADER];
	char piece[LOCAL_PIECE];
};

struct local {
	const char *root;
	const char *delimiter;
	char hostname[256];
	struct cache *cache; /* of users and aliases, or NULL */
	struct arena *arena;
	/* the message */
	struct message m;
	char id[ID_SIZE];
	struct str sender, envid;
	char ret;
	bool unsynced, rewrite;     /* as in struct job */
	struct earlier_lists lists; /* of folders looked into */
	bool crowded; /* something failed for want of descriptors */
	/* the recipient */
	struct str original, recipient, orcpt;
	unsigned notify;
	uint32_t number;
	bool again; /* an earlier try may have left something */
};

/* In the order they are carried out: what can be repeated without harm comes
 * first, so that a temporary failure of one repeats as little as possible. */
enum action_kind {
	ACTION_ANSWER,  /* no delivery: `answer` is the result */
	ACTION_MAILDIR, /* of `user` */
	ACTION_PATH,    /* a Maildir named in an alias */
	ACTION_PROGRAM,
	ACTION_FORWARD
};

struct action {
	enum action_kind kind;
	struct str text; /* address, path or command */
	struct user user;
	/* the address that led here, for the program's environment */
	struct str local, domain, extension;
	struct result answer;
};

struct actions {
	struct action *v;
	size_t n, room;
	struct str *seen; /* addresses looked up */
	size_t nseen, seen_room;
};

/* expand.c: what is to be done for l->recipient.  At least one action. */
void expand_recipient(struct local *l, struct actions *to);

/* deliver.c: do it, unless the message was here before */
struct result deliver_actions(struct local *l, const struct actions *todo);

/* message.c: the message itself */
int message_stdin(struct message *m); /* makes it seekable; 0 or -1 */
void message_in(struct message *m, int fd, uint64_t at, uint64_t len);
/* Whether it was delivered to this recipient before. */
bool message_loops(struct message *m, struct str recipient);
/* The message piece by piece; *at starts as 0.  *part lives until the next
 * call.  Returns 1 a piece, 0 the end, -1 failed. */
int message_next(struct message *m, uint64_t *at, struct str *part);
/* Its octets, without what is prepended; 0 when that cannot be said. */
uint64_t message_size(const struct message *m);
/* The lines that are prepended, CRLF ends, in the arena. */
enum front {
	FRONT_PASSED, /* on its way to somewhere else */
	FRONT_STORED, /* final delivery: with a Return-Path */
	FRONT_SHARED  /* one file for several: names none of them */
};
struct str message_front(struct local *l, enum front kind);
/* Write all of it to fd: with crlf as it is, else with LF ends and a
 * Return-Path.  0 or -1. */
int message_send(struct local *l, int fd, bool crlf);

/* store.c: into Maildirs, with the rights that we have */
struct target {
	int fd; /* the Maildir */
	struct str recipient;
	uint32_t index; /* the caller's */
	uint32_t number;
	bool again;
	struct quota_limit limit; /* of store_limit() */
	struct result result;     /* texts are constant */
};
/* The quota of the Maildir that the action names. */
struct quota_limit store_limit(struct local *l, const struct action *a);
void store(struct local *l, struct target *v, size_t n);
/* The result of what failed with this errno; logs fail_last(). */
struct result store_failed(struct local *l, int err);

/* owner.c: into one Maildir, as its owner.  `left`: more is to be done then, so
 * that root must not be given up. */
struct result owner_store(struct local *l, const struct action *a, bool left);

/* program.c */
struct result program_run(struct local *l, const struct action *a);
/* To n addresses.  alone: the recipient stands for just one. */
struct result program_forward(
    struct local *l, const struct action *first, size_t n, bool alone);

/* worker.c: jobs from the socket on descriptor 0, up to its end */
void worker_run(struct local *l);

#endif
