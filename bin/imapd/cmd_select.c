/* SPDX-License-Identifier: ISC */
/* Selecting and leaving a mailbox: SELECT, EXAMINE, CLOSE, UNSELECT. */
#include "sync.h"
#include "table.h"

/* The untagged replies that SELECT owes (RFC 3501 6.3.1), FLAGS first. */
static void
describe(struct imap *s)
{
	struct mailbox *m = &s->box;
	struct out *o = &s->serve.out;
	size_t unseen = mailbox_first_unseen(m);
	char id[FOLDER_ID_SIZE];

	imap_send_flags(s);
	out_fmt(o, "* %zu EXISTS\r\n* %zu RECENT\r\n", m->n, mailbox_recent(m));
	if (unseen < m->n)
		out_fmt(o, "* OK [UNSEEN %zu] first unseen message\r\n",
		    unseen + 1);
	out_fmt(o, "* OK [UIDVALIDITY %lu] UIDs are valid\r\n",
	    (unsigned long)m->uidvalidity);
	out_fmt(
	    o, "* OK [UIDNEXT %lu] next UID\r\n", (unsigned long)m->uidnext);
	/* RFC 8474 4.2 */
	if (folder_id_at(&s->home, m->fd, id) > 0)
		out_fmt(o, "* OK [MAILBOXID (%s)] id of the mailbox\r\n", id);
}

static enum reply
open_mailbox(struct imap *s, struct scan *args, bool readonly)
{
	struct str name;
	int r;

	if (!imap_sp(args) || !imap_mailbox(s, args, &name) ||
	    !scan_finish(args))
		return imap_bad(s, args->bad);
	/* Whatever comes of it, the old mailbox is left (6.3.1). */
	imap_unselect(s);
	if (!folder_valid(name))
		return imap_no(s, "NONEXISTENT", "no such mailbox");
	r = mailbox_open(&s->box, &s->home, name, readonly);
	if (r < 0)
		return imap_fail(s);
	if (r == 0)
		return imap_no(s, "NONEXISTENT", "no such mailbox");
	s->selected = true;
	str_copy(s->box_name_data, sizeof(s->box_name_data), name);
	s->box_name = str_z(s->box_name_data);
	describe(s);
	if (s->box.readonly)
		return imap_ok(s, "READ-ONLY", "mailbox opened");
	return imap_ok(s, "READ-WRITE", "mailbox opened");
}

/* SELECT.  RFC 3501 6.3.1. */
enum reply
cmd_select(struct imap *s, struct scan *args)
{
	return open_mailbox(s, args, false);
}

/* EXAMINE.  RFC 3501 6.3.2. */
enum reply
cmd_examine(struct imap *s, struct scan *args)
{
	return open_mailbox(s, args, true);
}

/* CLOSE.  RFC 3501 6.4.2: expunges, without telling. */
enum reply
cmd_close(struct imap *s, struct scan *args)
{
	int r = 0;

	if (!scan_end(args))
		return imap_bad(s, args->bad);
	if (!s->box.readonly)
		r = mailbox_expunge(&s->box, NULL);
	if (r < 0)
		return imap_fail(s);
	imap_unselect(s);
	return REPLY_OK;
}

/* UNSELECT.  RFC 3691 2. */
enum reply
cmd_unselect(struct imap *s, struct scan *args)
{
	if (!scan_end(args))
		return imap_bad(s, args->bad);
	imap_unselect(s);
	return REPLY_OK;
}
