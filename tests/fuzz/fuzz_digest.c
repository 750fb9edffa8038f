/* SPDX-License-Identifier: ISC */
/* Digests: of any message the same in pieces as whole, with the parts that
 * part_parse() finds; and any octets may be read as one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "msg/digest.h"
#include "msg/structure.h"

static void
make(struct digest_maker *m, struct str text, size_t step, struct buf *to)
{
	digest_begin(m);
	for (; text.n; text = str_from(text, step))
		digest_feed(m, str_to(text, step));
	digest_end(m, true, to);
}

static bool
same(const struct part *a, const struct part *b)
{
	return a->kind == b->kind && a->encoding == b->encoding &&
	       a->parent == b->parent && a->first == b->first &&
	       a->next == b->next && a->depth == b->depth &&
	       a->header == b->header && a->body == b->body &&
	       a->end == b->end && a->header_lf == b->header_lf &&
	       a->body_lf == b->body_lf && a->lines == b->lines &&
	       a->declared == b->declared && str_eq(a->type, b->type) &&
	       str_eq(a->subtype, b->subtype);
}

static void
check_message(struct digest_maker *m, struct str text, size_t step)
{
	struct part_tree t, direct;
	struct buf whole, pieces;
	struct digest d;
	struct arena a;

	buf_init(&whole, DIGEST_MAX);
	buf_init(&pieces, DIGEST_MAX);
	arena_init(&a, 16 << 20);
	make(m, text, text.n, &whole);
	make(m, text, step, &pieces);
	if (whole.over || !str_eq(buf_slice(&whole), buf_slice(&pieces)) ||
	    digest_read(&d, buf_slice(&whole)) < 0 || d.size != text.n ||
	    digest_tree(&d, &t, &a) < 0)
		abort();
	part_parse(&direct, text, &a);
	if (t.n != direct.n || !str_eq(d.fields, direct.parts[0].fields))
		abort();
	for (size_t i = 0; i < t.n; i++)
		if (!same(&t.parts[i], &direct.parts[i]))
			abort();
	arena_free(&a);
	buf_free(&whole);
	buf_free(&pieces);
}

/* Read octets as a digest, whose checksum is made to fit. */
static void
check_octets(struct str octets)
{
	char *p = malloc(octets.n + 8);
	struct part_tree t;
	struct digest d;
	struct arena a;
	struct buf b;
	uint32_t crc;

	if (!p)
		abort();
	memcpy(p, "yD\1\1", 4);
	crc = crc32c(crc32c(0, p, 4), octets.p, octets.n);
	for (int i = 0; i < 4; i++)
		p[4 + i] = (char)(crc >> 8 * i);
	memcpy(p + 8, octets.p, octets.n);
	arena_init(&a, 16 << 20);
	buf_init(&b, DIGEST_MAX);
	if (digest_read(&d, str_make(p, octets.n + 8)) == 0) {
		structure_basic(&b, d.structure, d.extra);
		if (digest_tree(&d, &t, &a) == 0 && t.parts[0].end != d.size)
			abort();
	}
	digest_read(&d, octets);
	free(p);
	arena_free(&a);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_make((const char *)data, n);
	struct digest_maker m;

	digest_init(&m);
	check_message(&m, text, 1);
	check_message(&m, text, n ? 1 + data[0] % 64u : 1);
	digest_free(&m);
	check_octets(text);
	return 0;
}
