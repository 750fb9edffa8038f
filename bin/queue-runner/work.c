/* SPDX-License-Identifier: ISC */
/* Active messages.  They stand in a ring; each pass goes around it and starts
 * at most one delivery of each message, which then goes to the end; those that
 * come in stand at the front every other time.  So a message with thousands of
 * recipients does not hold up the others, nor they it. */
#include "runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "queue/full.h"
#include "queue/report.h"
#include "queue/retry.h"
#include "users/domain.h"

#define YIELD_MS 5000     /* a message that nothing can be started of */
#define YIELD_EVERY_MS 50 /* at most one is put aside in this time */
#define TROUBLE_MS 60000  /* the file cannot be read */
#define ARENA_MAX (4 * ENTRY_ARENA)
#define LOOK_MOST 500 /* targets looked at for one that can be started */

/* ------------------------------------------------------------ beginning */

static void
ring_insert(struct runner *r, struct work *w)
{
	if (!r->ring) {
		r->ring = w->next = w->prev = w;
		return;
	}
	w->next = r->ring;
	w->prev = r->ring->prev;
	w->prev->next = w;
	w->next->prev = w;
}

static void
ring_remove(struct runner *r, struct work *w)
{
	w->next->prev = w->prev;
	w->prev->next = w->next;
	if (r->ring == w)
		r->ring = w->next == w ? NULL : w->next;
}

static void
ring_add(struct runner *r, struct work *w)
{
	ring_insert(r, w);
	if (r->turn_no % 2)
		r->ring = w;
	r->nactive++;
	w->m->place = PLACE_ACTIVE;
	w->m->work = w;
}

void
work_free(struct runner *r, struct work *w)
{
	if (w->next) {
		ring_remove(r, w);
		r->nactive--;
	}
	for (size_t i = 0; w->targets && i < w->entry.e.nrcpt; i++)
		if (w->targets[i].dest)
			dest_release(w->targets[i].dest);
	w->m->work = NULL;
	entry_close(&w->entry);
	arena_free(&w->arena);
	free(w);
}

/* Milliseconds until its next attempt, from the file's own times: used when
 * the runner sees a message for the first time. */
static int64_t
left_ms(const struct work *w)
{
	const struct envelope *e = &w->entry.e;

	if (w->m->seen || w->m->forced)
		return 0;
	for (size_t i = 0; i < e->nrcpt; i++)
		if (e->rcpts[i].status != ENVELOPE_ATTEMPTED &&
		    e->rcpts[i].status != ENVELOPE_WARNED &&
		    !envelope_status_final(e->rcpts[i].status))
			return 0;
	if (entry_finished(&w->entry))
		return 0;
	return 1000 * retry_left_s(e->received_s, w->entry.touched_s,
			  now_wall_s(), w->entry.header.body_crc);
}

/* What the octet of a recipient says is known though the runner died: the words
 * are lost. */
static struct result
known_before(char status)
{
	switch (status) {
	case ENVELOPE_FAILED:
		return result_make(RESULT_FAILED, "5.0.0", "delivery failed");
	case ENVELOPE_RELAYED:
		return result_make(RESULT_RELAYED, "2.0.0", "relayed");
	case ENVELOPE_EXPANDED:
		return result_make(RESULT_EXPANDED, "2.0.0", "passed on");
	default:
		return result_make(RESULT_DONE, "2.0.0", "delivered");
	}
}

static void
set_targets(struct work *w)
{
	const struct envelope *e = &w->entry.e;

	w->targets = arena_array(&w->arena, e->nrcpt, sizeof(*w->targets));
	for (size_t i = 0; i < e->nrcpt; i++) {
		struct target *t = &w->targets[i];
		char c = e->rcpts[i].status;

		t->outcome =
		    envelope_status_open(c) ? OUTCOME_PENDING : OUTCOME_FINAL;
		w->pending += t->outcome == OUTCOME_PENDING;
		t->again = c != ENVELOPE_NEW || w->m->again;
		if (t->outcome == OUTCOME_FINAL)
			t->result = known_before(c);
	}
}

