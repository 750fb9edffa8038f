/* SPDX-License-Identifier: ISC */
/* Command lines: slices stay inside the line, parameters move forward, and a
 * received reply line that parses is written back as one line. */
#include <stdint.h>
#include <stdlib.h>

#include "proto/smtp_cmd.h"
#include "proto/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
inside(struct str part, struct str whole)
{
	if (part.n && (part.p < whole.p || part.n > whole.n ||
			  part.p - whole.p > (ptrdiff_t)(whole.n - part.n)))
		abort();
}

static void
params(struct scan *s, struct str line)
{
	struct smtp_param p;
	const char *before = s->p;

	while (smtp_cmd_param(s, &p) > 0) {
		inside(p.keyword, line);
		if (p.has_value)
			inside(p.value, line);
		if (s->p <= before || p.keyword.n == 0)
			abort();
		before = s->p;
	}
}

static void
path(struct str args, struct str word)
{
	struct scan s = scan_make(args);
	struct smtp_path p;

	if (smtp_cmd_path(&s, word, SMTP_PATH_NULL, &p))
		params(&s, args);
	else if (!s.bad)
		abort();
}

static void
reply(struct str line)
{
	struct smtp_reply_line r;
	struct buf b;

	if (smtp_reply_read(line, &r) < 0)
		return;
	if (r.code < 200 || r.code > 599)
		abort();
	inside(r.text, line);
	inside(r.enhanced, line);
	buf_init(&b, 4096);
	smtp_reply_write(&(struct smtp_reply){r.code, "", "x\ny"}, &b);
	if (b.over || b.n != 14)
		abort();
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str line = str_make((const char *)data, n);
	struct str verb, args;

	reply(line);
	if (!smtp_cmd_split(line, &verb, &args))
		return 0;
	inside(verb, line);
	inside(args, line);
	if (verb.n == 0 || str_has(verb, ' '))
		abort();
	path(args, STR("FROM:"));
	path(args, STR("TO:"));
	smtp_cmd_is_name(args);
	return 0;
}
