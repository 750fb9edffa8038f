/* SPDX-License-Identifier: ISC */
/* What a folder takes over from the server that had it before. */
#include "maildir/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fail.h"
#include "maildir/courier.h"

#define MEMORY ((size_t)1 << 30)
#define FIELDS_MAX 65536 /* octets of one message's */

int
inherit_keywords(
    const struct home *h, int fd, int cur, const struct uidlist *u, bool *inbox)
{
	struct courier_kept kept;
	struct stat top, here;

	if (fstat(h->fd, &top) < 0 || fstat(fd, &here) < 0)
		return fail("stat ", h->path);
	*inbox = top.st_dev == here.st_dev && top.st_ino == here.st_ino;
	return u->courier ? courier_keywords(fd, cur, false, &kept) : 0;
}

/* RFC 1939 7 says at most 70 characters from 0x21 to 0x7E; but where the server
 * before used file names, clients know longer ones. */
static bool
valid(struct str uidl)
{
	for (size_t i = 0; i < uidl.n; i++)
		if (uidl.p[i] < 0x21 || uidl.p[i] > 0x7e)
			return false;
	return uidl.n > 0 && uidl.n <= NAME_MAX;
}

/* Where it is the base the field stays empty, as Dovecot does it.  b: for this
 * alone. */
static void
set_uidl(
    struct uidlist_entry *e, struct str uidl, struct arena *a, struct buf *b)
{
	if (!valid(uidl) || uidlist_field(e, 'P').p)
		return;
	if (str_eq(uidl, e->base))
		uidl = STR("");
	if (!uidl.n && !e->fields.n) {
		e->fields = STR("P");
		return;
	}
	buf_reset(b);
	buf_str(b, e->fields);
	buf_z(b, e->fields.n ? " P" : "P");
	buf_str(b, uidl);
	if (!b->over)
		e->fields = arena_str(a, buf_slice(b));
}

static bool
taken_before(const struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->list[i].in_new && !f->list[i].recent)
			return true;
	return false;
}

int
inherit_pop3(struct uidlist *u, int fd, const struct files *f, struct arena *a)
{
	struct courier_pop3 *list;
	struct arena mine;
	struct buf b;
	size_t n;
	int r;
	bool names;

	arena_init(&mine, MEMORY);
	buf_init(&b, FIELDS_MAX);
	r = courier_pop3(fd, &mine, &list, &n);
	names = r == 0 && n == 0 && !u->courier && taken_before(f);
	for (size_t i = 0; r == 0 && (n || names) && i < u->n; i++) {
		struct uidlist_entry *e = &u->list[i];

		uidlist_ahead(u, i);
		set_uidl(e,
		    names ? e->base : courier_pop3_find(list, n, e->base), a,
		    &b);
	}
	buf_free(&b);
	arena_free(&mine);
	return r;
}
