/* SPDX-License-Identifier: ISC */
/* queue/envelope: any octets as envelope and as header line.  What is read is
 * printable again and then reads the same; a result line never yields text
 * that could break a line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/crc32c.h"
#include "queue/envelope.h"
#include "queue/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
need(bool ok)
{
	if (!ok)
		abort();
}

static void
same(const struct envelope *a, const struct envelope *b)
{
	need(str_eq(a->id, b->id) && str_eq(a->sender, b->sender));
	need(a->received_s == b->received_s && a->nrcpt == b->nrcpt);
	need(str_eq(a->auth, b->auth) && str_eq(a->helo, b->helo));
	need(str_eq(a->client_ip, b->client_ip));
	need(a->eight_bit == b->eight_bit && a->utf8 == b->utf8);
	for (size_t i = 0; i < a->nrcpt; i++)
		need(str_eq(a->rcpts[i].addr, b->rcpts[i].addr));
}

static void
text(struct str s, struct arena *a)
{
	struct envelope e, again;
	struct buf b;

	if (envelope_scan(s, a, &e) < 0)
		return;
	buf_init(&b, ENVELOPE_MAX);
	need(envelope_print(&e, &b) == 0);
	need(envelope_scan(buf_slice(&b), a, &again) == 0);
	same(&e, &again);
	buf_free(&b);
}

static void
header(const char *p, struct str rest)
{
	struct envelope_header h;
	char again[ENVELOPE_HEADER];

	if (envelope_header_scan(p, &h) < 0)
		return;
	need(envelope_body_at(&h) > ENVELOPE_HEADER);
	if (!envelope_header_fits(&h, rest))
		return;
	envelope_header_print(again, &h, crc32c(0, rest.p, rest.n));
	need(memcmp(again, p, ENVELOPE_HEADER) == 0);
}

static void
result(struct str s, struct arena *a)
{
	struct result r;

	if (result_scan(s, a, &r) < 0)
		return;
	need(r.status.n >= 5 && r.text.n <= RESULT_TEXT);
	for (size_t i = 0; i < r.text.n; i++)
		need(!ascii_iscntrl(r.text.p[i]) && !ascii_ishigh(r.text.p[i]));
	result_host(r.text);
	result_reply(r.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_make((const char *)data, n);
	struct arena a;

	arena_init(&a, (size_t)256 * 1024 * 1024);
	text(s, &a);
	if (n >= ENVELOPE_HEADER)
		header(s.p, str_from(s, ENVELOPE_HEADER));
	result(s, &a);
	arena_free(&a);
	return 0;
}
