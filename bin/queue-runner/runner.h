/* SPDX-License-Identifier: ISC */
/* The runner's state, in one place.
 *
 * A message is in one place at a time: *waiting* for its time (in the heap),
 * *fresh* (it has just come), *parked* (its destination has no room), *active*
 * (its file is open, deliveries of it run or may be started) or *leaving* (all
 * is done, its slot is given back when the marks are durable).  Outside active
 * nothing of it is in memory but struct message. */
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
#include "queue/job.h"
#include "queue/result.h"
#include "queue/slot.h"

#define RUNNER_ACTIVE 1000  /* messages active at once, less with few fds */
#define RUNNER_KEPT 256     /* slots that leave stay open, where fds abound */
#define RUNNER_SCAN_MS 5000 /* at least, between two looks for lost nudges */
#define RUNNER_JOB_S 7200   /* no delivery takes longer */
#define RUNNER_END_S 10     /* for workers to end */
#define RUNNER_LANES 8      /* senders' queues of a destination */

enum place {
	PLACE_WAITING,
	PLACE_FRESH,
	PLACE_PARKED,
	PLACE_ACTIVE,
	PLACE_LEAVING
};

enum wish { WISH_NONE, WISH_HOLD, WISH_DROP };

struct message {
	char id[ID_SIZE];
	unsigned char place; /* enum place */
	unsigned char wish;  /* enum wish: an administrator's */
	bool seen : 1;       /* its file was read before: due_ms is right */
	bool verified : 1;   /* the body's checksum was right */
	bool forced : 1;     /* try now, whatever the schedule says */
	bool again : 1;      /* there may be traces of tries not marked */
	bool rewrite : 1;    /* a sync failed: what is stored is not trusted */
	unsigned char lost;  /* workers that died with its tasks, this round */
	int slot;            /* where it lies; -1: in a file below new/ */
	unsigned at;         /* index in the heap, while waiting */
	int64_t due_ms;
	struct message *same_hash;
	struct message *next, *prev; /* in a list, while fresh or parked */
	union {
		struct work *work; /* while active */
		struct lane *lane; /* while parked */
	};
};

/* A queue of messages. */
struct lane {
	struct message *head, *tail;
	struct dest *dest;
};

/* Where deliveries go: a domain, or one of our addresses. */
struct dest {
	struct dest *same_hash;
	struct dest *next, *prev; /* ring of those with parked messages */
	bool local;
	int refs;         /* targets that point here */
	int running;      /* deliveries */
	int window;       /* how many may run: grows with success, see dest.c */
	int failures;     /* of the network, in a row */
	int64_t until_ms; /* nothing is started before */
	size_t parked;
	unsigned turn;      /* the lane to be served next */
	unsigned turn_no;   /* of the runner, when */
	int came;           /* so many were unparked in it */
	struct lane *lanes; /* RUNNER_LANES, or NULL */
	char name[];
};

enum outcome {
	OUTCOME_PENDING,
	OUTCOME_RUNNING,
	OUTCOME_STORED,   /* the result is known, but not yet durable */
	OUTCOME_DEFERRED, /* in this round; stays A or W */
	OUTCOME_FINAL     /* S, D, F or B */
};

struct target {
	enum outcome outcome;
	bool again, decided;
	bool network;         /* the last try failed for want of it */
	struct dest *dest;    /* NULL until asked for */
	struct result result; /* of this round; text in the work's arena */
};

/* One round of an active message: every recipient due is tried once. */
struct work {
	struct work *next, *prev; /* ring of active messages */
	struct message *m;
	struct arena arena;
	struct entry entry;
	struct target *targets; /* one a recipient */
	size_t pending;         /* targets that are */
	size_t cursor;          /* where to look for one next */
	int running;            /* tasks, those that wait for a sync too */
	bool part; /* some have results that only the end of the round keeps */
};

