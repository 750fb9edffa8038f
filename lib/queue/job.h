/* SPDX-License-Identifier: ISC */
/* What the queue runner and a delivery program that runs as a worker say to
 * each other, over a SOCK_SEQPACKET socket that is the worker's descriptor 0.
 *
 * The runner sends jobs: a message, some of its recipients, and the queue file
 * by SCM_RIGHTS.  The worker answers for each recipient as soon as its fate is
 * known, and says done at the end.  It may have several jobs at once and end
 * them in any order.  The runner may ask it to make everything durable that
 * it has stored without a sync.  The end of the socket ends the worker. */
#ifndef QUEUE_JOB_H
#define QUEUE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "queue/result.h"

#define JOB_RCPTS 100           /* recipients of one job */
#define JOB_PACKET (160 * 1024) /* octets of one packet */
#define JOB_ARENA ((size_t)4 * JOB_PACKET)

struct job_rcpt {
	struct str addr;  /* local@domain */
	struct str orcpt; /* as in struct envelope_rcpt */
	unsigned notify;
	uint32_t number; /* which recipient of its message it is */
	bool again;      /* an earlier try may have left something */
};

struct job {
	uint32_t number;       /* the runner's; answers carry it */
	struct str id, sender; /* as in struct envelope */
	struct str domain;     /* where it goes; empty for local delivery */
	struct str envid;
	char ret;
	bool eight_bit, utf8;
	/* Local delivery only.  unsynced: what is stored in a Maildir need not
	 * be synced one by one, the runner will ask for job_sync().  rewrite:
	 * what an earlier try left is not to be trusted, whatever it reads
	 * like: put the message in its place. */
	bool unsynced, rewrite;
	uint64_t body_at, body_len; /* where the message lies in the file */
	const struct job_rcpt *rcpts;
	size_t nrcpt; /* 1 to JOB_RCPTS */
};

/* ---- the runner's side */

/* Send a job and its file, which stays the caller's.  Returns 0; -1 failed:
 * EAGAIN (the worker is behind; try later), EMSGSIZE, EPIPE, … */
int job_send(int fd, const struct job *j, int file);

/* Ask for everything answered before to become durable.  0 or -1. */
int job_send_sync(int fd);

enum job_word {
	JOB_FATE,  /* the fate of recipient `index` */
	JOB_DONE,  /* of the whole job; unsynced: to be confirmed by a sync */
	JOB_SYNCED /* ok: everything answered before the question is durable */
};

struct job_answer {
	enum job_word word;
	uint32_t number, index;
	struct result result; /* text in the arena */
	bool unsynced, ok;
};

/* Read one packet of answers into b (ceiling JOB_PACKET).  Returns 1; 0 the
 * worker is gone; -1 failed (EAGAIN: nothing there now). */
int job_read(int fd, struct buf *b);

/* Cut the next answer off the packet's text.  Returns 1; 0 none is left; -1
 * EPROTO: not an answer, the line is skipped. */
int job_next(struct str *text, struct arena *a, struct job_answer *to);

/* ---- the worker's side */

enum job_request { JOB_END, JOB_JOB, JOB_SYNC };

/* Wait until deadline (of now_ms()) for the next request.  JOB_JOB: j and
 * *file are set, strings and recipients lie in the arena; the caller closes
 * *file.  Returns an enum job_request; -1 failed: ETIMEDOUT nothing came,
 * EMFILE with j->nrcpt > 0: j came, but its file could not be taken; EPROTO
 * not a request, … */
int job_recv(
    int fd, struct arena *a, int64_t deadline, struct job *j, int *file);

/* Answer; each waits until it is sent.  0, or -1 when the runner is gone. */
int job_say(int fd, uint32_t number, uint32_t index, const struct result *r);
int job_say_done(int fd, uint32_t number, bool unsynced);
int job_say_synced(int fd, bool ok);

/* The same answers, several in one packet: print them into b (ceiling
 * JOB_PACKET; JOB_RCPTS of them fit), which job_answer() sends and empties. */
void job_print(
    struct buf *b, uint32_t number, uint32_t index, const struct result *r);
void job_print_done(struct buf *b, uint32_t number, bool unsynced);
int job_answer(int fd, struct buf *b);

#endif
