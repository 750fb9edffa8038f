/* SPDX-License-Identifier: ISC */
/* The end of a message's round: reports of what became of it, as far as the
 * sender wants to know, then it is removed, or waits for its next round.
 *
 * A report goes to the sender.  When a message with the null sender (a report)
 * fails, our postmaster is told; and when that fails too, it is put into
 * queue/hold for a human: never a loop, nothing lost. */
#include "runner.h"

#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "msg/header.h"
#include "queue/report.h"
#include "queue/retry.h"
#include "users/domain.h"

#define TROUBLE_MS 60000

/* What is to be said of recipient i now. */
static enum report_kind
say_of(const struct runner *r, const struct work *w, size_t i)
{
	const struct envelope *e = &w->entry.e;
	const struct envelope_rcpt *rcpt = &e->rcpts[i];

	if (rcpt->status == ENVELOPE_FAILED)
		return REPORT_FAILED;
	if (envelope_status_unsaid(rcpt->status))
		return report_of(w->targets[i].result.kind);
	if (rcpt->status == ENVELOPE_ATTEMPTED &&
	    w->targets[i].outcome == OUTCOME_DEFERRED && r->delay_s > 0 &&
	    now_wall_s() - e->received_s >= r->delay_s &&
	    report_wanted(rcpt, REPORT_DELAYED, e->sender.n == 0))
		return REPORT_DELAYED;
	return REPORT_NONE;
}

/* What a recipient is when this was said, or need not be. */
static char
said(enum report_kind what)
{
	return what == REPORT_FAILED    ? ENVELOPE_BOUNCED
	       : what == REPORT_DELAYED ? ENVELOPE_WARNED
	                                : ENVELOPE_DONE;
}

struct batch {
	struct bounce_rcpt *rcpts;
	size_t *index;
	size_t n, most;
	size_t from; /* where the next one begins */
};

/* Room for all that is to be said, or for a part of it. */
static void
make_batch(const struct runner *r, struct work *w, struct batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < w->entry.e.nrcpt; i++)
		n += say_of(r, w, i) != REPORT_NONE;
	b->most = n < BOUNCE_RCPTS ? n : BOUNCE_RCPTS;
	b->rcpts = arena_array(&w->arena, b->most, sizeof(*b->rcpts));
	b->index = arena_array(&w->arena, b->most, sizeof(*b->index));
}

static void
collect(const struct runner *r, const struct work *w, struct batch *b)
{
	size_t i;

	b->n = 0;
	for (i = b->from; i < w->entry.e.nrcpt && b->n < b->most; i++) {
		const struct envelope_rcpt *rcpt = &w->entry.e.rcpts[i];
		enum report_kind what = say_of(r, w, i);

		if (what == REPORT_NONE)
			continue;
		b->rcpts[b->n] = (struct bounce_rcpt){.addr = rcpt->addr,
		    .orcpt = rcpt->orcpt,
		    .action = what,
		    .result = w->targets[i].result,
		    .tried_s = now_wall_s()};
		b->index[b->n++] = i;
	}
	b->from = i;
}

static int
mark_said(struct runner *r, struct work *w, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (entry_mark(
			&w->entry, b->index[i], said(b->rcpts[i].action)) < 0)
			return -1;
	leave_dirty(r);
	return 0;
}

/* postmaster at the first of our domains; empty when there is none. */
static struct str
postmaster(struct runner *r, struct arena *a)
{
	struct str *names;
	struct buf b;
	struct str s;
	size_t n;

	if (domain_list(r->root, a, &names, &n) < 0 || n == 0)
		return (struct str){"", 0};
	buf_init(&b, 1000);
	buf_z(&b, "postmaster@");
	buf_str(&b, names[0]);
	s = arena_str(a, buf_slice(&b));
	buf_free(&b);
	return s;
}

/* Whether the message came to this address before: an alias of it forwards,
 * and to tell it again would bring the same failure again. */
static bool
came_through(struct work *w, struct str addr)
{
	struct bounce b = {.e = &w->entry.e};
	struct header h;
	struct header_field f;
	struct buf text;
	bool found;

	buf_init(&text, BOUNCE_HEADERS + 2);
	found = bounce_read(&b, &w->entry, &text) < 0;
	h = header_make(b.original);
	while (!found && header_next_named(&h, STR("Delivered-To"), &f))
		found = str_ieq(str_trim(f.value), addr);
	buf_free(&text);
	return found;
}