/* A job given to a worker. */
struct task {
	struct task *next, *prev; /* of its worker */
	uint32_t number;
	struct worker *worker;
	struct work *work;
	int64_t started_ms;
	bool ended;   /* every fate is known; it waits for the sync */
	bool covered; /* the sync that was asked for covers it */
	size_t n;
	uint32_t rcpts[JOB_RCPTS];
};

/* A delivery program that runs: local, or to one destination. */
struct worker {
	pid_t pid;
	int fd;
	struct dest *dest; /* NULL: local */
	struct task *tasks;
	int running;         /* tasks that have not ended */
	int ended;           /* tasks that wait for a sync */
	int64_t ended_ms;    /* since when */
	bool syncing;        /* it was asked to sync */
	int64_t answered_ms; /* when it last said something */
	uint32_t number;     /* of its last task */
	uint64_t version;    /* of the program when it was started */
};

/* What may go once the queue's file system is synced. */
struct leaving {
	struct leaving *next;
	struct message *m; /* forgotten then; NULL when it stays */
	int slot;          /* given back then */
	int fd;            /* it is open; -1: no more */
};

struct runner {
	const char *root;
	char hostname[256];
	int queue; /* directory */
	bool once, all, stopping, started, unclean;
	int64_t next_scan_ms, least_scan_ms, next_clean_ms, next_yield_ms;
	int64_t woke_ms; /* when an event came last */

	/* schedule.c */
	struct message **heap; /* waiting, the earliest first */
	size_t nheap, heap_cap;
	struct message **table; /* all, by hash of the id */
	size_t ntable, nmessages;
	struct lane fresh;
	bool turn; /* the heap's, when both have something */

	/* scan.c */
	int64_t seen_ns[WALK_DIRS];
	bool scan_missed; /* look again soon after the scan that goes on */
	int scan_dir;     /* to be looked at next; WALK_DIRS: none */
	int64_t scan_took_ms;
	int nslots;           /* files there are */
	unsigned char *taken; /* of slot i: known to us */

	/* work.c */
	struct work *ring;
	size_t nactive, max_active;
	char asked[256]; /* the domain last asked about, or empty */
	int asked_local;
	unsigned asked_turn;

	/* dest.c */
	struct dest **dests;
	size_t ndest_table, ndests;
	struct dest *crowded; /* ring of destinations with parked messages */
	size_t ncrowded;
	unsigned turn_no; /* of the main loop */
	int came;         /* messages unparked in it */
	bool hurry;       /* there are more to be put off */

	/* tasks.c, workers.c */
	struct worker **workers;
	size_t nworkers;
	int local_running, remote_running; /* tasks that have not ended */
	int max_local, max_remote, max_domain, max_workers;
	int nlocal, nremote; /* workers */
	uint64_t local_version;
	unsigned local_turn;
	struct buf packet;
	int starter; /* its socket */
	int64_t lifetime_s, delay_s;
	char deliver_local[4096], deliver_remote[4096];

	/* leave.c */
	struct leaving *leaving; /* for the next sync */
	struct leaving *synced;  /* for the one that runs */
	size_t nkept, max_kept;  /* of both: open descriptors */
	bool dirty;              /* something else wants a sync */
	bool syncing;
	bool failed; /* a sync has: what lies where is not certain */
	int64_t sync_at_ms;
	int syncer; /* its socket */
};

/* schedule.c: which messages there are, and when each is due */
void schedule_init(struct runner *r);
struct message *schedule_find(const struct runner *r, const char *id);
/* A message found: waiting and due, or fresh. */
struct message *schedule_add(
    struct runner *r, const char *id, int slot, bool fresh);
struct message *schedule_next(struct runner *r); /* due now, or NULL */
int64_t schedule_due(const struct runner *r);    /* of the next one */
void schedule_wait(struct runner *r, struct message *m, int64_t after_ms);
void schedule_hurry(struct runner *r, struct message *m);
void schedule_hurry_all(struct runner *r);
bool schedule_doubtful(const struct runner *r);          /* some are `again` */
void schedule_take(struct runner *r, struct message *m); /* out of its place */
void schedule_forget(struct runner *r, struct message *m); /* active or taken*/
void lane_add(struct lane *l, struct message *m);
void lane_take(struct lane *l, struct message *m);