/* A slot may have been given to another message meanwhile. */
static bool
is_it(const struct work *w)
{
	return str_eq(w->entry.e.id, str_z(w->m->id));
}

/* 1 go on, 0 it does not exist (any more), -1 look again later. */
static int
load(struct runner *r, struct work *w)
{
	struct message *m = w->m;
	char path[WALK_PATH];
	int ok;

	message_path(path, m);
	ok = entry_open(&w->entry, r->queue, path, &w->arena);
	if ((ok < 0 && errno == ENOENT) || (ok == 1 && !is_it(w)))
		return 0;
	if (ok == 1 && left_ms(w) > 0)
		return 1;
	if (ok == 1 && !m->verified)
		ok = entry_check(&w->entry);
	/* What cannot be set aside is not found again before a restart. */
	if (ok == 0 && !clean_bad(r, m))
		m->slot = -1;
	if (ok < 0)
		log_event("trouble", "id", m->id, "err", fail_last(), NULL);
	if (ok == 1)
		m->verified = true;
	return ok;
}

static void
gone(struct runner *r, struct message *m)
{
	if (m->slot >= 0)
		r->taken[m->slot] = 0;
	schedule_forget(r, m);
}

void
work_begin(struct runner *r, struct message *m)
{
	struct work *w;
	int64_t left;
	int ok;

	if (m->wish != WISH_NONE && order_carry_out(r, m))
		return;
	w = calloc(1, sizeof(*w));
	if (!w)
		oom();
	w->m = m;
	m->place = PLACE_ACTIVE;
	w->entry.fd = -1;
	arena_init(&w->arena, ARENA_MAX);
	ok = load(r, w);
	left = ok == 1 ? left_ms(w) : ok < 0 ? TROUBLE_MS : 0;
	m->forced = false;
	if (ok == 1)
		m->seen = true;
	if (ok == 1 && left == 0) {
		set_targets(w);
		ring_add(r, w);
		return;
	}
	if (ok == 1)
		m->again = false; /* all were tried: their marks say so */
	work_free(r, w);
	if (ok == 0)
		gone(r, m);
	else
		schedule_wait(r, m, left);
}

/* -------------------------------------------------------------- results */

static void
mark(struct runner *r, struct work *w, size_t i, char status)
{
	if (entry_mark(&w->entry, i, status) < 0)
		log_event("trouble", "id", w->m->id, "err", fail_last(), NULL);
	if (!envelope_status_open(status))
		leave_dirty(r);
}

static bool
expired(const struct runner *r, const struct work *w)
{
	return now_wall_s() - w->entry.e.received_s > r->lifetime_s;
}

static void
log_result(
    const struct work *w, size_t i, const struct result *res, int64_t took_ms)
{
	bool good = result_is_success(res->kind);
	char took[32] = "";

	if (took_ms >= 0)
		snprintf(took, sizeof(took), "%lld", (long long)took_ms);
	log_event(good                         ? "delivered"
		  : res->kind == RESULT_FAILED ? "failed"
					       : "deferred",
	    "id", w->m->id, "to", log_str(w->entry.e.rcpts[i].addr), "status",
	    log_str(res->status), good ? "rsp" : "err", log_str(res->text),
	    "ms", *took ? took : NULL, NULL);
}

/* The octet that stands for a result. */
static char
status_of(const struct work *w, size_t i, const struct result *res)
{
	const struct envelope_rcpt *rcpt = &w->entry.e.rcpts[i];

	if (res->kind == RESULT_FAILED)
		return ENVELOPE_FAILED;
	if (res->kind == RESULT_DEFERRED)
		return rcpt->status == ENVELOPE_WARNED ? ENVELOPE_WARNED
		                                       : ENVELOPE_ATTEMPTED;
	if (!report_wanted(
		rcpt, report_of(res->kind), w->entry.e.sender.n == 0))
		return ENVELOPE_DONE;
	return res->kind == RESULT_RELAYED    ? ENVELOPE_RELAYED
	       : res->kind == RESULT_EXPANDED ? ENVELOPE_EXPANDED
	                                      : ENVELOPE_SUCCESS;
}

