/* SPDX-License-Identifier: ISC */
/* Content-Type and its like: bounded lists, values in UTF-8. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/charset.h"
#include "msg/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_make((const char *)data, n);
	struct str type, subtype, rest, token;
	struct param_list l;
	struct arena a;
	struct buf b;

	arena_init(&a, 256 << 10);
	buf_init(&b, 1 << 22);
	if (param_type(s, &type, &subtype, &rest) &&
	    (type.n == 0 || subtype.n == 0))
		abort();
	if (param_token(s, &token, &rest) && token.n == 0)
		abort();
	param_parse(&l, s, &a);
	if (l.n > PARAM_MAX)
		abort();
	for (size_t i = 0; i < l.n; i++) {
		const struct param *p = param_find(&l, l.params[i].name);

		if (!p || !str_ieq(p->name, l.params[i].name))
			abort();
		buf_reset(&b);
		param_utf8(&l.params[i], &b);
		if (b.over || !charset_is_utf8(buf_slice(&b)))
			abort();
	}
	buf_free(&b);
	arena_free(&a);
	return 0;
}
