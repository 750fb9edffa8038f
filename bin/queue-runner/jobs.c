/* SPDX-License-Identifier: ISC */
/* Running deliveries.  Each gets its own open file, positioned at the message,
 * as descriptor 0, and says on descriptor 1 what became of each recipient. */
#define _GNU_SOURCE
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "base/num.h"
#include "io/spawn.h"

#define OUT_MAX ((size_t)256 * 1024) /* octets of results */
#define ARGS (16 + RUNNER_JOB_RCPTS)

void
jobs_init(struct runner *r)
{
	r->max_jobs = (size_t)r->max_local + (size_t)r->max_remote;
	r->jobs = calloc(r->max_jobs, sizeof(*r->jobs));
	if (!r->jobs)
		oom();
}

/* ------------------------------------------------------------- starting */

struct args {
	const char *v[ARGS];
	size_t n;
};

static void
arg(struct args *a, const char *s)
{
	a->v[a->n++] = s;
	a->v[a->n] = NULL;
}

static void
make_args(struct runner *r, struct work *w, const struct dest *d,
    const size_t *rcpts, size_t n, struct args *a)
{
	const struct envelope *e = &w->entry.e;
	char number[NUM_SIZE];

	a->n = 0;
	arg(a, *d->name ? r->deliver_remote : r->deliver_local);
	arg(a, "-i");
	arg(a, w->m->id);
	if (!*d->name) {
		arg(a, "-n");
		num_print(number, rcpts[0]);
		arg(a, arena_z(&w->arena, str_z(number)));
		if (e->rcpts[rcpts[0]].status == ENVELOPE_ATTEMPTED)
			arg(a, "-r");
	}
	arg(a, "-f");
	arg(a, arena_z(&w->arena, e->sender));
	if (*d->name && e->eight_bit)
		arg(a, "-8");
	arg(a, "--");
	if (*d->name)
		arg(a, d->name);
	for (size_t i = 0; i < n; i++)
		arg(a, arena_z(&w->arena, e->rcpts[rcpts[i]].addr));
}

