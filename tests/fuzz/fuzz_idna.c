/* SPDX-License-Identifier: ISC */
/* Domains: what comes out is ASCII, and stays as it is. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/idna.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf b, again;

	buf_init(&b, 2000);
	buf_init(&again, 2000);
	if (idna_ascii(str_make((const char *)data, n), &b) == 0) {
		if (b.over || !str_is_ascii(buf_slice(&b)) ||
		    idna_ascii(buf_slice(&b), &again) < 0 ||
		    !str_eq(buf_slice(&b), buf_slice(&again)))
			abort();
	}
	buf_free(&b);
	buf_free(&again);
	return 0;
}
