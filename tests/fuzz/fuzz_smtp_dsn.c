/* SPDX-License-Identifier: ISC */
/* DSN parameters: what is accepted fits a report's field and a record of the
 * queue, and encoded again it is accepted again and means the same. */
#include <stdint.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "msg/charset.h"
#include "proto/smtp_dsn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
need(bool good)
{
	if (!good)
		abort();
}

static void
printable(struct str s, bool utf8)
{
	for (size_t i = 0; i < s.n; i++)
		need(!ascii_iscntrl(s.p[i]) && (utf8 || !ascii_ishigh(s.p[i])));
	need(charset_is_utf8(s));
}

static void
envid(struct str value)
{
	struct buf text, coded, again;

	buf_init(&text, 1024);
	buf_init(&coded, 4096);
	buf_init(&again, 1024);
	if (smtp_dsn_envid(value, &text) == 0) {
		printable(buf_slice(&text), false);
		smtp_dsn_encode(buf_slice(&text), &coded);
		/* The shortest form: it cannot have become too long. */
		need(coded.n <= value.n);
		need(smtp_dsn_envid(buf_slice(&coded), &again) == 0);
		need(str_eq(buf_slice(&text), buf_slice(&again)));
	}
	buf_free(&text);
	buf_free(&coded);
	buf_free(&again);
}

static void
orcpt(struct str value, bool utf8)
{
	struct buf text, coded, again;
	size_t at;

	buf_init(&text, 1024);
	buf_init(&coded, 4096);
	buf_init(&again, 1024);
	if (smtp_dsn_orcpt(value, utf8, &text) == 0) {
		printable(buf_slice(&text), utf8);
		at = str_find(buf_slice(&text), ';') + 1;
		need(at < text.n);
		buf_str(&coded, str_to(buf_slice(&text), at));
		smtp_dsn_encode(str_from(buf_slice(&text), at), &coded);
		need(coded.n <= value.n);
		need(smtp_dsn_orcpt(buf_slice(&coded), utf8, &again) == 0);
		need(str_eq(buf_slice(&text), buf_slice(&again)));
	}
	buf_free(&text);
	buf_free(&coded);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str value = str_make((const char *)data, n);
	unsigned notify;
	char ret;

	envid(value);
	orcpt(value, false);
	orcpt(value, true);
	if (smtp_dsn_notify(value, &notify) == 0)
		need(notify == SMTP_DSN_NEVER ||
		     (notify && !(notify & SMTP_DSN_NEVER) && notify < 16));
	if (smtp_dsn_ret(value, &ret) == 0)
		need(ret == 'F' || ret == 'H');
	return 0;
}