void
work_result(struct runner *r, struct work *w, size_t i,
    const struct result *result, int64_t took_ms)
{
	struct target *t = &w->targets[i];

	if (t->outcome == OUTCOME_PENDING)
		w->pending--;
	t->result = *result;
	/* Only a real attempt ends a message's life. */
	if (t->result.kind == RESULT_DEFERRED && took_ms >= 0 &&
	    expired(r, w)) {
		t->result.kind = RESULT_FAILED;
		t->result.status = STR("5.4.7");
	}
	log_result(w, i, &t->result, took_ms);
	/* RFC 3463 3.3: a full mailbox. */
	if (t->dest && t->dest->local && took_ms >= 0 &&
	    str_ends(result->status, STR(".2.2")))
		full_note(r->queue, w->entry.e.rcpts[i].addr,
		    w->entry.header.body_len);
	t->outcome = t->result.kind == RESULT_DEFERRED ? OUTCOME_DEFERRED
	                                               : OUTCOME_FINAL;
	mark(r, w, i, status_of(w, i, &t->result));
	w->part |= !envelope_status_final(w->entry.e.rcpts[i].status);
}

/* -------------------------------------------------------------- passing */

static void
defer(struct runner *r, struct work *w, size_t i, const char *status,
    const char *text)
{
	struct result res = result_make(RESULT_DEFERRED, status, text);

	work_result(r, w, i, &res, -1);
}

static struct str
domain_of(struct str addr)
{
	return str_from(addr, str_rfind(addr, '@') + 1);
}

/* Its host was just tried for others, in vain; that ends a message's life, too,
 * when the message itself was tried before. */
static void
put_off(struct runner *r, struct work *w, size_t i)
{
	bool tried = w->entry.e.rcpts[i].status != ENVELOPE_NEW;
	struct result res = result_make(RESULT_DEFERRED, "4.4.1",
	    "not tried: the destination failed just before");

	work_result(r, w, i, &res, tried ? 0 : -1);
}

/* As domain_is_local(), which is asked once in a turn while one domain is all
 * that there is mail for. */
static int
is_local(struct runner *r, struct str domain)
{
	if (r->asked_turn == r->turn_no && str_eq(domain, str_z(r->asked)))
		return r->asked_local;
	r->asked_local = domain_is_local(r->root, domain);
	r->asked_turn = r->turn_no;
	if (r->asked_local < 0 ||
	    str_copy(r->asked, sizeof(r->asked), domain) < 0)
		r->asked[0] = '\0';
	return r->asked_local;
}

/* Where target i goes; NULL when that is not to be known now. */
static struct dest *
dest_of(struct runner *r, struct work *w, size_t i)
{
	struct target *t = &w->targets[i];
	struct str addr = w->entry.e.rcpts[i].addr;
	struct str domain = domain_of(addr);
	int local;

	if (t->dest)
		return t->dest;
	local = domain.n == 0 ? 1 : is_local(r, domain);
	if (local < 0) {
		log_event("trouble", "id", w->m->id, "err", fail_last(), NULL);
		defer(r, w, i, "4.3.0", "cannot read the list of our domains");
		return NULL;
	}
	t->dest = dest_find(r, local ? addr : domain, local);
	return t->dest;
}

/* Whether target i may go into the same delivery as those of d: one of our
 * own addresses beside others, or one of the same domain. */
static bool
fits(struct runner *r, struct work *w, const struct dest *d, size_t i)
{
	struct dest *other;

	if (w->targets[i].outcome != OUTCOME_PENDING)
		return false;
	other = dest_of(r, w, i);
	if (!other)
		return false;
	return d->local ? other->local && other->running < other->window
	                : other == d;
}

/* Start the delivery of target i together with others that fit.  Returns false
 * when the worker can take no more now. */
