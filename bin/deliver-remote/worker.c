/* SPDX-License-Identifier: ISC */
/* Jobs of the queue runner, one after the other. */
#include "worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "serve/sandbox.h"

static struct rcpt rcpts[JOB_RCPTS];

/* The job as a delivery; its strings lie in the arena. */
static void
take(struct delivery *d, const struct job *j, int file)
{
	d->id = j->id.p;
	d->number = j->number;
	d->sender = j->sender;
	d->domain = j->domain;
	d->envid = j->envid;
	d->ret = j->ret;
	d->utf8_mail = j->utf8;
	d->fd = file;
	d->start = (off_t)j->body_at;
	d->size = j->body_len;
	d->rcpts = rcpts;
	d->n = j->nrcpt;
	memset(rcpts, 0, sizeof(rcpts));
	for (size_t i = 0; i < j->nrcpt; i++)
		rcpts[i] = (struct rcpt){.address = j->rcpts[i].addr,
		    .orcpt = j->rcpts[i].orcpt,
		    .notify = j->rcpts[i].notify};
}

/* Start afresh, but for what all deliveries share. */
static void
clear(struct delivery *d, const struct delivery *template)
{
	struct arena arena = d->arena;

	*d = *template;
	d->arena = arena;
	arena_reset(&d->arena);
	d->worker = 0;
}

static int
run(struct client *c, struct delivery *d, const struct job *j, int file)
{
	char id[64];

	str_copy(id, sizeof(id), j->id);
	log_context("id", id);
	take(d, j, file);
	d->id = id;
	if (resolver_open(d->resolver, settings_text("DNS_SERVER"),
		settings_num("DNS_TIMEOUT")) < 0 ||
	    delivery_check(d) < 0)
		delivery_decide_all(d, 'Z', "4.3.0", fail_last());
	ask(c, d);
	close(file);
	log_context("id", NULL);
	return job_say_done(0, j->number, false);
}

int
worker(struct client *c, struct delivery *template)
{
	static struct delivery d;
	int64_t idle = settings_num("REMOTE_IDLE");
	struct job j;
	int file, r;

	arena_init(&d.arena, (size_t)4 << 20);
	for (;;) {
		clear(&d, template);
		r = job_recv(0, &d.arena,
		    c->open ? now_plus_s(idle) : NOW_NEVER, &j, &file);
		if (r < 0 && errno == ETIMEDOUT && c->open) {
			client_close(c);
			continue;
		}
		if (r == JOB_SYNC)
			r = job_say_synced(0, true); /* nothing is stored */
		else if (r == JOB_JOB)
			r = run(c, &d, &j, file);
		else
			break;
		if (r < 0)
			break;
		if (sandbox_stale()) {
			r = JOB_END;
			break;
		}
	}
	client_close(c);
	if (r == JOB_END)
		return 0;
	log_event("worker", "err", fail_last(), NULL);
	return EXIT_TEMP;
}
