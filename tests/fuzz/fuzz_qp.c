/* SPDX-License-Identifier: ISC */
/* Quoted-printable: pieces make no difference, and it never grows. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/qp.h"

static void
feed(struct str s, size_t step, struct buf *to)
{
	struct qp d;

	qp_begin(&d);
	for (size_t i = 0; i < s.n; i += step)
		qp_feed(&d, str_to(str_from(s, i), step), to);
	qp_end(&d, to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_make((const char *)data, n);
	struct buf a, b;

	buf_init(&a, n);
	buf_init(&b, n);
	feed(s, n + 1, &a);
	for (size_t step = 1; step < 4; step++) {
		buf_reset(&b);
		feed(s, step, &b);
		if (a.over || b.over || !str_eq(buf_slice(&a), buf_slice(&b)))
			abort();
	}
	buf_free(&a);
	buf_free(&b);
	return 0;
}
