/* SPDX-License-Identifier: ISC */
/* MIME trees: parts lie within their parents and in order, and counts are
 * true. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/part.h"

static void
check_counts(struct str s, size_t bare, size_t lines)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\n')
			continue;
		lines--;
		if (i == 0 || s.p[i - 1] != '\r')
			bare--;
	}
	if (bare || lines)
		abort();
}

static size_t
count_lf(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static void
check_part(const struct part_tree *t, uint32_t i)
{
	const struct part *p = &t->parts[i];
	const struct part *up = i ? &t->parts[p->parent] : NULL;
	size_t at = p->body;

	if (p->header > p->body || p->body > p->end || p->end > t->text.n)
		abort();
	if (up && (p->parent >= i || p->depth != up->depth + 1 ||
		      p->header < up->body || p->end > up->end))
		abort();
	check_counts(
	    part_header(t, p), p->header_lf, count_lf(part_header(t, p)));
	check_counts(part_body(t, p), p->body_lf, p->lines);
	if (p->kind == PART_LEAF && p->first != PART_NONE)
		abort();
	if (p->kind == PART_MESSAGE && p->first == PART_NONE)
		abort();
	for (uint32_t k = p->first; k != PART_NONE; k = t->parts[k].next) {
		if (t->parts[k].parent != i || t->parts[k].header < at)
			abort();
		at = t->parts[k].end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	struct part_tree t;
	const uint32_t one[] = {1};
	const struct part *p;

	arena_init(&a, 9 << 20);
	part_parse(&t, str_make((const char *)data, n), &a);
	if (t.n < 1 || t.n > PART_MAX || t.parts[0].end != n)
		abort();
	for (uint32_t i = 0; i < t.n; i++)
		check_part(&t, i);
	p = part_find(&t, one, 1);
	if (!p && t.parts[0].kind != PART_MULTIPART)
		abort();
	arena_free(&a);
	return 0;
}
