/* SPDX-License-Identifier: ISC */
/* The runner's state, in one place.  A message is *waiting* (nothing of it in
 * memory but its id and when it is due) or *active* (its file is open and
 * deliveries of it run or may be started). */
#ifndef RUNNER_H
#define RUNNER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "queue/bounce.h"
#include "queue/entry.h"
#include "queue/result.h"

#define RUNNER_ACTIVE 300   /* messages active at once, less with few fds */
#define RUNNER_SCAN_MS 5000 /* between two looks for missed nudges */
#define RUNNER_JOB_RCPTS \
	100               /* recipients of one remote delivery; RFC 5321 \
	                   * 4.5.3.1.8 wants a server to take 100 */
#define RUNNER_JOB_S 7200 /* no delivery takes longer */

struct message {
	char id[ID_SIZE];
	bool seen;     /* its file was read before: due_ms is right */
	bool verified; /* the body's checksum was right */
	bool forced;   /* try now, whatever the schedule says */
	size_t at;     /* index in the heap, while waiting */
	int64_t due_ms;
	struct message *same_hash;
	struct work *work; /* while active */
};

/* Where deliveries go: a domain, or "" for local ones. */
struct dest {
	struct dest *next;
	char name[256];
	int running;
	int failures;     /* in a row, of the network */
	int64_t until_ms; /* nothing is started before */
};

enum outcome {
	OUTCOME_PENDING,
	OUTCOME_RUNNING,
	OUTCOME_DEFERRED, /* in this round; stays A */
	OUTCOME_FINAL     /* D, F or B */
};

struct target {
	enum outcome outcome;
	struct dest *dest;    /* NULL until asked for */
	struct result result; /* of F in this round; text in the arena */
};

/* One round of an active message: every recipient due is tried once. */
struct work {
	struct work *next, *prev; /* ring of active messages */
	struct message *m;
	struct arena arena;
	struct entry entry;
	struct target *targets; /* one a recipient */
	size_t first;           /* no target before it is pending */
	int running;
	bool unsynced;
};

struct job {
	pid_t pid;
	int fd; /* the delivery's standard output */
	struct work *work;
	struct dest *dest;
	size_t n;
	size_t rcpts[RUNNER_JOB_RCPTS];
	int64_t started_ms;
	struct buf out;
};

struct runner {
	const char *root;
	char hostname[256];
	int queue; /* directory */
	bool once, all, stopping;
	int64_t next_scan_ms, next_clean_ms, next_yield_ms;

	/* schedule.c */
	struct message **heap; /* waiting, the earliest first */
	size_t nheap, heap_cap;
	struct message **table; /* all, by hash of the id */
	size_t ntable, nmessages;
	int64_t seen_ns[WALK_DIRS];
	bool dirty[WALK_DIRS]; /* something was unlinked, not yet synced */

	/* work.c */
	struct work *ring;
	size_t nactive, max_active;
	struct dest *dests;

	/* jobs.c */
	struct job *jobs;
	size_t njobs, max_jobs;
	int local_jobs, remote_jobs; /* running */
	int max_local, max_remote, max_domain;
	int64_t lifetime_s;
	char deliver_local[4096], deliver_remote[4096];
};

/* schedule.c: which messages there are, and when each is due */
void schedule_init(struct runner *r);
void schedule_scan(struct runner *r); /* look for new files */
void schedule_nudge(struct runner *r, struct str what);
struct message *schedule_next(struct runner *r); /* due now, or NULL */
int64_t schedule_due(const struct runner *r);    /* of the next one */
void schedule_wait(struct runner *r, struct message *m, int64_t after_ms);
void schedule_forget(struct runner *r, struct message *m); /* gone */

/* finish.c: the end of a round */
void finish_round(struct runner *r, struct work *w);
void finish_sync(struct runner *r); /* the unlinks since the last call */

/* work.c: the rounds of active messages */
void work_begin(struct runner *r, struct message *m);
void work_result(struct runner *r, struct work *w, size_t rcpt,
    const struct result *result, int64_t took_ms);
void work_settle(struct runner *r, struct work *w); /* a job has ended */
void work_pass(struct runner *r); /* start and end what can be */
void work_free(struct runner *r, struct work *w);

/* dest.c: destinations */
struct dest *dest_find(struct runner *r, struct str domain);
void dest_report(struct dest *d, bool network_failed);
void dest_prune(struct runner *r);

/* jobs.c: running deliveries */
void jobs_init(struct runner *r);
void jobs_start(struct runner *r, struct work *w, struct dest *d,
    const size_t *rcpts, size_t n);
void jobs_poll(struct runner *r, struct pollfd *p); /* fills njobs entries */
void jobs_read(struct runner *r, const struct pollfd *p, size_t n);
void jobs_reap(struct runner *r);
void jobs_kill(struct runner *r, int sig);

/* clean.c: leftovers */
void clean_tmp(struct runner *r); /* does nothing but once an hour */
void clean_bad(struct runner *r, const char *id);
/* Whether new/DIR is not where this id belongs; moves it there. */
bool clean_misplaced(struct runner *r, int dir, const char *id);

#endif
