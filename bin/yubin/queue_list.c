/* SPDX-License-Identifier: ISC */
/* yubin queue list: the messages, the oldest first. */
#include <stdio.h>

#include "admin.h"
#include "base/json.h"
#include "base/now.h"
#include "queue_tool.h"
#include "show.h"

#define SHOWN 20 /* recipients of a message that a human sees */

static void
json_rcpt(struct buf *b, const struct envelope_rcpt *rcpt,
    const struct queue_reason *reason)
{
	char time[SHOW_TIME];

	json_begin(b, '{');
	json_key_str(b, "address", rcpt->addr);
	json_key_str(b, "status", str_z(queue_status(rcpt->status)));
	if (reason && *reason->text) {
		show_stamp(time, reason->time_us);
		json_key_str(b, "tried", str_z(time));
		json_key_str(b, "code", str_z(reason->status));
		json_key_str(b, "reason", str_z(reason->text));
	}
	json_end(b, '}');
}

void
queue_json(struct buf *b, const struct queue_item *item, const struct entry *e,
    const struct queue_reason *reasons)
{
	int64_t next = queue_next_s(item, e);
	char time[SHOW_TIME];

	json_key_str(b, "id", str_z(item->id));
	show_stamp(time, e->e.received_s * 1000000);
	json_key_str(b, "received", str_z(time));
	json_key_num(b, "age", now_wall_s() - e->e.received_s);
	json_key_num(b, "size", (int64_t)e->header.body_len);
	json_key_str(b, "from", e->e.sender);
	json_key(b, STR("held"));
	json_bool(b, queue_is_held(item));
	if (next >= 0)
		json_key_num(b, "next", next);
	json_key_str(b, "file", str_z(item->path));
	if (e->e.auth.n > 0)
		json_key_str(b, "login", e->e.auth);
	if (e->e.client_ip.n > 0)
		json_key_str(b, "ip", e->e.client_ip);
	if (e->e.helo.n > 0)
		json_key_str(b, "helo", e->e.helo);
	json_key(b, STR("recipients"));
	json_begin(b, '[');
	for (size_t i = 0; i < e->e.nrcpt; i++)
		json_rcpt(b, &e->e.rcpts[i],
		    reasons && i < QUEUE_REASONS ? &reasons[i] : NULL);
	json_end(b, ']');
}

static void
print_json(
    struct queue_tool *q, const struct queue_item *item, const struct entry *e)
{
	json_begin(&q->out, '{');
	queue_json(&q->out, item, e, NULL);
	json_end(&q->out, '}');
	show_json(&q->out);
}

static void
print(const struct queue_item *item, const struct entry *e)
{
	int64_t next = queue_next_s(item, e);
	char age[SHOW_SPAN], wait[SHOW_SPAN];

	show_span(age, now_wall_s() - e->e.received_s);
	show_span(wait, next);
	printf("%s  %-12s %9llu  ", item->id, age,
	    (unsigned long long)e->header.body_len);
	show_str(stdout, e->e.sender.n ? e->e.sender : STR("<>"));
	if (next < 0)
		puts("  held");
	else if (next == 0)
		puts("  due");
	else
		printf("  next try in %s\n", wait);
	for (size_t i = 0; i < e->e.nrcpt && i < SHOWN; i++) {
		printf("    %-9s ", queue_status(e->e.rcpts[i].status));
		show_str(stdout, e->e.rcpts[i].addr);
		putchar('\n');
	}
	if (e->e.nrcpt > SHOWN)
		printf("    and %zu more\n", e->e.nrcpt - SHOWN);
}

int
queue_list(struct queue_tool *q)
{
	size_t n = 0;

	for (size_t i = 0; i < q->n; i++) {
		struct queue_item *item = &q->items[i];
		struct entry e;
		int r = queue_open(q, item, &e);

		if (r < 0)
			return failed(item->path);
		if (r == 0)
			continue;
		if (queue_passes(&q->filter, item, &e.e)) {
			n++;
			if (q->json)
				print_json(q, item, &e);
			else
				print(item, &e);
		}
		entry_close(&e);
	}
	if (!q->json)
		printf(
		    "%s%zu message%s\n", n ? "\n" : "", n, n == 1 ? "" : "s");
	return 0;
}
