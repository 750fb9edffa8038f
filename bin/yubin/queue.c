/* SPDX-License-Identifier: ISC */
/* yubin queue: looking at the queue and changing it. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "io/file.h"
#include "queue_tool.h"

#define JSON_MAX ((size_t)1 << 30)

static int
hold(struct queue_tool *q)
{
	return queue_change(q, QUEUE_HELD);
}

static int
release(struct queue_tool *q)
{
	return queue_change(q, QUEUE_FREE);
}

static int
retry(struct queue_tool *q)
{
	return queue_change(q, QUEUE_TRIED);
}

static int
drop(struct queue_tool *q)
{
	return queue_change(q, QUEUE_GONE);
}

static const struct verb {
	const char *name;
	int (*run)(struct queue_tool *q);
	bool takes_ids, takes_filter;
} verbs[] = {
    {"list", queue_list, false, true},
    {"show", queue_show, true, false},
    {"stats", queue_stats, false, true},
    {"hold", hold, true, true},
    {"release", release, true, true},
    {"retry", retry, true, true},
    {"drop", drop, true, true},
};

static int
usage(void)
{
	return refuse("usage: yubin queue list|stats [--json] [FILTER] | "
		      "show [-br] [--json] ID … | "
		      "hold|release|retry|drop ID … | FILTER\n"
		      "FILTER: --from ADDRESS, --to ADDRESS, --domain DOMAIN, "
		      "--held, --all");
}

/* An option with a value; returns where it goes, or NULL. */
static const char **
value_of(struct queue_filter *f, const char *option)
{
	if (strcmp(option, "--from") == 0)
		return &f->from;
	if (strcmp(option, "--to") == 0)
		return &f->to;
	return strcmp(option, "--domain") == 0 ? &f->domain : NULL;
}

static bool *
flag_of(struct queue_tool *q, const char *option)
{
	if (strcmp(option, "--json") == 0 || strcmp(option, "-j") == 0)
		return &q->json;
	if (strcmp(option, "--held") == 0)
		return &q->filter.held;
	if (strcmp(option, "--all") == 0)
		return &q->filter.all;
	if (strcmp(option, "-b") == 0)
		return &q->body;
	return strcmp(option, "-r") == 0 ? &q->raw : NULL;
}

/* Take the options out of argv; the ids stay, ended by NULL. */
static bool
take_options(struct queue_tool *q, char **argv)
{
	size_t n = 0;

	q->ids = argv;
	for (char **a = argv; *a; a++) {
		const char **value = value_of(&q->filter, *a);
		bool *flag = flag_of(q, *a);

		if (flag)
			*flag = true;
		else if (value && a[1])
			*value = *++a;
		else if (value || **a == '-')
			return false;
		else
			argv[n++] = *a;
	}
	argv[n] = NULL;
	return true;
}

static int
check_ids(const struct queue_tool *q)
{
	for (char **id = q->ids; *id; id++)
		if (!id_valid(str_z(*id)))
			return refuse("%s is not an id", *id);
	return 0;
}

static int
run(struct queue_tool *q, const struct verb *v)
{
	char path[PATH_MAX];
	int r = check_ids(q);

	if (r != 0)
		return r;
	/* Unlike other programs this one makes no queue. */
	if (file_join(path, sizeof(path), q->root, "queue") < 0)
		return failed(q->root);
	q->queue = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (q->queue < 0) {
		fail("open ", path);
		return failed("find the queue");
	}
	arena_init(&q->arena, ENTRY_ARENA);
	buf_init(&q->out, JSON_MAX);
	if (!*q->ids && queue_find_all(q) < 0)
		r = failed("list the queue");
	return r ? r : v->run(q);
}

int
admin_queue(int argc, char **argv)
{
	static struct queue_tool q;

	if (argc < 2 || !take_options(&q, argv + 2))
		return usage();
	q.root = settings_root();
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(argv[1], v->name) != 0)
			continue;
		/* Ids or a filter, and one of them where it changes much. */
		if ((*q.ids && !v->takes_ids) ||
		    (queue_filtered(&q.filter) &&
			(!v->takes_filter || *q.ids)) ||
		    (!*q.ids && v->takes_ids && !queue_filtered(&q.filter)))
			return usage();
		return run(&q, v);
	}
	return usage();
}
