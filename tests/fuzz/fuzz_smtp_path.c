/* SPDX-License-Identifier: ISC */
/* Paths: what parses has a canonical form that parses to itself, and never
 * holds an octet that could end a line or a record, nor anything but ASCII
 * where UTF-8 is not allowed, nor anything but UTF-8 where it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msg/charset.h"
#include "proto/smtp_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(const struct smtp_path *p, unsigned allow)
{
	struct smtp_path q;

	if (strlen(p->text) != p->n || p->n >= sizeof(p->text))
		abort();
	for (size_t i = 0; i < p->n; i++)
		if ((unsigned char)p->text[i] < 0x20 || p->text[i] == 0x7f)
			abort();
	if (!(allow & SMTP_PATH_UTF8) &&
	    (p->utf8 || !str_is_ascii(smtp_path_text(p))))
		abort();
	if (!str_is_ascii(smtp_path_domain(p)))
		abort();
	if (!charset_is_utf8(smtp_path_local(p)) ||
	    !charset_is_utf8(smtp_path_text(p)))
		abort();
	if (p->n == 0 || smtp_path_domain(p).n == 0)
		return;
	if (smtp_path_parse(smtp_path_text(p), allow, &q) < 0 ||
	    strcmp(p->text, q.text) != 0 ||
	    !str_eq(smtp_path_local(p), smtp_path_local(&q)))
		abort();
	if (smtp_path_make(smtp_path_local(p), smtp_path_domain(p), allow, &q) <
		0 ||
	    strcmp(p->text, q.text) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_make((const char *)data, n);
	struct smtp_path p;

	for (unsigned allow = 0; allow < 8; allow++) {
		struct scan s = scan_make(text);

		if (smtp_path_scan(&s, allow, &p))
			check(&p, allow);
		else if (!s.bad)
			abort();
		if (smtp_path_parse(text, allow, &p) == 0)
			check(&p, allow);
		if (smtp_path_make(text, STR("example.test"), allow, &p) == 0)
			check(&p, allow);
	}
	return 0;
}
