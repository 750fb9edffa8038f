/* SPDX-License-Identifier: ISC */
/* What the parts of yubin queue share. */
#ifndef QUEUE_TOOL_H
#define QUEUE_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "queue/entry.h"

/* A message that was found in the queue; it may have moved since. */
struct queue_item {
	char id[ID_SIZE];
	char path[WALK_PATH]; /* below the queue's directory */
};

struct queue_filter {
	const char *from; /* an address, "@domain", or "<>" */
	const char *to;   /* of a recipient that is not done with */
	const char *domain;
	bool all, held;
};

struct queue_tool {
	const char *root;
	int queue; /* directory */
	bool json;
	bool body, raw; /* of show */
	struct queue_filter filter;
	char **ids; /* as given, ended by NULL */
	struct queue_item *items;
	size_t n, cap;
	size_t slots, bad;  /* slots in all; files in bad/ */
	struct arena arena; /* of the entry that is open */
	struct buf out;     /* a line of JSON */
};

/* One verb each; returns the exit code. */
int queue_list(struct queue_tool *q);
int queue_show(struct queue_tool *q);
int queue_stats(struct queue_tool *q);

/* What the messages named or filtered are to become. */
enum queue_goal { QUEUE_HELD, QUEUE_FREE, QUEUE_TRIED, QUEUE_GONE };
int queue_change(struct queue_tool *q, enum queue_goal goal);

/* --- queue_find.c: the queue's storage */

/* Find all messages, the oldest first.  0, or -1. */
int queue_find_all(struct queue_tool *q);

/* Look into slot i: *found as of slot_look().  Returns false beyond the last.
 */
bool queue_look(
    const struct queue_tool *q, int i, char id[ID_SIZE], int *found);

/* Where the message lies now: looked for everywhere when item->path is empty,
 * else there and where it may have gone since.  Returns whether it was found,
 * with item->path set. */
bool queue_find(const struct queue_tool *q, struct queue_item *item);

/* Open a message, following it when it has moved; its envelope lives until the
 * next call.  1; 0 it is gone or damaged; -1 failed.  e->fd is -1 unless 1. */
int queue_open(struct queue_tool *q, struct queue_item *item, struct entry *e);

bool queue_is_held(const struct queue_item *item);

/* Whether there is a filter, and whether it lets this message pass. */
bool queue_filtered(const struct queue_filter *f);
bool queue_passes(const struct queue_filter *f, const struct queue_item *item,
    const struct envelope *e);

/* Seconds until the next try; -1 when there will be none. */
int64_t queue_next_s(const struct queue_item *item, const struct entry *e);

/* A status in a word; the domain of an address. */
const char *queue_status(char status);
struct str queue_domain(struct str address);

/* What the last try of a recipient met with, from the logs. */
struct queue_reason {
	int64_t time_us;
	char status[16], text[1024]; /* empty: nothing is known */
};

#define QUEUE_REASONS 1000 /* recipients whose reasons are looked for */

/* The properties of a message and its recipients, into an object that is begun
 * already.  reasons: of the first recipients, or NULL. */
void queue_json(struct buf *b, const struct queue_item *item,
    const struct entry *e, const struct queue_reason *reasons);

#endif
