/* SPDX-License-Identifier: ISC */
/* SASL exchanges: the first line is "MECHANISM [INITIAL]", the further ones are
 * responses, or, when a checker is asked, its verdict (one octet) and what goes
 * to the client.  Names and passwords lie in what went in, without NULs, and
 * every exchange comes to an end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(const struct sasl *s)
{
	if (s->user.n == 0 || s->pass.n == 0 || str_has(s->user, '\0') ||
	    str_has(s->pass, '\0') || s->user.n + s->pass.n > SASL_PASSWORD)
		abort();
	if (s->user.p < s->text.p ||
	    s->pass.p + s->pass.n > s->text.p + s->text.n)
		abort();
}

static enum sasl_result
told(struct sasl *s, struct str line)
{
	if (s->kind != SASL_CHECKER || s->text.n > SASL_MESSAGE)
		abort();
	return sasl_told(s, line.n ? line.p[0] : 't', str_from(line, 1));
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
	r = sasl_begin(
	    &s, STR("EXTERNAL SCRAM-SHA-256 PLAIN LOGIN"), mechanism, first);
	while (
	    (r == SASL_MORE || r == SASL_ASK) && str_cut(&rest, '\n', &line)) {
		if (++steps > 2 && s.kind != SASL_CHECKER)
			abort();
		if (strlen(sasl_challenge(&s)) > SASL_CHALLENGE)
			abort();
		r = r == SASL_ASK ? told(&s, line) : sasl_step(&s, line);
	}
	if (r == SASL_DONE)
		check(&s);
	sasl_end(&s);
	return 0;
}
