/* SPDX-License-Identifier: ISC */
/* yubin queue show: one message in words, with why it waits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/now.h"
#include "io/file.h"
#include "logs.h"
#include "queue_tool.h"
#include "show.h"

#define CHUNK 65536

/* -------------------------------------------------------------- reasons */

static void
set(char *to, size_t size, struct str s)
{
	if (str_copy(to, size, str_to(s, size - 1)) < 0)
		to[0] = '\0';
}

static void
take(struct queue_reason *reasons, size_t n, const struct entry *e,
    const struct logline *l)
{
	struct str ev = logline_get(l, "ev");
	struct str to = logline_get(l, "to");

	if (!str_eq(ev, STR("deferred")) && !str_eq(ev, STR("failed")))
		return;
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(to, str_to(e->e.rcpts[i].addr, 255)))
			continue;
		reasons[i].time_us = l->time_us;
		set(reasons[i].status, sizeof(reasons[i].status),
		    logline_get(l, "status"));
		set(reasons[i].text, sizeof(reasons[i].text),
		    logline_get(l, "err"));
	}
}

/* From the logs, as far as there are any; an array for the first recipients,
 * which the caller frees. */
static struct queue_reason *
find_reasons(const struct queue_tool *q, const struct entry *e)
{
	size_t n = e->e.nrcpt < QUEUE_REASONS ? e->e.nrcpt : QUEUE_REASONS;
	struct queue_reason *reasons = calloc(n, sizeof(*reasons));
	struct logs *logs = calloc(1, sizeof(*logs));

	if (!reasons || !logs)
		oom();
	if (logs_open(logs, q->root, NULL, true) == 0) {
		logs->want = e->e.id;
		while (logs_next(logs))
			if (str_eq(logline_get(&logs->line, "id"), e->e.id))
				take(reasons, n, e, &logs->line);
	}
	logs_close(logs);
	free(logs);
	return reasons;
}

/* ------------------------------------------------------------- the text */

/* Octets at `at` of the message, at most n; their count. */
static size_t
read_text(const struct entry *e, char *to, size_t n, uint64_t at)
{
	size_t got = 0;

	if (n > e->header.body_len - at)
		n = (size_t)(e->header.body_len - at);
	while (got < n) {
		ssize_t r = pread(e->fd, to + got, n - got,
		    (off_t)(envelope_body_at(&e->header) + at + got));

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		got += (size_t)r;
	}
	return got;
}

/* Lines of text on a terminal, up to the last line end in s (all of s when
 * there is none).  Returns the octets taken. */
static size_t
show_lines(struct str s)
{
	size_t end = str_rfind(s, '\n'), taken = end < s.n ? end + 1 : s.n;
	struct str rest = str_to(s, taken), line;

	while (rest.n > 0) {
		size_t lf = str_find(rest, '\n'), tab;

		line = str_to(rest, lf);
		if (lf < rest.n && str_ends(line, STR("\r")))
			line.n--;
		for (; (tab = str_find(line, '\t')) < line.n;
		     line = str_from(line, tab + 1)) {
			show_str(stdout, str_to(line, tab));
			putchar('\t');
		}
		show_str(stdout, line);
		if (lf < rest.n)
			putchar('\n');
		rest = str_from(rest, lf + 1);
	}
	return taken;
}

/* Octets of the header, with the line end of its last field. */
static size_t
header_len(struct str text)
{
	size_t at = str_search(text, STR("\r\n\r\n"));

	if (str_starts(text, STR("\r\n")))
		return 0;
	return at < text.n ? at + 2 : text.n;
}

static void
print_text(const struct queue_tool *q, const struct entry *e)
{
	static char chunk[CHUNK];
	uint64_t at = 0;
	size_t n = read_text(e, chunk, sizeof(chunk), 0);

	putchar('\n');
	if (!q->body) {
		show_lines(str_make(chunk, header_len(str_make(chunk, n))));
		return;
	}
	for (; n > 0; n = read_text(e, chunk, sizeof(chunk), at))
		at += show_lines(str_make(chunk, n));
}

