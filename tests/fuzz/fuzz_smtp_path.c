/* SPDX-License-Identifier: ISC */
/* Paths: what parses has a canonical form that parses to itself, and never
 * holds an octet that could end a line or a record. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/smtp_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(const struct smtp_path *p)
{
	struct smtp_path q;

	if (strlen(p->text) != p->n || p->n >= sizeof(p->text))
		abort();
	for (size_t i = 0; i < p->n; i++)
		if (p->text[i] < 0x20 || p->text[i] > 0x7e)
			abort();
	if (p->n == 0 || smtp_path_domain(p).n == 0)
		return;
	if (smtp_path_parse(smtp_path_text(p), &q) < 0 ||
	    strcmp(p->text, q.text) != 0 ||
	    !str_eq(smtp_path_local(p), smtp_path_local(&q)))
		abort();
	if (smtp_path_make(smtp_path_local(p), smtp_path_domain(p), &q) < 0 ||
	    strcmp(p->text, q.text) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_make((const char *)data, n);
	struct smtp_path p;

	for (unsigned allow = 0; allow < 4; allow++) {
		struct scan s = scan_make(text);

		if (smtp_path_scan(&s, allow, &p))
			check(&p);
		else if (!s.bad)
			abort();
	}
	if (smtp_path_parse(text, &p) == 0)
		check(&p);
	if (smtp_path_make(text, STR("example.test"), &p) == 0)
		check(&p);
	return 0;
}
