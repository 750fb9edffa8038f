/* SPDX-License-Identifier: ISC */
/* SEARCH and UID SEARCH (RFC 3501 6.4.4), with RETURN (RFC 4731). */
#include <poll.h>

#include "base/now.h"
#include "proto/imap_search.h"
#include "proto/imap_write.h"
#include "search_match.h"
#include "table.h"

/* "* SEARCH 2 3 5" */
static void
plain_answer(struct imap *s, const uint32_t *found, size_t n)
{
	struct out *o = &s->serve.out;

	out_z(o, "* SEARCH");
	for (size_t i = 0; i < n; i++) {
		out_chr(o, ' ');
		out_num(o, found[i]);
	}
	out_z(o, "\r\n");
}

/* "* ESEARCH (TAG "a") UID MIN 2 MAX 5 COUNT 3 ALL 2:3,5" (RFC 4731 3.1). */
static void
extended_answer(
    struct imap *s, unsigned options, const uint32_t *found, size_t n)
{
	struct buf *b = &s->text;

	buf_z(b, "* ESEARCH (TAG \"");
	buf_str(b, s->tag);
	buf_z(b, "\")");
	if (s->uid)
		buf_z(b, " UID");
	if (n > 0 && (options & SEARCH_MIN))
		buf_fmt(b, " MIN %lu", (unsigned long)found[0]);
	if (n > 0 && (options & SEARCH_MAX))
		buf_fmt(b, " MAX %lu", (unsigned long)found[n - 1]);
	if (options & SEARCH_COUNT)
		buf_fmt(b, " COUNT %zu", n);
	if (n > 0 && (options & SEARCH_ALL)) {
		buf_z(b, " ALL ");
		imap_set_put(b, found, n);
	}
	buf_z(b, "\r\n");
	imap_flush_text(s);
}

#define LOOK_MS 1000 /* between two looks whether the client is there */
#define SAY_LOOKS 10 /* after so many of them, tell it that we are */

/* Whether the client's end is gone for writing; a client that has only closed
 * its own writing side still wants its answer. */
static bool
is_gone(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP));
}

/* In a search that takes long: returns false when nobody waits for it any
 * more.  Words now and then keep connections alive, and show whether they
 * are. */
static bool
still_wanted(struct imap *s, size_t i, int64_t *next, unsigned *looks)
{
	struct out *o = &s->serve.out;

	if (now_ms() < *next)
		return true;
	*next = now_ms() + LOOK_MS;
	if (++*looks % SAY_LOOKS == 0)
		out_fmt(o, "* OK Searched %lu%%\r\n",
		    (unsigned long)(i * 100 / s->box.n));
	out_flush(o);
	if (!out_failed(o) && !is_gone(o->fd))
		return true;
	s->over = true;
	s->why = "lost";
	return false;
}

/* Whether one message that matches is all that was asked for: the first, or,
 * looking from behind, the last. */
static bool
is_enough(unsigned options)
{
	return options == (SEARCH_RETURN | SEARCH_MIN) ||
	       options == (SEARCH_RETURN | SEARCH_MAX);
}

static enum reply
search(struct search *h, const struct imap_query *q)
{
	struct imap *s = h->s;
	uint32_t *found = arena_array(&s->arena, s->box.n, sizeof(*found));
	bool backwards = q->options == (SEARCH_RETURN | SEARCH_MAX);
	int64_t next = now_ms() + LOOK_MS;
	unsigned looks = 0;
	size_t n = 0;

	for (size_t k = 0; k < s->box.n; k++) {
		size_t i = backwards ? s->box.n - 1 - k : k;
		int r = search_match(h, i);

		if (r < 0)
			return imap_fail(s);
		if (r > 0)
			found[n++] =
			    s->uid ? mailbox_uid(&s->box, i) : (uint32_t)i + 1;
		if (n && is_enough(q->options))
			break;
		if (q->keys->cost > COST_KNOWN &&
		    !still_wanted(s, k, &next, &looks))
			return REPLY_NONE;
	}
	if (q->options & SEARCH_RETURN)
		extended_answer(s, q->options, found, n);
	else
		plain_answer(s, found, n);
	return REPLY_OK;
}

enum reply
cmd_search(struct imap *s, struct scan *args)
{
	struct imap_query q;
	struct search h;
	enum reply r;

	if (!imap_sp(args) || !imap_search_scan(args, &s->arena, &q) ||
	    !scan_finish(args))
		return imap_bad(s, args->bad);
	if (!str_ieq(q.charset, STR("UTF-8")) &&
	    !str_ieq(q.charset, STR("US-ASCII")))
		return imap_no(
		    s, "BADCHARSET (US-ASCII UTF-8)", "unknown character set");
	if (search_begin(&h, s, args, q.keys))
		r = search(&h, &q);
	else
		r = imap_bad(s, args->bad);
	search_end(&h);
	return r;
}