static bool
start_group(struct runner *r, struct work *w, struct dest *d, size_t i)
{
	uint32_t group[JOB_RCPTS];
	size_t n = 0;
	size_t end = w->entry.e.nrcpt;

	group[n++] = (uint32_t)i;
	if (end - i > (size_t)2 * LOOK_MOST)
		end = i + (size_t)2 * LOOK_MOST;
	for (i++; i < end && n < JOB_RCPTS; i++)
		if (fits(r, w, d, i))
			group[n++] = (uint32_t)i;
	return task_start(r, w, d, group, n);
}

/* Returns 1 something was started or deferred, 0 nothing can be now, -1
 * nothing is left to start.  *only: the one destination everything pending
 * goes to, if it is one and no more were looked at. */
static int
try_one(struct runner *r, struct work *w, struct dest **only)
{
	size_t n = w->entry.e.nrcpt;
	size_t looks = n < LOOK_MOST ? n : LOOK_MOST;
	struct dest *first = NULL;
	bool several = false;

	*only = NULL;
	if (w->pending == 0)
		return -1;
	for (size_t k = 0; k < looks; k++, w->cursor = (w->cursor + 1) % n) {
		size_t i = w->cursor;
		struct dest *d;

		if (w->targets[i].outcome != OUTCOME_PENDING)
			continue;
		d = dest_of(r, w, i);
		if (d && d->until_ms > now_ms()) {
			put_off(r, w, i);
			d = NULL;
		}
		if (!d)
			return 1;
		if (dest_has_room(r, d) && start_group(r, w, d, i))
			return 1;
		several |= first && first != d;
		first = d;
	}
	*only = several ? NULL : first;
	return 0;
}

/* When the ring is full and nothing of a message can be started, let another
 * one have its place, which may go elsewhere.  Not with --once, which would
 * not wait for it. */
static bool
may_yield(struct runner *r, const struct work *w)
{
	if (r->once || w->running > 0 || r->nactive < r->max_active ||
	    schedule_due(r) > now_ms() || now_ms() < r->next_yield_ms)
		return false;
	r->next_yield_ms = now_ms() + YIELD_EVERY_MS;
	return true;
}

/* What was tried in vain must not be tried again at once with the others: then
 * these wait, too. */
static void
yield(struct runner *r, struct work *w)
{
	struct message *m = w->m;

	if (w->part) {
		finish_round(r, w);
		return;
	}
	work_free(r, w);
	schedule_wait(r, m, YIELD_MS);
}

void
work_settle(struct runner *r, struct work *w)
{
	bool over =
	    w->running == 0 &&
	    (w->pending == 0 || (r->stopping && entry_finished(&w->entry)));

	if (over)
		finish_round(r, w);
}

/* An administrator wants it out of here; deliveries that run end first. */
static void
obey(struct runner *r, struct work *w)
{
	struct message *m = w->m;

	if (w->running > 0)
		return;
	work_free(r, w);
	if (!order_carry_out(r, m))
		schedule_wait(r, m, TROUBLE_MS);
}

/* Returns whether anything was started; if not, w may be gone. */
static bool
turn(struct runner *r, struct work *w)
{
	struct dest *only;
	int tried;

	if (w->m->wish != WISH_NONE) {
		obey(r, w);
		return false;
	}
	tried = try_one(r, w, &only);
	if (tried < 0 && w->running == 0) {
		finish_round(r, w);
	} else if (tried == 0 && w->running == 0 && only && !w->part &&
		   w->pending <= LOOK_MOST) {
		dest_park(r, only, w);
	} else if (tried == 0 && may_yield(r, w)) {
		yield(r, w);
	}
	return tried > 0;
}

void
work_pass(struct runner *r)
{
	bool started = true;

	while (started && !r->stopping && r->ring) {
		struct work *w = r->ring;

		started = false;
		for (size_t n = r->nactive; n > 0; n--) {
			struct work *next = w->next;

			if (turn(r, w)) {
				started = true;
				ring_remove(r, w);
				ring_insert(r, w);
			}
			w = next;
		}
	}
}
