/* SPDX-License-Identifier: ISC */
/* One delivery: what the command line says, and what is to be done. */
#ifndef LOCAL_H
#define LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/str.h"
#include "queue/result.h"
#include "users/user.h"

#define LOCAL_DEPTH 20       /* aliases of aliases */
#define LOCAL_ACTIONS 10000  /* of one delivery */
#define LOCAL_PROGRAM_S 3600 /* time for a program */
#define LOCAL_HEADER 262144  /* octets of header looked at for loops */

struct local {
	const char *root;
	const char *delimiter;
	char hostname[256];
	char id[ID_SIZE];
	char name[ID_SIZE + 300]; /* of the file in a Maildir */
	bool again;               /* an earlier try may have left something */
	struct str sender, original, recipient;
	int fd;     /* the message; seekable */
	off_t from; /* where it starts */
	struct arena *arena;
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
	size_t n;
	struct str *seen; /* addresses looked up */
	size_t nseen;
};

/* expand.c: what is to be done for l->recipient.  At least one action. */
void expand_recipient(struct local *l, struct actions *to);

/* message.c: the message itself */
int message_open(struct local *l);   /* makes descriptor 0 seekable; 0 or -1 */
bool message_loops(struct local *l); /* it came here before */
/* The text to deliver, piece by piece: the lines to be prepended, then the
 * message, CRLF ends.  *part lives until the next call.
 * Returns 1 a piece, 0 the end, -1 failed. */
struct message_part {
	off_t at;
	bool started;
	bool return_path; /* with a Return-Path: final delivery */
	char data[65536];
};
int message_next(struct local *l, struct message_part *m, struct str *part);
/* Write all of it to fd: with crlf as it is, else with LF ends and a
 * Return-Path.  0 or -1. */
int message_send(struct local *l, int fd, bool crlf);

/* store.c: into a Maildir, as its owner */
struct result store_maildir(
    struct local *l, const struct action *a, bool fork_first);

/* program.c */
struct result program_run(struct local *l, const struct action *a);
struct result program_forward(
    struct local *l, const struct action *first, size_t n);

#endif