/* Whom to tell; empty for nobody. */
static struct str
reporting_to(struct runner *r, struct work *w)
{
	const struct envelope *e = &w->entry.e;
	struct str to;

	if (e->sender.n > 0)
		return e->sender;
	to = postmaster(r, &w->arena);
	for (size_t i = 0; i < e->nrcpt; i++)
		if (str_ieq(e->rcpts[i].addr, to))
			return (struct str){"", 0};
	return came_through(w, to) ? (struct str){"", 0} : to;
}

static int
send_report(
    struct runner *r, struct work *w, struct str to, const struct batch *b)
{
	char id[ID_SIZE];
	struct bounce report = {.hostname = r->hostname,
	    .now_s = now_wall_s(),
	    .to = to,
	    .e = &w->entry.e,
	    .rcpts = b->rcpts,
	    .nrcpt = b->n,
	    .until_s = w->entry.e.received_s + r->lifetime_s};
	struct buf text;
	int ok;

	id_make(id);
	report.id = str_z(id);
	buf_init(&text, BOUNCE_FULL);
	ok = bounce_read(&report, &w->entry, &text);
	if (ok == 0)
		ok = bounce_put(&report, r->root);
	buf_free(&text);
	if (ok == 0)
		log_event("bounced", "id", id, "orig", w->m->id, "to",
		    log_str(to), "n", log_num(b->n), "what",
		    report_action(b->rcpts[0].action), NULL);
	else
		log_event("trouble", "id", w->m->id, "err", fail_last(), NULL);
	return ok;
}

/* A failure nobody wants to hear of is done with. */
static int
drop_unwanted(struct runner *r, struct work *w)
{
	const struct envelope *e = &w->entry.e;

	for (size_t i = 0; i < e->nrcpt; i++) {
		if (e->rcpts[i].status != ENVELOPE_FAILED || e->sender.n == 0 ||
		    report_wanted(&e->rcpts[i], REPORT_FAILED, false))
			continue;
		log_event("unreported", "id", w->m->id, "to",
		    log_str(e->rcpts[i].addr), NULL);
		if (entry_mark(&w->entry, i, ENVELOPE_BOUNCED) < 0)
			return -1;
		leave_dirty(r);
	}
	return 0;
}

/* 1 all are told, 0 nobody can be told, -1 later. */
static int
report(struct runner *r, struct work *w)
{
	struct batch b = {0};
	struct str to;

	if (drop_unwanted(r, w) < 0)
		return -1;
	make_batch(r, w, &b);
	collect(r, w, &b);
	if (b.n == 0)
		return 1;
	to = reporting_to(r, w);
	if (to.n == 0)
		return 0;
	for (; b.n > 0; collect(r, w, &b))
		if (send_report(r, w, to, &b) < 0 || mark_said(r, w, &b) < 0)
			return -1;
	return 1;
}

static void
hold(struct runner *r, struct work *w)
{
	struct message *m = w->m;

	work_free(r, w);
	m->wish = WISH_HOLD;
	log_event("held", "id", m->id, "err",
	    "nobody can be told of its failure", NULL);
	if (!order_carry_out(r, m))
		schedule_wait(r, m, TROUBLE_MS);
}

static int64_t
wait_ms(const struct work *w)
{
	const struct envelope *e = &w->entry.e;

	if (w->m->forced)
		return 0;
	return 1000 * retry_wait_s(now_wall_s() - e->received_s,
			  w->entry.header.body_crc);
}

/* Whether there is somebody left who may get it in a later round. */
static bool
some_wait(const struct work *w)
{
	const struct envelope *e = &w->entry.e;

	for (size_t i = 0; i < e->nrcpt; i++)
		if (envelope_status_open(e->rcpts[i].status))
			return true;
	return false;
}

void
finish_round(struct runner *r, struct work *w)
{
	struct message *m = w->m;
	int told = report(r, w);
	int64_t wait;

	/* Whom it may have come to is marked A at least. */
	m->again = w->pending > 0 && m->again;
	m->rewrite = false;
	m->lost = 0;
	if (told == 0 && !some_wait(w)) {
		hold(r, w);
		return;
	}
	if (entry_finished(&w->entry)) {
		leave_done(r, w);
		return;
	}
	wait = told < 0 ? TROUBLE_MS : wait_ms(w);
	/* Slots are for what comes in. */
	if (leave_slot(r, w) < 0)
		log_event("trouble", "id", m->id, "err", fail_last(), NULL);
	log_event("waiting", "id", m->id, "next_s",
	    log_num((unsigned long long)wait / 1000), NULL);
	work_free(r, w);
	schedule_wait(r, m, wait);
}
