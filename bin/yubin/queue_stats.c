/* SPDX-License-Identifier: ISC */
/* yubin queue stats: how much waits, how long already, and for whom. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "base/crc32c.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/now.h"
#include "queue/slot.h"
#include "queue_tool.h"
#include "show.h"

#define DOMAINS 65536 /* places for domains; half of them are used */
#define TOP 10        /* domains that a human sees */
#define TOP_JSON 1000

static const struct {
	int64_t below_s;
	const char *name;
} ages[] = {{300, "5min"}, {3600, "1h"}, {21600, "6h"}, {86400, "1d"},
    {259200, "3d"}, {INT64_MAX, "older"}};

#define NAGES (sizeof(ages) / sizeof(ages[0]))

static const char statuses[] = "NAWDFB"; /* with words of their own */

struct domain {
	char name[256];
	size_t waiting, by_age[NAGES];
};

struct stats {
	size_t messages, held, by_age[NAGES];
	size_t by_status[sizeof(statuses) - 1];
	uint64_t octets;
	struct domain *domains;
	size_t ndomains, in_slots;
};

/* ------------------------------------------------------------- counting */

/* The place of a domain; NULL when there are too many. */
static struct domain *
find_domain(struct stats *s, struct str name)
{
	char lower[256];
	size_t n = name.n < 255 ? name.n : 255, at;

	for (size_t i = 0; i < n; i++)
		lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z'
		               ? (char)(name.p[i] + 32)
		               : name.p[i];
	lower[n] = '\0';
	at = crc32c(0, lower, n) % DOMAINS;
	while (*s->domains[at].name) {
		if (strcmp(s->domains[at].name, lower) == 0)
			return &s->domains[at];
		at = (at + 1) % DOMAINS;
	}
	if (n == 0 || s->ndomains >= DOMAINS / 2)
		return NULL;
	s->ndomains++;
	memcpy(s->domains[at].name, lower, n + 1);
	return &s->domains[at];
}

static size_t
age_class(int64_t age_s)
{
	size_t i = 0;

	while (age_s >= ages[i].below_s && i < NAGES - 1)
		i++;
	return i;
}

static void
count(struct stats *s, const struct queue_item *item, const struct entry *e)
{
	size_t age = age_class(now_wall_s() - e->e.received_s);

	s->messages++;
	s->held += queue_is_held(item);
	s->in_slots += slot_is_path(item->path);
	s->octets += e->header.body_len;
	s->by_age[age]++;
	for (size_t i = 0; i < e->e.nrcpt; i++) {
		const struct envelope_rcpt *r = &e->e.rcpts[i];
		const char *word = queue_status(r->status);
		struct domain *d = NULL;

		for (size_t k = 0; statuses[k]; k++)
			s->by_status[k] +=
			    strcmp(queue_status(statuses[k]), word) == 0;
		if (envelope_status_open(r->status))
			d = find_domain(s, queue_domain(r->addr));
		if (d) {
			d->waiting++;
			d->by_age[age]++;
		}
	}
}

static int
most_first(const void *a, const void *b)
{
	const struct domain *x = a, *y = b;

	if (x->waiting != y->waiting)
		return x->waiting > y->waiting ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* ------------------------------------------------------------- printing */

static void
json_counts(struct buf *b, const char *key, const size_t *counts)
{
	json_key(b, str_z(key));
	json_begin(b, '{');
	for (size_t i = 0; i < NAGES; i++)
		json_key_num(b, ages[i].name, (int64_t)counts[i]);
	json_end(b, '}');
}

static void
print_json(const struct queue_tool *q, const struct stats *s, struct buf *b)
{
	json_begin(b, '{');
	json_key_num(b, "messages", (int64_t)s->messages);
	json_key_num(b, "octets", (int64_t)s->octets);
	json_key_num(b, "held", (int64_t)s->held);
	json_key_num(b, "bad", (int64_t)q->bad);
	json_key_num(b, "slots", (int64_t)q->slots);
	json_key_num(b, "slots_used", (int64_t)s->in_slots);
	json_key(b, STR("recipients"));
	json_begin(b, '{');
	for (size_t i = 0; statuses[i]; i++)
		json_key_num(
		    b, queue_status(statuses[i]), (int64_t)s->by_status[i]);
	json_end(b, '}');
	json_counts(b, "ages", s->by_age);
	json_key(b, STR("domains"));
	json_begin(b, '[');
	for (size_t i = 0; i < s->ndomains && i < TOP_JSON; i++) {
		json_begin(b, '{');
		json_key_str(b, "domain", str_z(s->domains[i].name));
		json_key_num(b, "waiting", (int64_t)s->domains[i].waiting);
		json_counts(b, "ages", s->domains[i].by_age);
		json_end(b, '}');
	}
	json_end(b, ']');
	json_end(b, '}');
	show_json(b);
}

static void
print_row(size_t total, const size_t *by_age, const char *name)
{
	printf("%9zu", total);
	for (size_t i = 0; i < NAGES; i++)
		printf(" %7zu", by_age[i]);
	printf("  ");
	show_str(stdout, str_z(name));
	putchar('\n');
}

static void
print(const struct queue_tool *q, const struct stats *s)
{
	printf("%zu messages, %llu octets; %zu held, %zu damaged in bad/\n"
	       "%zu of %zu slots in use\nrecipients:",
	    s->messages, (unsigned long long)s->octets, s->held, q->bad,
	    s->in_slots, q->slots);
	for (size_t i = 0; statuses[i]; i++)
		printf("%s %zu %s", i ? "," : "", s->by_status[i],
		    queue_status(statuses[i]));
	printf("\n\n%9s", "");
	for (size_t i = 0; i < NAGES; i++)
		printf(" %s%*s", i < NAGES - 1 ? "<" : "",
		    i < NAGES - 1 ? 6 : 7, ages[i].name);
	putchar('\n');
	print_row(s->messages, s->by_age, "messages");
	for (size_t i = 0; i < s->ndomains && i < TOP; i++)
		print_row(s->domains[i].waiting, s->domains[i].by_age,
		    s->domains[i].name);
	if (s->ndomains > TOP)
		printf("and %zu domains more\n", s->ndomains - TOP);
}

int
queue_stats(struct queue_tool *q)
{
	struct stats s = {0};
	struct entry e;

	s.domains = calloc(DOMAINS, sizeof(*s.domains));
	if (!s.domains)
		oom();
	for (size_t i = 0; i < q->n; i++) {
		int r = queue_open(q, &q->items[i], &e);

		if (r < 0)
			return failed(q->items[i].path);
		if (r == 0)
			continue;
		if (queue_passes(&q->filter, &q->items[i], &e.e))
			count(&s, &q->items[i], &e);
		entry_close(&e);
	}
	qsort(s.domains, DOMAINS, sizeof(*s.domains), most_first);
	if (q->json)
		print_json(q, &s, &q->out);
	else
		print(q, &s);
	free(s.domains);
	return 0;
}
