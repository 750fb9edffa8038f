/* SPDX-License-Identifier: ISC */
/* Headers: the fields are all of the header, dates and parameters in them do no
 * harm. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/date.h"
#include "msg/header.h"
#include "msg/param.h"

static void
values(struct str value)
{
	struct arena a;
	struct param_list l;
	struct str type, subtype, rest;
	struct buf b;
	int64_t utc_s;
	int zone;
	char date[DATE_SIZE];

	arena_init(&a, 256 << 10);
	buf_init(&b, 4 * value.n + 16);
	if (param_type(value, &type, &subtype, &rest)) {
		param_parse(&l, rest, &a);
		for (size_t i = 0; i < l.n; i++) {
			buf_reset(&b);
			param_utf8(&l.params[i], &b);
		}
	}
	if (date_parse(value, &utc_s, &zone) == 0) {
		int64_t again;

		date_rfc5322(date, utc_s, zone);
		if (date_parse(str_z(date), &again, &zone) < 0)
			abort();
		/* A zone may carry a time out of the years we write. */
		if (utc_s != again && again != 0)
			abort();
	}
	buf_free(&b);
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_make((const char *)data, n);
	struct header h = header_make(text);
	struct header_field f;
	struct buf a, b;
	size_t at = 0;

	while (header_next(&h, &f)) {
		if (f.whole.p != text.p + at || f.whole.n == 0 ||
		    f.value.p < f.whole.p ||
		    f.value.p + f.value.n > f.whole.p + f.whole.n)
			abort();
		at += f.whole.n;
		values(f.value);
	}
	if (at > header_size(text) || header_size(text) - at > 2)
		abort();
	buf_init(&a, 2 * n + 16);
	buf_init(&b, 2 * n + 16);
	header_crlf(str_to(text, header_size(text)), &a);
	header_subset(text, NULL, 0, true, &b);
	if (!str_eq(buf_slice(&a), buf_slice(&b)))
		abort();
	buf_free(&a);
	buf_free(&b);
	return 0;
}
