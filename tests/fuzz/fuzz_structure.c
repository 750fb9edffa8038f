/* SPDX-License-Identifier: ISC */
/* ENVELOPE and BODYSTRUCTURE: whatever the message, one balanced list of
 * well-formed strings. */
#include <stdint.h>
#include <stdlib.h>

#include "base/scan.h"
#include "msg/structure.h"

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
	struct arena a, scratch;
	struct part_tree t;
	struct buf b, basic, extra;
	/* The ceiling depends on the input, so that it is met too. */
	size_t max = n && data[0] == 'L' ? 200 : 16 << 20;

	arena_init(&a, 8 << 20);
	arena_init(&scratch, 8 << 20);
	buf_init(&b, max);
	buf_init(&basic, max);
	buf_init(&extra, 1 << 20);
	part_parse(&t, text, &a);
	structure_envelope(&b, text, &scratch);
	check(buf_slice(&b));
	buf_reset(&b);
	structure_put(&b, &t, &extra, &scratch);
	check(buf_slice(&b));
	if (structure_basic(&basic, buf_slice(&b), buf_slice(&extra)) < 0)
		abort();
	check(buf_slice(&basic));
	buf_reset(&basic);
	structure_basic(&basic, buf_slice(&b), text);
	buf_free(&b);
	buf_free(&basic);
	buf_free(&extra);
	arena_free(&a);
	arena_free(&scratch);
	return 0;
}
