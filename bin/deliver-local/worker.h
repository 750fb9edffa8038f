/* SPDX-License-Identifier: ISC */
/* The parts of the long-lived worker. */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/drop.h"
#include "local.h"
#include "maildir/lazy.h"

/* ---- boxes.c: Maildirs that stay open.  Each use costs one stat(2), which
 * finds out whether the path still leads there. */

#define BOXES 128 /* more than a job has recipients */

struct box {
	char *path;
	int fd;
	dev_t dev;
	ino_t ino;
	uint64_t used;
};

struct boxes {
	struct box v[BOXES];
	size_t n;
	uint64_t clock;
};

/* The directory at path, which is made for this owner when it is missing (by
 * root; else for ourselves).  Its descriptor lives as long as the next BOXES
 * - 1 calls.  Returns 0 or -1. */
int boxes_open(
    struct boxes *b, const char *path, uid_t uid, gid_t gid, struct box *to);

/* Keep fewer open: something else needs descriptors. */
void boxes_close(struct boxes *b);

/* ---- hands.c: when we are root, one long-lived child for each owner of
 * Maildirs, which has given up root for good and stores what it is handed. */

#define HANDS 8 /* the longest unused ends when another is needed */

struct hand {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	int fd;
	uint64_t used;
};

struct hands {
	struct hand v[HANDS];
	size_t n;
	uint64_t clock;
	int notes[2]; /* pipe: hands say which jobs they have done */
};

/* What a hand says on the pipe when the end of the job is not its to tell. */
struct note {
	uint32_t number;
};

struct worker;

/* Hand over n targets of job `number`, whose file and texts are in w->l.  The
 * hand answers for each.  whole: it says done, too; otherwise it sends a note.
 * Returns 0; -1 failed, nothing will be answered. */
int hands_give(struct worker *w, uint32_t number, uid_t uid, gid_t gid,
    const struct target *v, size_t n, bool whole);

/* They end when they have done what they have. */
void hands_end(struct hands *h);

/* Whether that child is one of them, and was not to end. */
bool hands_has(const struct hands *h, pid_t pid);

/* ---- worker.c */

#define SLOW 100 /* children that run programs or forward */

/* A child that does what may take long, for one recipient. */
struct slow {
	pid_t pid;
	uint32_t number, index;
};

/* A job that was not answered whole at once. */
struct started {
	uint32_t number;
	unsigned parts; /* not yet done */
	bool unsynced;
};

struct worker {
	struct local *l;
	int runner;  /* the socket of jobs */
	int signals; /* signalfd(2): a child has ended */
	size_t children;
	struct cache cache;
	struct boxes boxes;
	struct lazy lazy;
	struct hands hands;
	struct slow slow[SLOW];
	size_t nslow;
	struct started *started;
	size_t nstarted, room;
	struct buf answers; /* not yet sent */
	/* MAIL_USER, looked up once in a second */
	struct drop mail_user;
	int mail_user_found; /* as of drop_find() */
	int64_t mail_user_until;
};

/* In a new child: close what is not for it. */
void worker_forget(struct worker *w);

#endif
