/* SPDX-License-Identifier: ISC */
/* queue-runner: the one process that owns a queue.  It notices messages,
 * starts a delivery for each recipient or domain, marks what became of them,
 * tries again, tells senders of failures, and removes what is done. */
#define _GNU_SOURCE
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "base/num.h"
#include "conf/libexec.h"
#include "conf/settings.h"
#include "io/drop.h"
#include "io/file.h"
#include "io/lock.h"
#include "io/spawn.h"
#include "queue/full.h"
#include "serve/ready.h"
#include "serve/sandbox.h"
#include "serve/session.h"

#define STOP_S 60    /* time for running deliveries when asked to stop */
#define FDS_OTHER 64 /* descriptors that are no message's or worker's */
#define GATHER_MS 2
#define NUDGES_MANY 9     /* at once: some may have found no room */
#define ACTIVATE_MOST 200 /* messages looked into in one turn */

static const char usage[] =
    "[--once [--all]] [-d FD]\n"
    "  --once   deliver what is due now, and what that brings, then exit\n"
    "  --all    with it: everything counts as due\n"
    "  -d FD    write a newline to FD when ready";

static volatile sig_atomic_t got_term;

static void
on_signal(int sig)
{
	if (sig == SIGTERM || sig == SIGINT)
		got_term = 1;
}

/* All of them stay blocked but for the time in ppoll(): none is missed. */
static void
catch_signals(sigset_t *while_waiting)
{
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, while_waiting);
	sigdelset(while_waiting, SIGTERM);
	sigdelset(while_waiting, SIGINT);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

/* A queue made by root would be one that QUEUE_USER and smtpd cannot write, and
 * is made where the real one is perhaps to be mounted. */
static bool
may_make(void)
{
	struct drop d;

	return geteuid() != 0 ||
	       drop_find(settings_text("QUEUE_USER"), &d) <= 0;
}

