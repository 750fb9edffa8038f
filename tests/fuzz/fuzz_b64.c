/* SPDX-License-Identifier: ISC */
/* Base64: what is accepted has one spelling; pieces make no difference. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/b64.h"

static void
feed(struct str s, size_t step, struct buf *to)
{
	struct b64 d;

	b64_begin(&d);
	for (size_t i = 0; i < s.n; i += step)
		b64_feed(&d, str_to(str_from(s, i), step), to);
	b64_end(&d, to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_make((const char *)data, n);
	struct buf a, b;

	buf_init(&a, 4 * n + 4);
	buf_init(&b, 4 * n + 4);
	if (b64_decode(&a, s) == 0) {
		b64_encode(&b, buf_slice(&a));
		if (!str_eq(buf_slice(&b), s))
			abort();
		buf_reset(&b);
		feed(s, 3, &b);
		if (!str_eq(buf_slice(&a), buf_slice(&b)))
			abort();
	} else if (a.n) {
		abort();
	}
	buf_reset(&a);
	buf_reset(&b);
	feed(s, 1, &a);
	feed(s, n + 1, &b);
	if (!str_eq(buf_slice(&a), buf_slice(&b)) || a.n > n)
		abort();
	buf_free(&a);
	buf_free(&b);
	return 0;
}
