/* SPDX-License-Identifier: ISC */
/* DATA: splitting changes nothing; what is fine holds no stray CR, LF or NUL;
 * and what was received is sent on as one message with the same octets. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "proto/smtp_dot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct result {
	struct buf text;
	size_t used;
	int end; /* seen */
	enum smtp_dot_fault fault;
};

static void
receive(struct result *r, struct str in, size_t step)
{
	struct smtp_dot d;

	*r = (struct result){.end = 0};
	buf_init(&r->text, 1 << 22);
	smtp_dot_init(&d);
	while (r->used < in.n && !r->end) {
		struct str part = str_to(str_from(in, r->used), step);
		size_t had = part.n;

		while (part.n && !r->end) {
			struct str piece;

			r->end = smtp_dot_next(&d, &part, &piece) == 0;
			buf_str(&r->text, piece);
		}
		r->used += had - part.n;
	}
	r->fault = d.fault;
}

static void
send_on(struct str message)
{
	struct smtp_stuff s;
	struct str in = message, piece;
	struct buf wire;
	struct result again;
	int r;

	buf_init(&wire, 1 << 22);
	smtp_stuff_init(&s);
	while ((r = smtp_stuff_next(&s, &in, &piece)) > 0)
		buf_str(&wire, piece);
	if (r < 0)
		abort();
	buf_str(&wire, smtp_stuff_end(&s));
	receive(&again, buf_slice(&wire), wire.n);
	if (!again.end || again.used != wire.n ||
	    !str_eq(buf_slice(&again.text), message))
		abort();
	buf_free(&again.text);
	buf_free(&wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = str_make((const char *)data, n);
	struct result whole, parts;

	receive(&whole, in, n ? n : 1);
	receive(&parts, in, n % 7 + 1);
	if (whole.end != parts.end || whole.used != parts.used ||
	    whole.fault != parts.fault ||
	    !str_eq(buf_slice(&whole.text), buf_slice(&parts.text)))
		abort();
	if (whole.end && !whole.fault)
		send_on(buf_slice(&whole.text));
	buf_free(&whole.text);
	buf_free(&parts.text);
	return 0;
}
