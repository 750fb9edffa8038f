/* SPDX-License-Identifier: ISC */
/* Log lines: everything read lies in the line or is shorter, and JSON made of
 * any octets is valid UTF-8 without control characters. */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/logline.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str line = str_make((const char *)data, n), rest;
	static struct logline l;
	struct arena a;
	struct buf b;
	size_t sum = 0;

	if (n > 65536)
		return 0;
	arena_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	if (logline_scan(line, 1795408180, &a, &l)) {
		for (size_t i = 0; i < l.n; i++)
			sum += l.pairs[i].key.n + l.pairs[i].value.n + 1;
		if (sum > n || l.n == 0 || l.prog.n == 0)
			abort();
	}
	json_str(&b, line);
	for (rest = buf_slice(&b); rest.n > 0;
	     rest = str_from(rest, utf8_len(rest)))
		if (!utf8_plain(rest.p, utf8_len(rest)))
			abort();
	buf_free(&b);
	arena_free(&a);
	return 0;
}
