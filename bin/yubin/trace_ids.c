/* SPDX-License-Identifier: ISC */
/* A set of ids: open addressing, at most half full. */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/fail.h"
#include "trace.h"

/* Where id is or would be. */
static size_t
slot_of(const struct trace_ids *s, struct str id)
{
	size_t i = crc32c(0, id.p, id.n) & (s->nslots - 1);

	while (s->slots[i] && !str_eq(str_z(s->ids[s->slots[i] - 1]), id))
		i = (i + 1) & (s->nslots - 1);
	return i;
}

size_t
trace_ids_find(const struct trace_ids *s, struct str id)
{
	uint32_t at;

	if (s->n == 0 || id.n != ID_LEN)
		return SIZE_MAX;
	at = s->slots[slot_of(s, id)];
	return at ? at - 1 : SIZE_MAX;
}

static void
grow(struct trace_ids *s)
{
	s->cap = s->cap ? 2 * s->cap : 64;
	s->nslots = 2 * s->cap;
	s->ids = realloc(s->ids, s->cap * sizeof(*s->ids));
	free(s->slots);
	s->slots = calloc(s->nslots, sizeof(*s->slots));
	if (!s->ids || !s->slots)
		oom();
	for (size_t i = 0; i < s->n; i++)
		s->slots[slot_of(s, str_z(s->ids[i]))] = (uint32_t)i + 1;
}

size_t
trace_ids_add(struct trace_ids *s, struct str id)
{
	size_t at = trace_ids_find(s, id);

	if (at != SIZE_MAX || !id_valid(id))
		return at;
	if (s->n == s->cap)
		grow(s);
	str_copy(s->ids[s->n], ID_SIZE, id);
	s->slots[slot_of(s, id)] = (uint32_t)s->n + 1;
	return s->n++;
}

void
trace_ids_free(struct trace_ids *s)
{
	free(s->ids);
	free(s->slots);
	memset(s, 0, sizeof(*s));
}