/* scan.c: finding messages */
void scan_init(struct runner *r);
/* Look for what no nudge told of: at once, or begin it and go on by steps. */
void scan_all(struct runner *r);

/* Nudges were lost: look in half a second, but after the scan that goes on. */
void scan_soon(struct runner *r);
void scan_begin(struct runner *r);
void scan_step(struct runner *r);
bool scan_busy(const struct runner *r);
void scan_nudge(struct runner *r, struct str what);
void message_path(char to[WALK_PATH], const struct message *m);

/* order.c: what an administrator wants */
void order_take(struct runner *r, struct str verb, struct str id);
bool order_carry_out(struct runner *r, struct message *m); /* its wish */

/* finish.c: the end of a round */
void finish_round(struct runner *r, struct work *w);

/* leave.c: what must be durable before it may go */
void leave_init(struct runner *r);
void leave_done(struct runner *r, struct work *w); /* remove the message */
int leave_slot(struct runner *r, struct work *w);  /* but stay in the queue */
void leave_dirty(struct runner *r); /* marks were made that matter */
void leave_poll(struct runner *r);  /* start and end syncs */
bool leave_idle(const struct runner *r);
void leave_end(struct runner *r);

/* work.c: the rounds of active messages */
void work_begin(struct runner *r, struct message *m);
void work_result(struct runner *r, struct work *w, size_t rcpt,
    const struct result *result, int64_t took_ms);
void work_settle(struct runner *r, struct work *w); /* a task has ended */
void work_pass(struct runner *r); /* start and end what can be */
void work_free(struct runner *r, struct work *w);

/* dest.c: destinations */
struct dest *dest_find(struct runner *r, struct str name, bool local);
void dest_release(struct dest *d);
bool dest_has_room(const struct runner *r, const struct dest *d);
void dest_park(struct runner *r, struct dest *d, struct work *w);
struct message *dest_unpark(struct runner *r); /* one that may go on, or NULL */
void dest_unpark_one(struct runner *r, struct message *m);
void dest_report(struct runner *r, struct dest *d, bool network_failed);
/* stored: it went straight into a Maildir, as far as is known. */
void dest_report_local(
    const struct runner *r, struct dest *d, int64_t took_ms, bool stored);

/* starter.c: the child that starts and signals the processes */
int starter_begin(struct runner *r); /* 0 or -1 */
pid_t starter_start(struct runner *r, bool remote, int fd); /* or -1 */
void starter_kill(struct runner *r, pid_t pid, int sig);

/* workers.c: the processes */
void workers_init(struct runner *r);
size_t workers_most(const struct runner *r);
struct worker *workers_local(struct runner *r);
struct worker *workers_remote(struct runner *r, struct dest *d);
void workers_poll(struct runner *r, struct pollfd *p); /* nworkers entries */
void workers_read(struct runner *r, const struct pollfd *p, size_t n);
void workers_tend(struct runner *r); /* syncs, idle and stuck ones */
int64_t workers_due(const struct runner *r);
void workers_kill(struct runner *r, int sig);
void workers_end(struct runner *r); /* and wait until they have ended */
bool workers_busy(const struct runner *r);

/* tasks.c: what the workers do */
bool task_start(struct runner *r, struct work *w, struct dest *d,
    const uint32_t *rcpts, size_t n); /* false: not now */
void task_answer(
    struct runner *r, struct worker *k, const struct job_answer *a);
void task_lost(struct runner *r, struct worker *k); /* the worker is gone */

/* clean.c: leftovers */
void clean_tmp(struct runner *r); /* does nothing but once an hour */
bool clean_bad(struct runner *r, struct message *m); /* false: it stays */
/* Whether new/DIR is not where this id belongs; moves it there. */
bool clean_misplaced(struct runner *r, int dir, const char *id);

#endif