static int
take_queue(struct runner *r)
{
	int lock;

	r->queue = walk_open(r->root, may_make());
	if (r->queue < 0)
		return -1;
	lock = openat(
	    r->queue, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return fail("open ", "queue/lock");
	switch (lock_take(lock, true, now_plus_s(r->once ? 2 : 0))) {
	case 1:
		return 0; /* held until we exit */
	case 0:
		return fail_text(EAGAIN, "another queue-runner has this queue");
	default:
		return fail("lock ", "queue/lock");
	}
}

/* The file "clean" says that the last runner ended with nothing unfinished.
 * Without it every message that lies here may have been delivered already, and
 * the deliveries look for traces of that. */
static void
take_clean(struct runner *r)
{
	r->unclean = unlinkat(r->queue, "clean", 0) < 0;
	if (!r->unclean && file_sync_dir(r->queue) < 0) {
		log_event("trouble", "err", fail_last(), NULL);
		r->unclean = true;
	}
}

/* The marks of what failed for now are not yet durable. */
static void
leave_clean(struct runner *r)
{
	int fd = -1;

	if (r->failed || schedule_doubtful(r))
		return;
	if (syncfs(r->queue) == 0)
		fd = openat(
		    r->queue, "clean", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		log_event("trouble", "err", "cannot make queue/clean", NULL);
	else
		close(fd);
}

/* Whoever may write into the queue may nudge us. */
static int
open_nudge(struct runner *r)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return fail("socket", NULL);
	snprintf(
	    a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/nudge", r->queue);
	if ((unlinkat(r->queue, "nudge", 0) < 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    fchmodat(r->queue, "nudge", 0660, 0) < 0) {
		/* Without it new mail is found a few seconds later. */
		fail("bind ", "queue/nudge");
		close(fd);
		return -1;
	}
	return fd;
}

static void
read_nudges(struct runner *r, int fd)
{
	char text[64];
	ssize_t n;
	int i;

	for (i = 0; i < 1000; i++) {
		n = recv(fd, text, sizeof(text), 0);
		if (n < 0)
			break;
		scan_nudge(r, str_make(text, (size_t)n));
	}
	if (i >= NUDGES_MANY)
		scan_soon(r);
}

static void
set_limits(struct runner *r)
{
	struct rlimit l;
	size_t other;

	r->max_local = (int)settings_num("LOCAL_JOBS");
	r->max_workers = (int)settings_num("LOCAL_WORKERS");
	r->max_remote = (int)settings_num("REMOTE_JOBS");
	r->max_domain = (int)settings_num("DOMAIN_JOBS");
	r->lifetime_s = settings_num("QUEUE_LIFETIME");
	r->delay_s = settings_num("DELAY_NOTICE");
	r->max_active = RUNNER_ACTIVE;
	other = (size_t)r->max_workers + (size_t)r->max_remote + FDS_OTHER;
	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return;
	l.rlim_cur = l.rlim_max > 65536 ? 65536 : l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	if (l.rlim_cur >= RUNNER_ACTIVE + other + RUNNER_KEPT)
		r->max_kept = RUNNER_KEPT;
	if (l.rlim_cur < RUNNER_ACTIVE + other)
		r->max_active =
		    l.rlim_cur > other + 16 ? (size_t)l.rlim_cur - other : 16;
}

/* ----------------------------------------------------------------- user */

/* Whether that user can do our work. */
static bool
is_able(const struct runner *r, const struct drop *d)
{
	static const struct {
		const char *name;
		int how;
	} places[] = {{"domains", R_OK | X_OK}, {"queue/new/0", W_OK | X_OK}};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (file_join(path, sizeof(path), r->root, places[i].name) <
			0 ||
		    (drop_may(d, path, places[i].how) == 0 &&
			access(path, F_OK) == 0))
			return false;
	return true;
}

/* The starter alone needs root.  On a machine where nothing was installed the
 * owner of the root will do, and failing that, root goes on. */
static void
give_up_root(const struct runner *r)
{
	struct drop d;
	int found;

	if (geteuid() != 0)
		return;
	found = drop_find(settings_text("QUEUE_USER"), &d);
	if (found < 0)
		die(EXIT_PERM);
	if (found > 0 && is_able(r, &d)) {
		if (drop_to(&d) < 0)
			die(EXIT_TEMP);
		return;
	}
	if (drop_owner(r->root, &d) > 0 && is_able(r, &d) && drop_to(&d) < 0)
		die(EXIT_TEMP);
	log_event("privileges", "err",
	    found ? "the user named by QUEUE_USER cannot list domains or "
		    "write the queue: run \"yubin init\""
		  : "the user named by QUEUE_USER does not exist",
	    "uid", log_num(geteuid()), NULL);
}

/* The root: which domains are ours, also when their folder was replaced. */
static void
confine(const struct runner *r)
{
	static char queue[PATH_MAX];
	const struct landlock_path paths[] = {
	    {queue, LANDLOCK_MOVE}, {r->root, LANDLOCK_LIST}};

	if (file_join(queue, sizeof(queue), r->root, "queue") < 0)
		die(EXIT_TEMP);
	sandbox_enter("queue-runner", paths, sizeof(paths) / sizeof(paths[0]));
}

/* ----------------------------------------------------------------- loop */

static void
activate(struct runner *r)
{
	struct message *m;

	r->turn_no++;
	r->came = 0;
	r->hurry = false;
	for (int i = 0;
	     i < ACTIVATE_MOST && !r->stopping && r->nactive < r->max_active;
	     i++) {
		m = i % 2 ? dest_unpark(r) : schedule_next(r);
		if (!m)
			m = i % 2 ? schedule_next(r) : dest_unpark(r);
		if (!m)
			return;
		work_begin(r, m);
	}
}

static bool
nothing_leaves(const struct runner *r)
{
	return !workers_busy(r) && leave_idle(r);
}

/* With --once: nothing runs, nothing is due, and another look finds nothing. */
static bool
over(struct runner *r)
{
	if (r->stopping)
		return nothing_leaves(r);
	if (!r->once || r->ring || r->crowded || !nothing_leaves(r))
		return false;
	scan_all(r);
	return schedule_due(r) > now_ms();
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
wake_up(const struct runner *r)
{
	int64_t at = earlier(r->next_scan_ms, workers_due(r));

	if (r->hurry || scan_busy(r))
		return 0;
	at = earlier(at, r->syncing ? NOW_NEVER : r->sync_at_ms);
	if (r->nactive < r->max_active)
		at = earlier(at, schedule_due(r));
	if (r->nactive == r->max_active && r->next_yield_ms > now_ms())
		at = earlier(at, r->next_yield_ms);
	return at;
}

/* When one event follows the other, handle those of some time together: each
 * costs several processes a wake-up.  What comes alone is handled at once. */
static void
gather(struct runner *r)
{
	const struct timespec t = {0, GATHER_MS * 1000000L};

	if (now_ms() - r->woke_ms < 2 * GATHER_MS)
		nanosleep(&t, NULL);
	r->woke_ms = now_ms();
}

static void
wait_events(struct runner *r, int nudge, struct pollfd *p,
    const sigset_t *while_waiting)
{
	int ms = now_left(
	    r->stopping ? earlier(now_plus_s(1), wake_up(r)) : wake_up(r));
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
	size_t n = r->nworkers;

	workers_poll(r, p);
	p[n] = (struct pollfd){.fd = nudge, .events = POLLIN};
	p[n + 1] = (struct pollfd){
	    .fd = r->syncing ? r->syncer : -1, .events = POLLIN};
	if (ppoll(p, (nfds_t)n + 2, &t, while_waiting) > 0) {
		gather(r);
		log_hold();
		workers_read(r, p, n);
		log_release();
		if (p[n].revents)
			read_nudges(r, nudge);
	}
	if (now_ms() >= r->next_scan_ms && !r->stopping)
		scan_begin(r);
}

/* Deliveries that do not end in time are told to, then killed; their
 * recipients stay to be tried again. */
static void
stop(struct runner *r, int64_t *deadline)
{
	if (!r->stopping) {
		r->stopping = true;
		*deadline = now_plus_s(STOP_S);
		log_event("stopping", "running",
		    log_num((unsigned long long)(r->local_running +
						 r->remote_running)),
		    NULL);
	} else if (now_ms() >= *deadline + 2000) {
		workers_kill(r, SIGKILL);
	} else if (now_ms() >= *deadline) {
		workers_kill(r, SIGTERM);
	}
}

static void
run(struct runner *r, int nudge, const sigset_t *while_waiting)
{
	struct pollfd *p = calloc(workers_most(r) + 2, sizeof(*p));
	int64_t deadline = NOW_NEVER;

	if (!p)
		oom();
	scan_begin(r);
	for (;;) {
		if (got_term)
			stop(r, &deadline);
		clean_tmp(r);
		scan_step(r);
		activate(r);
		work_pass(r);
		workers_tend(r);
		leave_poll(r);
		if (over(r))
			break;
		wait_events(r, nudge, p, while_waiting);
	}
	free(p);
}

static void
read_options(struct runner *r, int argc, char **argv, struct ready *ready)
{
	static const struct option names[] = {{"once", no_argument, NULL, 'o'},
	    {"all", no_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
	uint64_t fd = 0;
	bool bad = false;
	int c;

	while ((c = getopt_long(argc, argv, "oad:", names, NULL)) != -1) {
		if (c == 'o')
			r->once = true;
		else if (c == 'a')
			r->all = true;
		else if (c != 'd' || num_scan(str_z(optarg), 1000, &fd) < 0)
			bad = true;
	}
	if (bad || optind != argc) {
		fprintf(stderr, "usage: yubin-queue-runner %s\n", usage);
		exit(EXIT_PERM);
	}
	ready_begin(ready, fd);
}

int
main(int argc, char **argv)
{
	static struct runner r;
	struct ready ready;
	sigset_t while_waiting;
	int nudge;

	serve_program("queue-runner", usage, argc, argv);
	read_options(&r, argc, argv, &ready);
	r.root = settings_root();
	serve_hostname(r.hostname);
	spawn_close_from(3);
	set_limits(&r);
	if (libexec_path(r.deliver_local, sizeof(r.deliver_local),
		"deliver-local") < 0 ||
	    libexec_path(r.deliver_remote, sizeof(r.deliver_remote),
		"deliver-remote") < 0 ||
	    take_queue(&r) < 0)
		die(EXIT_TEMP);
	take_clean(&r);
	if (starter_begin(&r) < 0)
		die(EXIT_TEMP);
	give_up_root(&r);
	leave_init(&r);
	catch_signals(&while_waiting);
	nudge = open_nudge(&r);
	if (nudge < 0)
		log_event("trouble", "err", fail_last(), NULL);
	schedule_init(&r);
	scan_init(&r);
	workers_init(&r);
	full_make(r.queue);
	if (ready_tell(&ready) < 0)
		log_event("trouble", "err", fail_last(), NULL);
	confine(&r);
	run(&r, nudge, &while_waiting);
	leave_end(&r);
	workers_end(&r);
	if (nothing_leaves(&r))
		leave_clean(&r);
	unlinkat(r.queue, "nudge", 0);
	return 0;
}
