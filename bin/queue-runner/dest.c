/* SPDX-License-Identifier: ISC */
/* Destinations: how many deliveries run to each, messages that wait for room
 * at one, and a pause when the network fails, so that neither a slow host nor
 * a dead one holds up the mail for others.
 *
 * The window of a domain, how many deliveries may run to it at once, starts
 * small, grows by one with each success up to DOMAIN_JOBS, and is halved by
 * each failure of the network.  When three have failed in a row, or one while
 * no other runs, the domain is taken for dead: nothing is started for half a
 * minute, then one delivery finds out; each further failure doubles the pause.
 *
 * Deliveries to one of our own addresses are quick, but for those that run a
 * program: their window is what a few slow ones can do no harm with.  It grows
 * with each message that went straight into a Maildir, so that those of a burst
 * need not be parked and read again, but leaves a quarter of LOCAL_JOBS.
 *
 * Messages for one domain wait in lanes chosen by their sender, which are
 * served in turn: one sender's mailing does not hold up another's letter. */
#include "runner.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/crc32c.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"

#define FIRST_WINDOW 3
#define LOCAL_WINDOW 16      /* deliveries to one of our addresses at once */
#define LOCAL_WINDOW_MOST 64 /* while they are no programs */
#define LOCAL_SLOW_MS 1000
#define LOCAL_SLOW_WINDOW 2 /* when they take longer than that */
#define PAUSE_MS 30000
#define PAUSE_DOUBLINGS 6 /* at most 32 minutes */
#define KEEP_MS 3600000   /* then failures are forgotten */
#define TABLE_FIRST 256
#define DEAD_BATCH 50 /* messages put off in one turn of the runner */

/* ---------------------------------------------------------------- table */

static size_t
hash_of(const struct runner *r, struct str name)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < name.n; i++) {
		char c = ascii_lower(name.p[i]);

		crc = crc32c(crc, &c, 1);
	}
	return crc & (r->ndest_table - 1);
}

static void
insert(struct runner *r, struct dest *d)
{
	struct dest **head = &r->dests[hash_of(r, str_z(d->name))];

	d->same_hash = *head;
	*head = d;
}

static bool
forgettable(const struct dest *d)
{
	return d->refs == 0 && d->running == 0 && d->parked == 0 &&
	       (d->failures == 0 || d->until_ms + KEEP_MS <= now_ms());
}

static void
forget(struct dest *d)
{
	free(d->lanes);
	free(d);
}

/* Make the table anew, larger when that helps, without what need not be
 * remembered. */
static void
rehash(struct runner *r)
{
	struct dest **old = r->dests;
	size_t n = r->ndest_table;
	struct dest *all = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct dest *d = old[i];

		while (d) {
			struct dest *next = d->same_hash;

			if (forgettable(d)) {
				forget(d);
			} else {
				d->same_hash = all;
				all = d;
				kept++;
			}
			d = next;
		}
	}
	free(old);
	r->ndests = kept;
	r->ndest_table = n ? n : TABLE_FIRST;
	while (kept * 2 > r->ndest_table)
		r->ndest_table *= 2;
	r->dests = calloc(r->ndest_table, sizeof(struct dest *));
	if (!r->dests)
		oom();
	while (all) {
		struct dest *next = all->same_hash;

		insert(r, all);
		all = next;
	}
}

struct dest *
dest_find(struct runner *r, struct str name, bool local)
{
	struct dest *d;

	if (r->ndests >= r->ndest_table)
		rehash(r);
	d = r->dests[hash_of(r, name)];
	while (d && (d->local != local || !str_ieq(str_z(d->name), name)))
		d = d->same_hash;
	if (!d) {
		d = calloc(1, sizeof(*d) + name.n + 1);
		if (!d)
			oom();
		memcpy(d->name, name.p, name.n);
		d->local = local;
		d->window = local ? LOCAL_WINDOW : FIRST_WINDOW;
		if (d->window > r->max_domain && !local)
			d->window = r->max_domain;
		insert(r, d);
		r->ndests++;
	}
	d->refs++;
	return d;
}

/* Kept until the table is full: most come back soon. */
void
dest_release(struct dest *d)
{
	d->refs--;
}

/* ----------------------------------------------------------------- room */

bool
dest_has_room(const struct runner *r, const struct dest *d)
{
	if (d->running >= d->window)
		return false;
	return d->local ? r->local_running < r->max_local
	                : r->remote_running < r->max_remote;
}

