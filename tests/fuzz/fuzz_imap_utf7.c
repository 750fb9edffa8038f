/* SPDX-License-Identifier: ISC */
/* Mailbox names: a valid one decodes and encodes to itself; UTF-8 that can be
 * encoded gives a valid name that decodes to the same. */
#include <stdlib.h>

#include "proto/imap_match.h"
#include "proto/imap_utf7.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_make((const char *)data, n);
	struct buf b, c;

	buf_init(&b, 8 * n + 64);
	buf_init(&c, 8 * n + 64);
	if (imap_utf7_valid(s)) {
		if (imap_utf7_decode(s, &b) < 0 ||
		    imap_utf7_encode(buf_slice(&b), &c) < 0 ||
		    !str_eq(buf_slice(&c), s))
			abort();
	}
	buf_reset(&b);
	buf_reset(&c);
	if (imap_utf7_encode(s, &b) == 0) {
		if (!imap_utf7_valid(buf_slice(&b)) ||
		    imap_utf7_decode(buf_slice(&b), &c) < 0 ||
		    !str_eq(buf_slice(&c), s))
			abort();
	}
	if (n > 1 && n < 2000) {
		struct str pattern = str_to(s, n / 2);

		imap_match(pattern, str_from(s, n / 2), '.');
	}
	buf_free(&b);
	buf_free(&c);
	return 0;
}