static int
open_message(struct runner *r, struct work *w)
{
	const struct entry *q = &w->entry;
	int fd = openat(r->queue, q->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return fail("open queue/", q->path);
	if (lseek(fd, (off_t)envelope_body_at(&q->header), SEEK_SET) < 0) {
		fail("seek queue/", q->path);
		close(fd);
		return -1;
	}
	return fd;
}

/* Returns 0 with j->pid and j->fd set, or -1. */
static int
launch(struct runner *r, struct work *w, struct job *j, const struct args *a)
{
	int in = open_message(r, w);
	int out[2];

	if (in < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0) {
		fail("pipe", NULL);
		close(in);
		return -1;
	}
	j->pid = spawn_start(a->v, (int[]){in, out[1], 2}, 3, NULL);
	close(in);
	close(out[1]);
	if (j->pid < 0) {
		close(out[0]);
		return -1;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	j->fd = out[0];
	return 0;
}

static void
begin(struct work *w, const size_t *rcpts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		w->targets[rcpts[i]].outcome = OUTCOME_RUNNING;
		/* Not synced: it only says that there may be traces. */
		if (entry_mark(&w->entry, rcpts[i], ENVELOPE_ATTEMPTED) < 0)
			log_event("trouble", "id", w->m->id, "err", fail_last(),
			    NULL);
	}
}

/* Every recipient has a result already, or failed to start for now. */
static void
not_started(struct runner *r, struct work *w, const size_t *rcpts, size_t n)
{
	struct result res = result_make(
	    RESULT_DEFERRED, "4.3.0", "the delivery program cannot be started");

	log_event("trouble", "id", w->m->id, "err", fail_last(), NULL);
	for (size_t i = 0; i < n; i++)
		work_result(r, w, rcpts[i], &res, -1);
}

void
jobs_start(struct runner *r, struct work *w, struct dest *d,
    const size_t *rcpts, size_t n)
{
	struct job *j = &r->jobs[r->njobs];
	struct args a;

	make_args(r, w, d, rcpts, n, &a);
	begin(w, rcpts, n);
	memset(j, 0, sizeof(*j));
	if (launch(r, w, j, &a) < 0) {
		not_started(r, w, rcpts, n);
		return;
	}
	j->work = w;
	j->dest = d;
	j->n = n;
	memcpy(j->rcpts, rcpts, n * sizeof(*rcpts));
	j->started_ms = now_ms();
	buf_init(&j->out, OUT_MAX);
	r->njobs++;
	w->running++;
	d->running++;
	*(*d->name ? &r->remote_jobs : &r->local_jobs) += 1;
}

/* -------------------------------------------------------------- reading */

void
jobs_poll(struct runner *r, struct pollfd *p)
{
	for (size_t i = 0; i < r->njobs; i++)
		p[i] = (struct pollfd){.fd = r->jobs[i].fd, .events = POLLIN};
}

/* At the end of its output the descriptor is closed: poll() ignores -1. */
static void
drain(struct job *j)
{
	char chunk[4096];
	ssize_t n = 1;

	while (j->fd >= 0 && n > 0) {
		n = read(j->fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_put(&j->out, chunk, (size_t)n);
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(j->fd);
		j->fd = -1;
	}
}

void
jobs_read(struct runner *r, const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n && i < r->njobs; i++)
		if (p[i].revents)
			drain(&r->jobs[i]);
}

/* --------------------------------------------------------------- ending */

static bool
network_failure(const struct result *res)
{
	return res->kind == RESULT_DEFERRED &&
	       str_starts(res->status, STR("4.4."));
}

/* Lines stand for the recipients in order.  Whatever the exit code, a whole
 * line is true: the delivery knew its result when it wrote it. */
static void
take_results(struct runner *r, struct job *j, int code)
{
	struct result none = result_make(
	    RESULT_DEFERRED, "4.3.0", "the delivery program failed");
	struct str rest = buf_slice(&j->out);
	int64_t took = now_ms() - j->started_ms;
	bool network = *j->dest->name;
	bool bad = false;

	for (size_t i = 0; i < j->n; i++) {
		size_t end = str_find(rest, '\n');
		struct result res = none;

		if (bad || end == rest.n ||
		    result_scan(str_to(rest, end), &j->work->arena, &res) < 0) {
			res = none;
			bad = true;
		}
		rest = str_from(rest, end + 1);
		network = network && network_failure(&res);
		work_result(r, j->work, j->rcpts[i], &res, took);
	}
	if (bad)
		log_event("trouble", "id", j->work->m->id, "exit",
		    log_num((unsigned)code), "err",
		    "the delivery program gave no result", NULL);
	if (*j->dest->name)
		dest_report(j->dest, network);
}

static void
end_job(struct runner *r, size_t at, int code)
{
	struct job j = r->jobs[at];

	drain(&j);
	if (j.fd >= 0)
		close(j.fd);
	r->jobs[at] = r->jobs[--r->njobs];
	j.work->running--;
	j.dest->running--;
	*(*j.dest->name ? &r->remote_jobs : &r->local_jobs) -= 1;
	take_results(r, &j, code);
	buf_free(&j.out);
	work_settle(r, j.work);
}

void
jobs_reap(struct runner *r)
{
	size_t i = 0;

	while (i < r->njobs) {
		struct job *j = &r->jobs[i];
		int status = 0;
		pid_t pid = waitpid(j->pid, &status, WNOHANG);

		if (pid == 0 || (pid < 0 && errno == EINTR)) {
			if (now_ms() - j->started_ms > RUNNER_JOB_S * 1000)
				kill(j->pid, SIGKILL);
			i++;
			continue;
		}
		/* Its place is taken by the last one: look again. */
		end_job(r, i,
		    WIFEXITED(status) ? WEXITSTATUS(status)
				      : 128 + WTERMSIG(status));
	}
}

void
jobs_kill(struct runner *r, int sig)
{
	for (size_t i = 0; i < r->njobs; i++)
		kill(r->jobs[i].pid, sig);
}
