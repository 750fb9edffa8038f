/* SPDX-License-Identifier: ISC */
/* A whole command: tag, name, and its arguments read in every way there is.
 * Slices must lie inside the command or the arena; what a section is answered
 * as must read as the same section again. */
#include <stdlib.h>

#include "proto/imap_fetch.h"
#include "proto/imap_set.h"
#include "proto/imap_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct arena arena;

static void
sections(struct scan args)
{
	struct imap_fetch f, g;
	struct buf b, c;

	if (!imap_fetch_scan(&args, &arena, &f))
		return;
	buf_init(&b, 1 << 20);
	buf_init(&c, 1 << 20);
	for (size_t i = 0; i < f.n; i++) {
		struct scan again;

		if (f.sections[i].partial)
			continue;
		buf_reset(&b);
		buf_reset(&c);
		imap_section_put(&b, &f.sections[i]);
		again = scan_make(buf_slice(&b));
		if (!imap_fetch_scan(&again, &arena, &g) || !scan_end(&again) ||
		    g.n != 1)
			abort();
		imap_section_put(&c, &g.sections[0]);
		if (!str_eq(buf_slice(&b), buf_slice(&c)))
			abort();
	}
	buf_free(&b);
	buf_free(&c);
}

static void
sets(struct scan args)
{
	struct imap_set set;

	if (!imap_set_scan(&args, &arena, &set))
		return;
	imap_set_resolve(&set, 1000);
	for (size_t i = 0; i < set.n; i++) {
		if (set.r[i].lo == 0 || set.r[i].hi < set.r[i].lo ||
		    !imap_set_has(&set, set.r[i].lo) ||
		    !imap_set_has(&set, set.r[i].hi))
			abort();
		if (i > 0 && set.r[i].lo <= set.r[i - 1].hi)
			abort();
	}
}

static void
strings(struct scan args)
{
	struct str s, *flags;
	int64_t t;
	size_t n;
	struct scan a = args;

	while (imap_astring(&a, &arena, &s) && scan_try(&a, ' '))
		if (str_has(s, '\0'))
			abort();
	a = args;
	imap_list_mailbox(&a, &arena, &s);
	a = args;
	if (imap_flag_list(&a, &arena, 50, &flags, &n) && n > 50)
		abort();
	a = args;
	imap_date_time(&a, &t);
	a = args;
	imap_date(&a, &t);
	a = args;
	imap_nstring(&a, &arena, &s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_make((const char *)data, n);
	struct scan s = scan_make(text);
	struct imap_literal l;
	struct str tag, name;

	if (!arena.max)
		arena_init(&arena, 256 << 20);
	arena_reset(&arena);
	if (imap_literal_tail(text, &l) > 0 && l.n > INT64_MAX)
		abort();
	if (!imap_tag(&s, &tag) || !imap_sp(&s) || !imap_atom(&s, &name) ||
	    !imap_sp(&s))
		return 0;
	sections(s);
	sets(s);
	strings(s);
	return 0;
}
