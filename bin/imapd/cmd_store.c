/* SPDX-License-Identifier: ISC */
/* STORE (RFC 3501 6.4.6). */
#include <errno.h>

#include "flag_args.h"
#include "sync.h"
#include "table.h"

struct store {
	enum store_op op;
	bool silent;
	struct str *names;
	size_t n;
};

/* "+FLAGS.SILENT (\Seen)" */
static bool
item(struct imap *s, struct scan *args, struct store *st)
{
	st->op = STORE_SET;
	if (scan_try(args, '+'))
		st->op = STORE_ADD;
	else if (scan_try(args, '-'))
		st->op = STORE_REMOVE;
	if (!scan_try_word(args, STR("FLAGS")))
		return scan_fail(args, "FLAGS expected");
	st->silent = scan_try_word(args, STR(".SILENT"));
	if (!imap_sp(args))
		return false;
	if (scan_peek(args) == '(')
		return imap_flag_list(
		    args, &s->arena, IMAP_FLAGS, &st->names, &st->n);
	return imap_flags_bare(args, &s->arena, IMAP_FLAGS, &st->names, &st->n);
}

/* The bits of the flags that st names, keywords made where they are set. */
static enum reply
resolve(
    struct imap *s, const struct store *st, uint32_t *flags, uint64_t *keywords)
{
	bool create = st->op != STORE_REMOVE;

	*flags = 0;
	*keywords = 0;
	for (size_t i = 0; i < st->n; i++) {
		int k;

		if (st->names[i].p[0] == '\\') {
			*flags |= flag_bit(st->names[i]);
			continue;
		}
		k = mailbox_keyword(&s->box, st->names[i], create);
		if (k >= 0)
			*keywords |= UINT64_C(1) << k;
		else if (errno == ENOSPC)
			return imap_no(s, "LIMIT", "too many keywords");
		else if (errno == EINVAL)
			return imap_no(s, "CANNOT", "no such keyword");
		else if (errno != ENOENT)
			return imap_fail(s);
	}
	return REPLY_OK;
}

static enum reply
tell(struct imap *s, const struct store *st, const size_t *index, size_t n)
{
	bool gone = false;

	for (size_t i = 0; i < n; i++) {
		if (mailbox_gone(&s->box, index[i]))
			gone = true;
		else if (!st->silent)
			imap_send_fetch_flags(s, index[i], s->uid);
	}
	if (gone && !s->uid)
		return imap_no(
		    s, "EXPUNGEISSUED", "some messages are no longer there");
	return REPLY_OK;
}

enum reply
cmd_store(struct imap *s, struct scan *args)
{
	uint32_t flags = 0;
	uint64_t keywords = 0, before = imap_known_keywords(&s->box);
	size_t *index, n;
	struct imap_set set;
	struct store st = {0};
	enum reply r;

	if (!imap_sp(args) || !imap_set_scan(args, &s->arena, &set) ||
	    !imap_sp(args) || !item(s, args, &st) || !scan_finish(args) ||
	    !flags_allowed(args, st.names, st.n) ||
	    !imap_select_set(s, args, &set, s->uid, &index, &n))
		return imap_bad(s, args->bad);
	if (s->box.readonly)
		return imap_no(s, NULL, "mailbox is read-only");
	r = resolve(s, &st, &flags, &keywords);
	if (r != REPLY_OK)
		return r;
	/* A client must know a keyword before it sees it (7.2.6). */
	if (imap_known_keywords(&s->box) != before)
		imap_send_flags(s);
	if (mailbox_store(&s->box, index, n, st.op, flags, keywords) < 0)
		return imap_fail(s);
	return tell(s, &st, index, n);
}