void
dest_report(struct runner *r, struct dest *d, bool network_failed)
{
	if (!network_failed) {
		d->failures = 0;
		d->until_ms = 0;
		if (d->window < r->max_domain)
			d->window++;
		return;
	}
	d->failures++;
	d->window = d->window > 1 ? d->window / 2 : 1;
	if (d->failures >= FIRST_WINDOW || d->running == 0) {
		int doublings = d->failures - 1;

		if (doublings > PAUSE_DOUBLINGS)
			doublings = PAUSE_DOUBLINGS;
		d->until_ms = now_ms() + ((int64_t)PAUSE_MS << doublings);
		d->window = 1;
		log_event("dead", "domain", d->name, "pause_s",
		    log_num((unsigned long long)PAUSE_MS / 1000 << doublings),
		    NULL);
	}
}

/* A quarter of LOCAL_JOBS is for others, unless there are few of them. */
static int
widest(const struct runner *r)
{
	int most = r->max_local - r->max_local / 4;

	return most > LOCAL_WINDOW_MOST ? LOCAL_WINDOW_MOST
	       : most < LOCAL_WINDOW    ? LOCAL_WINDOW
	                                : most;
}

void
dest_report_local(
    const struct runner *r, struct dest *d, int64_t took_ms, bool stored)
{
	if (took_ms > LOCAL_SLOW_MS)
		d->window = LOCAL_SLOW_WINDOW;
	else if (d->window < (stored ? widest(r) : LOCAL_WINDOW))
		d->window++;
	else if (!stored)
		d->window = LOCAL_WINDOW;
}

/* -------------------------------------------------------------- parking */

static void
ring_add(struct runner *r, struct dest *d)
{
	r->ncrowded++;
	if (!r->crowded) {
		r->crowded = d->next = d->prev = d;
		return;
	}
	d->next = r->crowded;
	d->prev = r->crowded->prev;
	d->prev->next = d->next->prev = d;
}

static void
ring_take(struct runner *r, struct dest *d)
{
	r->ncrowded--;
	if (r->crowded == d)
		r->crowded = d->next == d ? NULL : d->next;
	d->prev->next = d->next;
	d->next->prev = d->prev;
}

void
dest_park(struct runner *r, struct dest *d, struct work *w)
{
	struct message *m = w->m;
	struct str sender = w->entry.e.sender;
	struct lane *l;

	if (!d->lanes) {
		d->lanes = calloc(RUNNER_LANES, sizeof(*d->lanes));
		if (!d->lanes)
			oom();
		for (size_t i = 0; i < RUNNER_LANES; i++)
			d->lanes[i].dest = d;
	}
	l = &d->lanes[crc32c(0, sender.p, sender.n) % RUNNER_LANES];
	if (d->parked++ == 0)
		ring_add(r, d);
	work_free(r, w);
	m->place = PLACE_PARKED;
	m->lane = l;
	lane_add(l, m);
}

void
dest_unpark_one(struct runner *r, struct message *m)
{
	struct dest *d = m->lane->dest;

	lane_take(m->lane, m);
	if (--d->parked > 0)
		return;
	ring_take(r, d);
	free(d->lanes);
	d->lanes = NULL;
}

static struct message *
first_of(struct dest *d)
{
	for (unsigned i = 0; i < RUNNER_LANES; i++) {
		struct lane *l = &d->lanes[d->turn++ % RUNNER_LANES];

		if (l->head)
			return l->head;
	}
	return NULL;
}

/* Room for one more message taken from the lanes in this turn of the runner:
 * those taken before it have not started anything yet. */
static bool
may_come(struct runner *r, struct dest *d)
{
	int came;

	if (d->turn_no != r->turn_no) {
		d->turn_no = r->turn_no;
		d->came = 0;
	}
	came = d->came++;
	/* A dead one's messages go on too: they are put off. */
	if (d->until_ms > now_ms()) {
		r->hurry |= came >= DEAD_BATCH;
		return came < DEAD_BATCH;
	}
	return d->running + came < d->window && dest_has_room(r, d) &&
	       r->came++ < r->max_remote + r->max_local;
}

struct message *
dest_unpark(struct runner *r)
{
	struct dest *d = r->crowded;

	for (size_t n = r->ncrowded; n > 0; n--) {
		r->crowded = d->next;
		if (may_come(r, d)) {
			struct message *m = first_of(d);

			dest_unpark_one(r, m);
			return m;
		}
		d = d->next;
	}
	return NULL;
}
