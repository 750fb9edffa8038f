/* SPDX-License-Identifier: ISC */
/* The stories of messages.  Which messages came of one is found while reading;
 * lines about such a one may stand before the line that says so, so the logs
 * are read again until nothing is added. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "base/fail.h"
#include "base/json.h"
#include "show.h"
#include "trace.h"

#define IDS_MAX 10000
#define ROUNDS 30 /* no chain of forwards and bounces is longer */
#define KEEP_MAX ((size_t)256 << 20)

/* A line in the story of the message `owner`. */
struct kept {
	char owner[ID_SIZE];
	int64_t time_us;
	size_t number;
	const char *path;
	struct str text;
};

struct story {
	struct trace *t;
	struct trace_ids *ids;
	struct arena arena;
	struct kept *kept;
	size_t n, cap, left_out;
};

/* ----------------------------------------------------------- collecting */

static void
keep(struct story *s, size_t owner, struct str text, const char *path)
{
	struct kept *k;

	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 256;
		s->kept = realloc(s->kept, s->cap * sizeof(*s->kept));
		if (!s->kept)
			oom();
	}
	k = &s->kept[s->n];
	memcpy(k->owner, s->ids->ids[owner], ID_SIZE);
	k->time_us = s->t->logs.line.time_us;
	k->number = s->n++;
	k->text = text;
	k->path = path;
}

/* Returns whether a message was added. */
static bool
take_line(struct story *s, const char **path)
{
	const struct logs *l = &s->t->logs;
	struct str id = logline_get(&l->line, "id");
	struct str orig = logline_get(&l->line, "orig");
	size_t own = trace_ids_find(s->ids, id);
	size_t parent = trace_ids_find(s->ids, orig);
	size_t before = s->ids->n;
	struct str text;

	if (own == SIZE_MAX && parent == SIZE_MAX)
		return false;
	if (own == SIZE_MAX && s->ids->n < IDS_MAX)
		own = trace_ids_add(s->ids, id);
	if (s->arena.used > KEEP_MAX) {
		s->left_out++;
		return false;
	}
	text = arena_str(&s->arena, l->text);
	if (!*path || strcmp(*path, l->path) != 0)
		*path = arena_z(&s->arena, str_z(l->path));
	if (own != SIZE_MAX)
		keep(s, own, text, *path);
	if (parent != SIZE_MAX && parent != own && !s->t->json)
		keep(s, parent, text, *path);
	return s->ids->n > before;
}

static void
collect(struct story *s)
{
	bool added = true;

	for (int i = 0; added && i < ROUNDS; i++) {
		const char *path = NULL;

		/* One id alone is looked for without reading the lines. */
		s->t->logs.want = s->ids->n == 1 ? str_z(s->ids->ids[0])
		                                 : (struct str){"", 0};
		added = false;
		s->n = s->left_out = 0;
		arena_reset(&s->arena);
		logs_rewind(&s->t->logs);
		while (logs_next(&s->t->logs))
			added |= take_line(s, &path);
	}
}

static int
in_time(const struct kept *x, const struct kept *y)
{
	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int
by_time(const void *a, const void *b)
{
	return in_time(a, b);
}

static int
by_owner(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;
	int r = strcmp(x->owner, y->owner);

	return r ? r : in_time(x, y);
}

/* ------------------------------------------------------------- printing */

static void
print_json(const struct kept *k, const struct logline *l, struct buf *b)
{
	char time[SHOW_TIME];

	json_begin(b, '{');
	if (k->time_us != LOGLINE_TIME) {
		show_stamp(time, k->time_us);
		json_key_str(b, "time", str_z(time));
	}
	json_key_str(b, "file", str_z(k->path));
	json_key_str(b, "prog", l->prog);
	json_key_str(b, "pid", l->pid);
	for (size_t i = 0; i < l->n; i++) {
		struct str key = l->pairs[i].key;
		char name[64];

		/* Each name once: the first counts, and ours before all. */
		if (str_copy(name, sizeof(name), key) < 0 ||
		    logline_get(l, name).p != l->pairs[i].value.p ||
		    str_eq(key, STR("time")) || str_eq(key, STR("file")) ||
		    str_eq(key, STR("prog")) || str_eq(key, STR("pid")))
			continue;
		json_key(b, key);
		json_str(b, l->pairs[i].value);
	}
	json_end(b, '}');
	show_json(b);
}

static void
print_line(const struct trace *t, const struct kept *k, const struct logline *l)
{
	char time[SHOW_TIME] = "(when?)";

	if (k->time_us != LOGLINE_TIME)
		show_time(time, k->time_us / 1000000, t->utc);
	printf("  %s  ", time);
	trace_say(t, l, str_z(k->owner));
	putchar('\n');
	if (!t->verbose)
		return;
	fputs("      ", stdout);
	show_str(stdout, k->text);
	putchar('\n');
}

static void
print(struct story *s)
{
	const char *owner = "";
	struct logline line;
	struct arena a;
	struct buf b;

	arena_init(&a, 16 * LOGS_LINE);
	buf_init(&b, 16 * LOGS_LINE);
	for (size_t i = 0; i < s->n; i++) {
		struct kept *k = &s->kept[i];

		arena_reset(&a);
		if (!logline_scan(k->text, s->t->logs.now_s, &a, &line))
			continue;
		line.time_us = k->time_us;
		if (s->t->json) {
			print_json(k, &line, &b);
			continue;
		}
		if (strcmp(owner, k->owner) != 0)
			printf("%s%s\n", *owner ? "\n" : "", k->owner);
		owner = k->owner;
		print_line(s->t, k, &line);
	}
	buf_free(&b);
	arena_free(&a);
}

bool
trace_story(struct trace *t, struct trace_ids *ids)
{
	struct story s = {.t = t, .ids = ids};
	bool any;

	arena_init(&s.arena, 2 * KEEP_MAX);
	collect(&s);
	any = s.n > 0;
	if (any)
		qsort(
		    s.kept, s.n, sizeof(*s.kept), t->json ? by_time : by_owner);
	print(&s);
	fflush(stdout);
	if (s.left_out > 0)
		refuse("%zu lines more are left out", s.left_out);
	free(s.kept);
	arena_free(&s.arena);
	return any;
}
