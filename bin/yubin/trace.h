/* SPDX-License-Identifier: ISC */
/* What the parts of yubin trace share. */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "logs.h"

struct trace {
	struct logs logs;
	bool json, verbose, utc;
};

/* A growing set of ids, by hash. */
struct trace_ids {
	char (*ids)[ID_SIZE]; /* in the order they came */
	size_t n, cap;
	uint32_t *slots; /* index + 1 of an id, 0 for none */
	size_t nslots;   /* a power of two */
};

/* The index of id, or SIZE_MAX. */
size_t trace_ids_find(const struct trace_ids *s, struct str id);

/* The same; a valid id that is not there is added.  SIZE_MAX: not valid. */
size_t trace_ids_add(struct trace_ids *s, struct str id);

void trace_ids_free(struct trace_ids *s);

/* Tell the story of these messages and of those that came of them, which are
 * added to ids.  Returns whether there was anything to tell. */
bool trace_story(struct trace *t, struct trace_ids *ids);

/* One line for each message from or to the address ("@domain" for all of it),
 * newest last; or the story when there is one message, or all with t->verbose.
 * Returns whether there was any. */
bool trace_list(struct trace *t, struct str address);

/* Print what an event means, without a line end.  owner: the message whose
 * story is told. */
void trace_say(
    const struct trace *t, const struct logline *l, struct str owner);

#endif
