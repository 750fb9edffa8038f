/* SPDX-License-Identifier: ISC */
/* The messages from or to an address.  First the lines that name it tell the
 * messages, then all lines of these tell what became of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/num.h"
#include "show.h"
#include "trace.h"

#define ROWS_MAX 20000 /* the newest ones are kept */
#define LOG_VALUE 255  /* log_str() cuts addresses there */

struct fate {
	int64_t time_us;
	char state[16], text[160];
};

struct row {
	int64_t time_us; /* of its first line */
	uint64_t rcpts;
	bool sent, received; /* the address is the sender, a recipient */
	bool accepted;
	char from[256], to[256];
	struct fate mine; /* of the address, or of the whole message */
	struct fate any;  /* the last one of any recipient */
};

struct list {
	struct trace *t;
	struct str address;
	struct trace_ids ids;
	struct row *rows; /* of the ids, by index */
};

static bool
matches(const struct list *l, struct str value)
{
	struct str a = str_to(l->address, LOG_VALUE);

	if (value.p && a.n > 0 && *a.p == '@')
		value = str_from(value, str_rfind(value, '@'));
	return value.p && value.n > 0 && str_ieq(value, a);
}

/* ---------------------------------------------------------- the messages */

static int
newest_first(const void *a, const void *b)
{
	return strcmp(b, a);
}

/* Keep the newest ones; ids begin with their time. */
static void
prune(struct trace_ids *ids)
{
	struct trace_ids kept = {0};

	qsort(ids->ids, ids->n, sizeof(*ids->ids), newest_first);
	for (size_t i = 0; i < ids->n && i < ROWS_MAX; i++)
		trace_ids_add(&kept, str_z(ids->ids[i]));
	trace_ids_free(ids);
	*ids = kept;
}

/* Returns whether all were kept. */
static bool
find_ids(struct list *l)
{
	struct logs *logs = &l->t->logs;
	bool all = true;

	while (logs_next(logs)) {
		if (!matches(l, logline_get(&logs->line, "from")) &&
		    !matches(l, logline_get(&logs->line, "to")))
			continue;
		trace_ids_add(&l->ids, logline_get(&logs->line, "id"));
		if (l->ids.n < 2 * ROWS_MAX)
			continue;
		prune(&l->ids);
		all = false;
	}
	all &= l->ids.n <= ROWS_MAX;
	prune(&l->ids);
	return all;
}

/* ------------------------------------------------- what became of them */

static void
set(char *to, size_t size, struct str s)
{
	s = str_to(s, size - 1);
	for (size_t i = 0; i < s.n; i++)
		to[i] = s.p[i] ? s.p[i] : '?';
	to[s.n] = '\0';
}

/* The events that say how it stands. */
static bool
is_state(struct str ev)
{
	static const char *const names[] = {"delivered", "deferred", "failed",
	    "rejected", "held", "released", "bad", "dropped", NULL};

	for (size_t i = 0; names[i]; i++)
		if (str_eq(ev, str_z(names[i])))
			return true;
	return false;
}

static void
set_fate(struct fate *f, const struct logline *line)
{
	static const char *const texts[] = {"err", "text", "rsp", NULL};
	struct str text = {"", 0};

	/* The folders are not read in the order of time. */
	if (line->time_us < f->time_us)
		return;
	f->time_us = line->time_us;
	for (size_t i = 0; texts[i] && text.n == 0; i++)
		text = logline_get(line, texts[i]);
	set(f->state, sizeof(f->state), logline_get(line, "ev"));
	set(f->text, sizeof(f->text), text);
}

static void
fill(struct list *l, struct row *r, const struct logline *line)
{
	struct str from = logline_get(line, "from");
	struct str to = logline_get(line, "to");
	struct str ev = logline_get(line, "ev");

	if (r->time_us == LOGLINE_TIME || line->time_us < r->time_us)
		r->time_us = line->time_us;
	r->accepted |=
	    str_eq(ev, STR("accepted")) || str_eq(ev, STR("bounced"));
	if (str_eq(ev, STR("bounced")))
		from = STR("");
	if (from.p)
		set(r->from, sizeof(r->from), from.n ? from : STR("<>"));
	r->sent |= matches(l, from);
	if (to.p && (!*r->to || (!r->received && matches(l, to))))
		set(r->to, sizeof(r->to), to);
	r->received |= matches(l, to);
	if (logline_get(line, "rcpts").p)
		num_scan(logline_get(line, "rcpts"), UINT32_MAX, &r->rcpts);
	if (!is_state(ev))
		return;
	set_fate(&r->any, line);
	if (!to.p || matches(l, to))
		set_fate(&r->mine, line);
}

