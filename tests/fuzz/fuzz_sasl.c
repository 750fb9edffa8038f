/* SPDX-License-Identifier: ISC */
/* SASL responses: the first line is "MECHANISM [INITIAL]", the further ones
 * are responses.  Whatever comes out lies in what went in, without NULs. */
#include <stdint.h>
#include <stdlib.h>

#include "proto/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(const struct sasl *s)
{
	if (s->user.n == 0 || s->pass.n == 0 || str_has(s->user, '\0') ||
	    str_has(s->pass, '\0') || s->user.n + s->pass.n > SASL_MAX)
		abort();
	if (s->user.p < s->text.p ||
	    s->pass.p + s->pass.n > s->text.p + s->text.n)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str rest = str_make((const char *)data, n);
	struct str first, mechanism, line;
	enum sasl_result r;
	struct sasl s;
	int steps = 0;

	if (!str_cut(&rest, '\n', &first))
		return 0;
	str_cut(&first, ' ', &mechanism);
	r = sasl_begin(&s, mechanism, first);
	while (r == SASL_MORE && str_cut(&rest, '\n', &line)) {
		if (++steps > 2)
			abort();
		sasl_challenge(&s);
		r = sasl_step(&s, line);
	}
	if (r == SASL_DONE)
		check(&s);
	sasl_end(&s);
	return 0;
}