static int
print_raw(const struct entry *e)
{
	static char chunk[CHUNK];
	uint64_t at = 0;
	size_t n;

	while ((n = read_text(e, chunk, sizeof(chunk), at)) > 0) {
		fwrite(chunk, 1, n, stdout);
		at += n;
	}
	return at == e->header.body_len ? 0 : refuse("it was cut off");
}

/* ------------------------------------------------------------- printing */

static void
print_line(const char *name, struct str value)
{
	printf("  %-9s ", name);
	show_str(stdout, value);
}

static void
print_envelope(const struct queue_item *item, const struct entry *e)
{
	int64_t next = queue_next_s(item, e), now = now_wall_s();
	char time[SHOW_TIME], span[SHOW_SPAN];

	printf("%s\n", item->id);
	show_time(time, e->e.received_s, false);
	show_span(span, now - e->e.received_s);
	printf("  received  %s, %s ago\n", time, span);
	print_line("from", e->e.sender.n ? e->e.sender : STR("<>"));
	putchar('\n');
	if (e->e.auth.n > 0) {
		print_line("login", e->e.auth);
		putchar('\n');
	}
	print_line("client", e->e.helo);
	putchar(' ');
	show_str(stdout, e->e.client_ip);
	printf("\n  size      %llu octets in %s\n",
	    (unsigned long long)e->header.body_len, item->path);
	if (next < 0) {
		puts("  held      \"yubin queue release\" lets it go");
		return;
	}
	if (next == 0) {
		puts("  next try  now");
		return;
	}
	show_time(time, now + next, false);
	show_span(span, next);
	printf("  next try  %s, in %s\n", time, span);
}

static void
print_rcpts(const struct entry *e, const struct queue_reason *reasons)
{
	char time[SHOW_TIME];

	for (size_t i = 0; i < e->e.nrcpt; i++) {
		print_line("to", e->e.rcpts[i].addr);
		printf(": %s\n", queue_status(e->e.rcpts[i].status));
		if (i >= QUEUE_REASONS || !*reasons[i].text)
			continue;
		show_time(time, reasons[i].time_us / 1000000, false);
		printf("            %s: ", time);
		show_str(stdout, str_z(reasons[i].status));
		putchar(' ');
		show_str(stdout, str_z(reasons[i].text));
		putchar('\n');
	}
}

static void
print_json(struct queue_tool *q, const struct queue_item *item,
    const struct entry *e, const struct queue_reason *reasons)
{
	size_t n = q->body ? (size_t)e->header.body_len : CHUNK;
	char *text = malloc(n + 1);
	struct buf *b = &q->out;
	size_t header;

	if (!text)
		oom();
	n = read_text(e, text, n, 0);
	header = header_len(str_make(text, n));
	json_begin(b, '{');
	queue_json(b, item, e, reasons);
	json_key_str(b, "header", str_make(text, header));
	if (q->body)
		json_key_str(b, "body", str_from(str_make(text, n), header));
	json_end(b, '}');
	show_json(b);
	free(text);
}

static int
show_one(struct queue_tool *q, struct queue_item *item)
{
	struct queue_reason *reasons;
	struct entry e;
	int r = queue_open(q, item, &e);

	if (r < 0)
		return failed(item->path);
	if (r == 0)
		return refuse("%s is not in the queue", item->id);
	if (q->raw) {
		r = print_raw(&e);
		entry_close(&e);
		return r;
	}
	reasons = find_reasons(q, &e);
	if (q->json) {
		print_json(q, item, &e, reasons);
	} else {
		print_envelope(item, &e);
		print_rcpts(&e, reasons);
		print_text(q, &e);
	}
	free(reasons);
	entry_close(&e);
	return 0;
}

int
queue_show(struct queue_tool *q)
{
	int code = 0;

	for (char **id = q->ids; *id; id++) {
		struct queue_item item = {0};
		int r;

		snprintf(item.id, sizeof(item.id), "%s", *id);
		if (id != q->ids && !q->json && !q->raw)
			putchar('\n');
		r = queue_find(q, &item)
		        ? show_one(q, &item)
		        : refuse("%s is not in the queue", *id);
		code = r ? r : code;
	}
	return code;
}
