/* SPDX-License-Identifier: ISC */
/* Base subjects are short and trimmed; ids end. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/thread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str rest = str_make((const char *)data, n), id;
	struct buf b;

	buf_init(&b, 2000);
	thread_subject(rest, &b);
	if (b.over || b.n > 1000 || (b.n && b.p[0] == ' ') ||
	    (b.n && b.n < 1000 && b.p[b.n - 1] == ' '))
		abort();
	buf_free(&b);
	while (thread_id(&rest, &id)) {
		if (id.n == 0 || str_has(id, '<') || str_has(id, '>') ||
		    rest.p <= id.p)
			abort();
	}
	if (rest.n)
		abort();
	return 0;
}
