/* SPDX-License-Identifier: ISC */
/* The end of a message's round: bounces for what failed in it, then the file
 * is removed, or waits for its next round.
 *
 * A bounce goes to the sender.  A message with the null sender (a bounce) that
 * fails is reported to our postmaster; and when that fails too, the message is
 * put into queue/hold for a human: never a loop, nothing lost. */
#include "runner.h"

#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "msg/header.h"
#include "queue/retry.h"
#include "users/domain.h"

#define AGAIN_MS 5000
#define TROUBLE_MS 60000

/* The failed recipients of this round from *from on. */
static size_t
collect(struct work *w, size_t *from, struct bounce_rcpt *to, size_t *index)
{
	size_t n = 0;
	size_t i;

	for (i = *from; i < w->entry.e.nrcpt && n < BOUNCE_RCPTS; i++) {
		if (w->entry.e.rcpts[i].status != ENVELOPE_FAILED)
			continue;
		to[n].addr = w->entry.e.rcpts[i].addr;
		to[n].orcpt = w->entry.e.rcpts[i].orcpt;
		to[n].action = REPORT_FAILED;
		to[n].result = w->targets[i].result;
		index[n++] = i;
	}
	*from = i;
	return n;
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

	buf_init(&text, BOUNCE_FULL);
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
send_bounce(struct runner *r, struct work *w, struct str to,
    const struct bounce_rcpt *rcpts, size_t n)
{
	char id[ID_SIZE];
	struct bounce b = {.hostname = r->hostname,
	    .now_s = now_wall_s(),
	    .to = to,
	    .e = &w->entry.e,
	    .rcpts = rcpts,
	    .nrcpt = n};
	struct buf text;
	int ok;

	id_make(id);
	b.id = str_z(id);
	buf_init(&text, BOUNCE_FULL);
	ok = bounce_read(&b, &w->entry, &text);
	if (ok == 0)
		ok = bounce_put(&b, r->root);
	buf_free(&text);
	if (ok == 0)
		log_event("bounced", "id", id, "orig", w->m->id, "to",
		    log_str(to), "n", log_num(n), NULL);
	else
		log_event("trouble", "id", w->m->id, "err", fail_last(), NULL);
	return ok;
}

/* 1 all are told, 0 nobody can be told, -1 later. */
static int
bounce(struct runner *r, struct work *w)
{
	struct bounce_rcpt *rcpts;
	size_t *index;
	size_t from = 0;
	size_t n;
	struct str to;

	rcpts = arena_array(&w->arena, BOUNCE_RCPTS, sizeof(*rcpts));
	index = arena_array(&w->arena, BOUNCE_RCPTS, sizeof(*index));
	n = collect(w, &from, rcpts, index);
	if (n == 0)
		return 1;
	to = reporting_to(r, w);
	if (to.n == 0)
		return 0;
	for (; n > 0; n = collect(w, &from, rcpts, index)) {
		if (send_bounce(r, w, to, rcpts, n) < 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			if (entry_mark(&w->entry, index[i], ENVELOPE_BOUNCED) <
			    0)
				return -1;
		w->unsynced = true;
	}
	return 1;
}

static void
hold(struct runner *r, struct work *w)
{
	struct message *m = w->m;
	int ok = entry_move(r->queue, w->entry.path, "hold");

	log_event("held", "id", m->id, "err",
	    ok == 0 ? "nobody can be told of its failure" : fail_last(), NULL);
	work_free(r, w);
	if (ok == 0)
		schedule_forget(r, m);
	else
		schedule_wait(r, m, TROUBLE_MS);
}

static void
done(struct runner *r, struct work *w)
{
	struct message *m = w->m;
	char dir = w->entry.path[4];

	if (entry_remove(r->queue, w->entry.path) < 0) {
		log_event("trouble", "id", m->id, "err", fail_last(), NULL);
		work_free(r, w);
		schedule_wait(r, m, TROUBLE_MS);
		return;
	}
	r->dirty[dir <= '9' ? dir - '0' : dir - 'a' + 10] = true;
	log_event("done", "id", m->id, "age",
	    log_num((unsigned long long)(now_wall_s() - w->entry.e.received_s)),
	    NULL);
	work_free(r, w);
	schedule_forget(r, m);
}

static int64_t
wait_ms(const struct work *w)
{
	const struct envelope *e = &w->entry.e;

	if (w->m->forced)
		return 0;
	for (size_t i = 0; i < e->nrcpt; i++)
		if (w->targets[i].outcome == OUTCOME_PENDING)
			return AGAIN_MS;
	return 1000 * retry_wait_s(now_wall_s() - e->received_s,
			  w->entry.header.body_crc);
}

/* Whether there is somebody left who may get it in a later round. */
static bool
some_wait(const struct work *w)
{
	const struct envelope *e = &w->entry.e;

	for (size_t i = 0; i < e->nrcpt; i++)
		if (e->rcpts[i].status == ENVELOPE_NEW ||
		    e->rcpts[i].status == ENVELOPE_ATTEMPTED)
			return true;
	return false;
}

void
finish_round(struct runner *r, struct work *w)
{
	struct message *m = w->m;
	int told = bounce(r, w);
	int64_t wait;

	if (told == 0 && !some_wait(w)) {
		hold(r, w);
		return;
	}
	if (entry_finished(&w->entry)) {
		done(r, w);
		return;
	}
	if (w->unsynced && entry_sync(&w->entry) < 0)
		log_event("trouble", "id", m->id, "err", fail_last(), NULL);
	wait = told < 0 ? TROUBLE_MS : wait_ms(w);
	log_event("waiting", "id", m->id, "next_s",
	    log_num((unsigned long long)wait / 1000), NULL);
	work_free(r, w);
	schedule_wait(r, m, wait);
}

void
finish_sync(struct runner *r)
{
	char path[8] = "new/0";

	for (int i = 0; i < WALK_DIRS; i++) {
		if (!r->dirty[i])
			continue;
		path[4] = "0123456789abcdef"[i];
		if (entry_sync_dir(r->queue, path) < 0)
			log_event("trouble", "err", fail_last(), NULL);
		r->dirty[i] = false;
	}
}
