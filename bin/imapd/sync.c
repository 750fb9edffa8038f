/* SPDX-License-Identifier: ISC */
/* Untagged data about changes in the selected mailbox (RFC 3501 5.2, 7.2.6,
 * 7.3, 7.4). */
#include "sync.h"

#include "base/fail.h"
#include "base/log.h"
#include "msg/flags.h"
#include "proto/imap_write.h"

static void
put_flags(struct imap *s, uint32_t flags, bool recent, uint64_t keywords)
{
	imap_put_flags(&s->text, flags, recent, keywords, s->box.keyword,
	    s->box.nkeywords);
}

uint64_t
imap_known_keywords(const struct mailbox *m)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < m->nkeywords; i++)
		if (m->keyword[i])
			mask |= UINT64_C(1) << i;
	return mask;
}

static bool
room_for_keywords(const struct mailbox *m)
{
	for (size_t i = 0; i < MAILBOX_KEYWORDS; i++)
		if (!m->keyword[i])
			return true;
	return false;
}

void
imap_send_flags(struct imap *s)
{
	struct buf *b = &s->text;

	s->flags_told = true;
	buf_z(b, "* FLAGS ");
	put_flags(s, FLAG_SETTABLE, false, imap_known_keywords(&s->box));
	buf_z(b, "\r\n* OK [PERMANENTFLAGS ");
	if (s->box.readonly) {
		buf_z(b, "()] no changes are possible\r\n");
	} else {
		put_flags(
		    s, FLAG_SETTABLE, false, imap_known_keywords(&s->box));
		if (room_for_keywords(&s->box)) {
			b->n--; /* reopen the list */
			buf_z(b, " \\*)");
		}
		buf_z(b, "] flags that are kept\r\n");
	}
	imap_flush_text(s);
}

void
imap_send_fetch_flags(struct imap *s, size_t i, bool with_uid)
{
	struct mail mail;

	mailbox_mail(&s->box, i, &mail);
	buf_fmt(&s->text, "* %zu FETCH (", i + 1);
	if (with_uid)
		buf_fmt(&s->text, "UID %lu ", (unsigned long)mail.uid);
	buf_z(&s->text, "FLAGS ");
	put_flags(s, mail.flags, mail.recent, mail.keywords);
	buf_z(&s->text, ")\r\n");
	imap_flush_text(s);
}

void
imap_sync(struct imap *s, bool may_expunge)
{
	struct mailbox_changes c;
	struct out *o = &s->serve.out;

	if (!s->selected)
		return;
	/* What was found is told in any case: the view has it already. */
	if (mailbox_sync(&s->box, may_expunge, &c) < 0)
		log_event("failed", "what", fail_last(), NULL);
	if (s->box.deleted) {
		imap_bye(s, s->box.lost ? "the index was damaged, connect again"
					: "the selected mailbox was deleted");
		return;
	}
	for (size_t i = 0; i < c.nexpunged; i++)
		out_fmt(o, "* %zu EXPUNGE\r\n", c.expunged[i]);
	if (c.exists)
		out_fmt(o, "* %zu EXISTS\r\n* %zu RECENT\r\n", s->box.n,
		    mailbox_recent(&s->box));
	if (c.keywords && !s->flags_told)
		imap_send_flags(s);
	s->flags_told = false;
	for (size_t i = 0; i < c.nflagged; i++)
		imap_send_fetch_flags(s, c.flagged[i], s->uid);
}
