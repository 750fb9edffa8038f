/* SPDX-License-Identifier: ISC */
/* Address lists: groups are balanced, and a list written out plainly reads as
 * the same list. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "msg/addr.h"

static void
put_quoted(struct buf *to, struct str s)
{
	buf_chr(to, '"');
	for (size_t i = 0; i < s.n; i++) {
		buf_chr(to, '\\');
		buf_chr(to, s.p[i]);
	}
	buf_chr(to, '"');
}

static void
put(struct buf *to, const struct addr *a)
{
	if (a->kind == ADDR_END) {
		buf_chr(to, ';');
		return;
	}
	if (a->kind == ADDR_GROUP) {
		put_quoted(to, a->mailbox);
		buf_chr(to, ':');
		return;
	}
	if (a->name.n)
		put_quoted(to, a->name);
	buf_chr(to, '<');
	put_quoted(to, a->mailbox);
	if (a->host.n) {
		buf_chr(to, '@');
		put_quoted(to, a->host);
	}
	buf_z(to, ">,");
}

static void
check_groups(const struct addr_list *l)
{
	int open = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->addrs[i].kind == ADDR_GROUP && ++open > 1)
			abort();
		if (l->addrs[i].kind == ADDR_END && --open < 0)
			abort();
	}
	if (open || l->n > ADDR_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	struct addr_list l, m;
	struct buf b;

	/* So that what is written out is read again whole. */
	if (n > 65536)
		return 0;
	arena_init(&a, 16 << 20);
	buf_init(&b, 16 << 20);
	addr_parse(&l, str_make((const char *)data, n), &a);
	check_groups(&l);
	for (size_t i = 0; i < l.n; i++)
		put(&b, &l.addrs[i]);
	addr_parse(&m, buf_slice(&b), &a);
	if (b.n < ADDR_TEXT && l.n < ADDR_MAX - 10 && m.n != l.n)
		abort();
	for (size_t i = 0; i < l.n && i < m.n && b.n < ADDR_TEXT; i++)
		if (l.addrs[i].kind != m.addrs[i].kind ||
		    !str_eq(l.addrs[i].name, m.addrs[i].name) ||
		    !str_eq(l.addrs[i].mailbox, m.addrs[i].mailbox) ||
		    !str_eq(l.addrs[i].host, m.addrs[i].host))
			abort();
	buf_free(&b);
	arena_free(&a);
	return 0;
}
