/* SPDX-License-Identifier: ISC */
/* Looking for text: the first line names a character set, the second is what
 * is looked for, the rest is a message, and also text in that set.  Cutting
 * either anywhere must change nothing, and a search in pieces must find what
 * one over the whole finds, and in the fields kept of a message what is in the
 * whole of it. */
#define _GNU_SOURCE /* memmem() */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msg/charset.h"
#include "msg/digest.h"
#include "msg/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct arena arena;
static struct text finder;
static struct buf whole, pieces, kept;
static struct digest_maker maker;

static void
read_set(struct str set, struct str s, size_t step, struct buf *to)
{
	struct charset c;

	buf_reset(to);
	charset_begin(&c, set);
	for (size_t i = 0; i < s.n; i += step)
		charset_feed(&c, str_to(str_from(s, i), step), to);
	charset_end(&c, to);
}

static void
fold_in(struct str s, size_t step, struct buf *to)
{
	struct fold f;

	buf_reset(to);
	fold_begin(&f);
	for (size_t i = 0; i < s.n; i += step)
		fold_feed(&f, str_to(str_from(s, i), step), to);
	fold_end(&f, to);
}

static void
same(void)
{
	if (!str_eq(buf_slice(&whole), buf_slice(&pieces)))
		abort();
	if (!charset_is_utf8(buf_slice(&whole)))
		abort();
}

/* A field that is kept of a message is found where it stood. */
static void
check_digest(struct str needle, struct str s)
{
	static const char *const names[] = {"Subject", "To", "Content-Type"};
	struct digest d;

	digest_begin(&maker);
	digest_feed(&maker, s);
	buf_reset(&kept);
	digest_end(&maker, true, &kept);
	if (digest_read(&d, buf_slice(&kept)) < 0)
		abort();
	for (size_t i = 0; i < 3; i++)
		if (text_in_field(&finder, needle, s, str_z(names[i])) !=
			text_in_field(
			    &finder, needle, d.fields, str_z(names[i])) &&
		    !d.cut)
			abort();
}

static void
begin(void)
{
	if (arena.max) {
		arena_reset(&arena);
		return;
	}
	arena_init(&arena, 64 << 20);
	text_init(&finder);
	buf_init(&whole, 64 << 20);
	buf_init(&pieces, 64 << 20);
	buf_init(&kept, DIGEST_MAX);
	digest_init(&maker);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_make((const char *)data, n), set, needle;
	struct part_tree tree;
	bool want;

	begin();
	if (!str_cut(&s, '\n', &set) || !str_cut(&s, '\n', &needle))
		return 0;
	if (!s.p)
		s = STR("");
	read_set(set, s, s.n ? s.n : 1, &whole);
	read_set(set, s, 1, &pieces);
	same();
	fold_in(s, s.n ? s.n : 1, &whole);
	fold_in(s, 1, &pieces);
	same();
	needle = text_needle(needle, &arena);
	want = needle.n == 0 ||
	       (whole.n >= needle.n &&
		   memmem(whole.p, whole.n, needle.p, needle.n) != NULL);
	if (text_in(&finder, needle, s) != want)
		abort();
	part_parse(&tree, s, &arena);
	if (text_in_body(&finder, needle, &tree) &&
	    !text_in_message(&finder, needle, &tree))
		abort();
	check_digest(needle, s);
	return 0;
}
