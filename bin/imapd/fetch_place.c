/* SPDX-License-Identifier: ISC */
/* Counting and sending parts of texts. */
#include "fetch_place.h"

#include <string.h>

/* The next LF without CR from i on, or text.n. */
static size_t
bare_lf(struct str text, size_t i)
{
	while (i < text.n) {
		const char *lf = memchr(text.p + i, '\n', text.n - i);

		if (!lf)
			return text.n;
		i = (size_t)(lf - text.p);
		if (i == 0 || text.p[i - 1] != '\r')
			return i;
		i++;
	}
	return text.n;
}

struct fetch_place
fetch_place(
    struct str text, struct fetch_place at, uint64_t want, uint64_t *got)
{
	*got = 0;
	if (at.mid && want) {
		at = (struct fetch_place){at.p + 1, false};
		*got = 1;
	}
	while (*got < want && at.p < text.n) {
		size_t lf = bare_lf(text, at.p);
		uint64_t left = want - *got;

		if (left <= lf - at.p) {
			at.p += (size_t)left;
			*got = want;
			break;
		}
		*got += lf - at.p;
		at.p = lf;
		if (lf == text.n)
			break;
		left = want - *got;
		at.mid = left == 1;
		at.p += !at.mid;
		*got += at.mid ? 1 : 2;
	}
	return at;
}

void
fetch_place_send(
    struct out *o, struct str text, struct fetch_place a, struct fetch_place b)
{
	if (a.mid && (a.p < b.p || !b.mid)) {
		out_chr(o, '\n');
		a.p++;
	} else if (a.mid) {
		return; /* nothing lies between */
	}
	if (a.p < b.p) {
		o->cr = a.p > 0 && text.p[a.p - 1] == '\r';
		out_crlf(o, str_to(str_from(text, a.p), b.p - a.p));
	}
	if (b.mid)
		out_chr(o, '\r');
}