static void
fill_rows(struct list *l)
{
	struct logs *logs = &l->t->logs;

	l->rows = calloc(l->ids.n + 1, sizeof(*l->rows));
	if (!l->rows)
		oom();
	for (size_t i = 0; i < l->ids.n; i++)
		l->rows[i] = (struct row){.time_us = LOGLINE_TIME,
		    .mine.time_us = LOGLINE_TIME,
		    .any.time_us = LOGLINE_TIME};
	logs_rewind(logs);
	while (logs_next(logs)) {
		size_t at =
		    trace_ids_find(&l->ids, logline_get(&logs->line, "id"));

		if (at != SIZE_MAX)
			fill(l, &l->rows[at], &logs->line);
	}
}

/* ------------------------------------------------------------- printing */

static const struct fate *
fate(const struct row *r)
{
	static const struct fate waits = {.state = "accepted"};
	static const struct fate unknown = {.state = "unknown"};
	const struct fate *f = r->sent ? &r->any : &r->mine;

	if (*f->state)
		return f;
	return r->accepted ? &waits : &unknown;
}

static void
print_row(const struct trace *t, const char *id, const struct row *r)
{
	char time[SHOW_TIME] = "(when?)";

	if (r->time_us != LOGLINE_TIME)
		show_time(time, r->time_us / 1000000, t->utc);
	printf("%s  %s  ", time, id);
	show_str(stdout, str_z(*r->from ? r->from : "?"));
	fputs(" -> ", stdout);
	show_str(stdout, str_z(*r->to ? r->to : "?"));
	if (r->rcpts > 1)
		printf(" +%llu", (unsigned long long)r->rcpts - 1);
	fputs("  ", stdout);
	show_str(stdout, str_z(fate(r)->state));
	if (*fate(r)->text)
		fputs(": ", stdout);
	show_str(stdout, str_z(fate(r)->text));
	putchar('\n');
}

static void
print_json(const char *id, const struct row *r)
{
	char time[SHOW_TIME];
	struct buf b;

	buf_init(&b, 16 * LOGS_LINE);
	json_begin(&b, '{');
	json_key_str(&b, "id", str_z(id));
	if (r->time_us != LOGLINE_TIME) {
		show_stamp(time, r->time_us);
		json_key_str(&b, "time", str_z(time));
	}
	if (*r->from)
		json_key_str(&b, "from",
		    str_z(strcmp(r->from, "<>") == 0 ? "" : r->from));
	if (*r->to)
		json_key_str(&b, "to", str_z(r->to));
	if (r->rcpts > 0)
		json_key_num(&b, "recipients", (int64_t)r->rcpts);
	json_key_str(&b, "state", str_z(fate(r)->state));
	json_key_str(&b, "text", str_z(fate(r)->text));
	json_end(&b, '}');
	show_json(&b);
	buf_free(&b);
}

bool
trace_list(struct trace *t, struct str address)
{
	struct list l = {.t = t, .address = address};
	bool all = find_ids(&l);
	bool any = l.ids.n > 0;

	if (any && (t->verbose || (l.ids.n == 1 && !t->json))) {
		trace_story(t, &l.ids);
	} else if (any) {
		fill_rows(&l);
		/* The ids stand newest first. */
		for (size_t i = l.ids.n; i-- > 0;)
			if (t->json)
				print_json(l.ids.ids[i], &l.rows[i]);
			else
				print_row(t, l.ids.ids[i], &l.rows[i]);
	}
	fflush(stdout);
	if (!all)
		refuse("only the newest %d messages are shown", ROWS_MAX);
	free(l.rows);
	trace_ids_free(&l.ids);
	return any;
}
