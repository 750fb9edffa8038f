/* SPDX-License-Identifier: ISC */
/* ENVELOPE and BODYSTRUCTURE: whatever the message, one balanced list of
 * well-formed strings. */
#include <stdint.h>
#include <stdlib.h>

#include "base/scan.h"
#include "proto/imap_body.h"

static void
quoted(struct scan *s)
{
	for (;;) {
		int c = scan_peek(s);

		if (c < 0 || c == '\r' || c == '\n' || c == 0 || c > 0x7f)
			abort();
		s->p++;
		if (c == '"')
			return;
		if (c == '\\' && !scan_try(s, '"') && !scan_try(s, '\\'))
			abort();
	}
}

static void
literal(struct scan *s)
{
	uint64_t n;
	struct str text;

	if (!scan_num(s, UINT32_MAX, &n) || !scan_try(s, '}') ||
	    !scan_try(s, '\r') || !scan_try(s, '\n') ||
	    !scan_take(s, (size_t)n, &text) || str_has(text, '\0'))
		abort();
}

static void
check(struct str list)
{
	struct scan s = scan_make(list);
	size_t depth = 0;

	do {
		if (scan_try(&s, '(')) {
			depth++;
		} else if (scan_try(&s, ')')) {
			if (depth-- == 0)
				abort();
		} else if (scan_try(&s, '"')) {
			quoted(&s);
		} else if (scan_try(&s, '{')) {
			literal(&s);
		} else if (scan_try(&s, ' ')) {
			if (scan_peek(&s) == ' ' || scan_peek(&s) == ')')
				abort();
		} else if (!scan_try_word(&s, STR("NIL"))) {
			uint64_t n;

			if (!scan_num(&s, UINT64_MAX, &n))
				abort();
		}
	} while (depth);
	if (!scan_end(&s))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_make((const char *)data, n);
	struct arena a;
	struct part_tree t;
	struct buf b;

	arena_init(&a, 5 << 20);
	/* The ceiling depends on the input, so that it is met too. */
	buf_init(&b, n && data[0] == 'L' ? 200 : 16 << 20);
	part_parse(&t, text, &a);
	imap_body_envelope(&b, text);
	check(buf_slice(&b));
	for (int extended = 0; extended < 2; extended++) {
		buf_reset(&b);
		imap_body_structure(&b, &t, extended);
		check(buf_slice(&b));
	}
	buf_free(&b);
	arena_free(&a);
	return 0;
}
