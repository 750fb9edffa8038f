/* SPDX-License-Identifier: ISC */
/* Tasks: jobs given to workers, and what they answer.
 *
 * A worker for local delivery stores messages without syncing each: what it
 * answers then is kept until a sync of its file systems has succeeded, and
 * only then marked.  Fails the sync, or dies the worker before it, the
 * recipients are simply due again: they are stored under the same name. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"

#define LOST_MOST 3 /* workers that may die with a message's tasks */

/* ------------------------------------------------------------- starting */

static void
fill_rcpts(const struct work *w, const uint32_t *rcpts, size_t n,
    struct job_rcpt to[JOB_RCPTS])
{
	for (size_t i = 0; i < n; i++) {
		const struct envelope_rcpt *rcpt = &w->entry.e.rcpts[rcpts[i]];

		to[i] = (struct job_rcpt){.addr = rcpt->addr,
		    .orcpt = rcpt->orcpt,
		    .notify = rcpt->notify,
		    .number = rcpts[i],
		    .again = w->targets[rcpts[i]].again};
	}
}

static int
send_job(struct runner *r, struct task *t, const struct dest *d)
{
	const struct work *w = t->work;
	const struct envelope *e = &w->entry.e;
	struct job_rcpt rcpts[JOB_RCPTS];
	struct job j = {.number = t->number,
	    .id = e->id,
	    .sender = e->sender,
	    .domain = d->local ? STR("") : str_z(d->name),
	    .envid = e->envid,
	    .ret = e->ret,
	    .eight_bit = e->eight_bit,
	    .utf8 = e->utf8,
	    .unsynced = d->local,
	    .rewrite = w->m->rewrite,
	    .body_at = envelope_body_at(&w->entry.header),
	    .body_len = w->entry.header.body_len,
	    .rcpts = rcpts,
	    .nrcpt = t->n};
	int fd =
	    openat(r->queue, w->entry.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int ok;

	if (fd < 0)
		return fail("open queue/", w->entry.path);
	fill_rcpts(w, t->rcpts, t->n, rcpts);
	ok = job_send(t->worker->fd, &j, fd);
	close(fd);
	return ok;
}

static void
set_running(struct runner *r, struct task *t, int by)
{
	struct dest *d = t->worker->dest;

	t->worker->running += by;
	*(d ? &r->remote_running : &r->local_running) += by;
	if (d)
		d->running += by;
	else
		for (size_t i = 0; i < t->n; i++)
			t->work->targets[t->rcpts[i]].dest->running += by;
}

static void
begin(struct runner *r, struct task *t)
{
	struct work *w = t->work;

	for (size_t i = 0; i < t->n; i++) {
		size_t k = t->rcpts[i];

		w->targets[k].outcome = OUTCOME_RUNNING;
		w->targets[k].decided = w->targets[k].network = false;
		w->pending--;
		/* Not synced: it only says that there may be traces. */
		if (w->entry.e.rcpts[k].status == ENVELOPE_NEW &&
		    entry_mark(&w->entry, k, ENVELOPE_ATTEMPTED) < 0)
			log_event("trouble", "id", w->m->id, "err", fail_last(),
			    NULL);
	}
	t->next = t->worker->tasks;
	if (t->next)
		t->next->prev = t;
	t->worker->tasks = t;
	t->started_ms = now_ms();
	w->running++;
	set_running(r, t, 1);
}

static void
not_started(struct runner *r, struct work *w, const uint32_t *rcpts, size_t n)
{
	struct result res = result_make(
	    RESULT_DEFERRED, "4.3.0", "the delivery program cannot be started");

	log_event("trouble", "id", w->m->id, "err", fail_last(), NULL);
	for (size_t i = 0; i < n; i++)
		work_result(r, w, rcpts[i], &res, -1);
}

bool
task_start(struct runner *r, struct work *w, struct dest *d,
    const uint32_t *rcpts, size_t n)
{
	struct worker *k = d->local ? workers_local(r) : workers_remote(r, d);
	struct task *t;

	if (!k) {
		not_started(r, w, rcpts, n);
		return true;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		oom();
	t->worker = k;
	t->work = w;
	t->number = ++k->number;
	t->n = n;
	memcpy(t->rcpts, rcpts, n * sizeof(*rcpts));
	if (send_job(r, t, d) < 0) {
		/* Its socket is full, or it has died: not for long. */
		bool later =
		    errno == EAGAIN || errno == EPIPE || errno == ECONNRESET;

		free(t);
		if (!later)
			not_started(r, w, rcpts, n);
		return !later;
	}
	begin(r, t);
	return true;
}

/* --------------------------------------------------------------- ending */

static void
unlink_task(struct task *t)
{
	*(t->prev ? &t->prev->next : &t->worker->tasks) = t->next;
	if (t->next)
		t->next->prev = t->prev;
}

static bool
network_failure(const struct result *res)
{
	return res->kind == RESULT_DEFERRED &&
	       str_starts(res->status, STR("4.4."));
}

/* Every fate counts now. */
static void
apply(struct runner *r, struct task *t)
{
	struct work *w = t->work;
	int64_t took = now_ms() - t->started_ms;
	struct result none = result_make(
	    RESULT_DEFERRED, "4.3.0", "the delivery program failed");

	for (size_t i = 0; i < t->n; i++) {
		struct target *target = &w->targets[t->rcpts[i]];
		struct result res = target->decided ? target->result : none;

		if (target->outcome == OUTCOME_RUNNING ||
		    target->outcome == OUTCOME_STORED)
			work_result(r, w, t->rcpts[i], &res, took);
	}
	unlink_task(t);
	free(t);
	w->running--;
	work_settle(r, w);
}

static void
report_network(struct runner *r, const struct task *t)
{
	bool network = true;

	for (size_t i = 0; i < t->n; i++)
		network = network && t->work->targets[t->rcpts[i]].network;
	dest_report(r, t->worker->dest, network);
}

/* The worker has said the last of a task. */
static void
end(struct runner *r, struct task *t, bool unsynced)
{
	struct worker *k = t->worker;
	int64_t took = now_ms() - t->started_ms;

	t->ended = true;
	set_running(r, t, -1);
	if (k->dest)
		report_network(r, t);
	else
		for (size_t i = 0; i < t->n; i++)
			dest_report_local(r, t->work->targets[t->rcpts[i]].dest,
			    took, unsynced && t->n == 1);
	if (!unsynced || k->dest) {
		apply(r, t);
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		t->work->targets[t->rcpts[i]].outcome = OUTCOME_STORED;
	if (k->ended++ == 0)
		k->ended_ms = now_ms();
}

/* What was stored is not to be relied on: all of it is due again. */
static void
again(struct runner *r, struct task *t, bool rewrite)
{
	struct work *w = t->work;

	for (size_t i = 0; i < t->n; i++) {
		struct target *target = &w->targets[t->rcpts[i]];

		if (target->outcome != OUTCOME_STORED)
			continue;
		target->outcome = OUTCOME_PENDING;
		target->again = true;
		w->pending++;
	}
	w->m->rewrite |= rewrite;
	unlink_task(t);
	free(t);
	w->running--;
	work_settle(r, w);
}

/* What the sync covered is durable, or is not. */
static void
take_sync(struct runner *r, struct worker *k, bool ok)
{
	struct task *t = k->tasks, *next;

	k->syncing = false;
	if (!ok)
		log_event("trouble", "err",
		    "syncing what was delivered has failed", NULL);
	for (; t; t = next) {
		next = t->next;
		if (!t->covered)
			continue;
		k->ended--;
		if (ok)
			apply(r, t);
		else
			again(r, t, true);
	}
	k->ended_ms = now_ms();
}

static void
take_fate(struct task *t, const struct job_answer *a)
{
	struct work *w = t->work;
	struct target *target;

	if (a->index >= t->n)
		return;
	target = &w->targets[t->rcpts[a->index]];
	target->result = a->result;
	target->result.status = arena_str(&w->arena, a->result.status);
	target->result.text = arena_str(&w->arena, a->result.text);
	target->decided = true;
	target->network = network_failure(&a->result);
}

/* Of a remote delivery each fate is marked at once: the other server has the
 * message, and what is forgotten is sent twice. */
static void
mark_now(struct runner *r, struct task *t, uint32_t index)
{
	size_t i;

	if (index >= t->n || !t->worker->dest)
		return;
	i = t->rcpts[index];
	if (t->work->targets[i].outcome == OUTCOME_RUNNING)
		work_result(r, t->work, i, &t->work->targets[i].result,
		    now_ms() - t->started_ms);
}

void
task_answer(struct runner *r, struct worker *k, const struct job_answer *a)
{
	struct task *t = k->tasks;

	k->answered_ms = now_ms();
	if (a->word == JOB_SYNCED) {
		take_sync(r, k, a->ok);
		return;
	}
	while (t && (t->number != a->number || t->ended))
		t = t->next;
	if (!t)
		return;
	if (a->word == JOB_FATE) {
		take_fate(t, a);
		mark_now(r, t, a->index);
	} else {
		end(r, t, a->unsynced);
	}
}

/* What a worker stored and did not sync is due again; when that happens again
 * and again, later. */
static void
stored_lost(struct runner *r, struct task *t)
{
	if (++t->work->m->lost <= LOST_MOST) {
		again(r, t, false);
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		t->work->targets[t->rcpts[i]].decided = false;
	apply(r, t);
}

/* Whatever became of the worker, what it said is true, but for what it has
 * stored and not synced. */
void
task_lost(struct runner *r, struct worker *k)
{
	while (k->tasks) {
		struct task *t = k->tasks;

		if (t->ended) {
			stored_lost(r, t);
		} else {
			set_running(r, t, -1);
			/* Of local mail what was said may not be durable. */
			for (size_t i = 0; !k->dest && i < t->n; i++)
				t->work->targets[t->rcpts[i]].decided = false;
			apply(r, t);
		}
	}
	k->ended = 0;
}
