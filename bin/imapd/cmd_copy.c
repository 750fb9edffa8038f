/* SPDX-License-Identifier: ISC */
/* COPY (RFC 3501 6.4.7) and MOVE (RFC 6851 3), with COPYUID (RFC 4315 3). */
#include <errno.h>

#include "proto/imap_set.h"
#include "table.h"

/* "COPYUID validity from to" into s->text. */
static void
put_copyuid(struct imap *s, const struct mailbox_copied *pairs, size_t n,
    uint32_t uidvalidity)
{
	uint32_t *uid = arena_array(&s->arena, n, sizeof(*uid));

	buf_fmt(&s->text, "COPYUID %lu ", (unsigned long)uidvalidity);
	for (size_t i = 0; i < n; i++)
		uid[i] = pairs[i].from;
	imap_set_put(&s->text, uid, n);
	buf_chr(&s->text, ' ');
	for (size_t i = 0; i < n; i++)
		uid[i] = pairs[i].to;
	imap_set_put(&s->text, uid, n);
}

static enum reply
failed(struct imap *s)
{
	switch (errno) {
	case ENOENT:
	case EINVAL:
		return imap_no(s, "TRYCREATE", "no such mailbox");
	case ESTALE:
		return imap_no(
		    s, "EXPUNGEISSUED", "some messages are no longer there");
	default:
		return imap_fail(s);
	}
}

/* MOVE tells the pairs before the EXPUNGEs (RFC 6851 4.3), COPY at the end. */
static enum reply
tell(struct imap *s, bool move, const struct mailbox_copied *pairs, size_t n,
    uint32_t uidvalidity)
{
	if (n == 0)
		return REPLY_OK;
	if (move) {
		buf_z(&s->text, "* OK [");
		put_copyuid(s, pairs, n, uidvalidity);
		buf_z(&s->text, "] moved\r\n");
		imap_flush_text(s);
		return REPLY_OK;
	}
	put_copyuid(s, pairs, n, uidvalidity);
	buf_chr(&s->reply, '[');
	buf_str(&s->reply, buf_slice(&s->text));
	buf_z(&s->reply, "] copied");
	buf_reset(&s->text);
	return REPLY_OK;
}

static enum reply
transfer(struct imap *s, struct scan *args, bool move)
{
	struct mailbox_copied *pairs;
	size_t *index, n, done = 0;
	uint32_t uidvalidity = 0;
	struct imap_set set;
	struct str dest;

	if (!imap_sp(args) || !imap_set_scan(args, &s->arena, &set) ||
	    !imap_sp(args) || !imap_mailbox(s, args, &dest) ||
	    !scan_finish(args) ||
	    !imap_select_set(s, args, &set, s->uid, &index, &n))
		return imap_bad(s, args->bad);
	if (move && s->box.readonly)
		return imap_no(s, NULL, "mailbox is read-only");
	pairs = arena_array(&s->arena, n, sizeof(*pairs));
	if (!folder_valid(dest))
		return imap_no(s, "CANNOT", "no mailbox can have this name");
	if (n == 0)
		return imap_ok(s, NULL, "no such messages");
	if (mailbox_copy(
		&s->box, index, n, dest, move, pairs, &done, &uidvalidity) < 0)
		return failed(s);
	return tell(s, move, pairs, done, uidvalidity);
}

enum reply
cmd_copy(struct imap *s, struct scan *args)
{
	return transfer(s, args, false);
}

enum reply
cmd_move(struct imap *s, struct scan *args)
{
	return transfer(s, args, true);
}
