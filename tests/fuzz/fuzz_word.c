/* SPDX-License-Identifier: ISC */
/* Encoded words: the result is UTF-8, and what we write we read. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/charset.h"
#include "msg/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf text, coded, back;
	struct str s;

	buf_init(&text, 4 * n + 16);
	buf_init(&coded, 100 * n + 1000);
	buf_init(&back, 4 * n + 16);
	word_decode(str_make((const char *)data, n), &text);
	s = buf_slice(&text);
	if (text.over || !charset_is_utf8(s))
		abort();
	s = str_trim(s);
	word_encode(s, &coded);
	word_decode(buf_slice(&coded), &back);
	if (!str_eq(s, buf_slice(&back)))
		abort();
	buf_free(&text);
	buf_free(&coded);
	buf_free(&back);
	return 0;
}
