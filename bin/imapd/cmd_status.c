/* SPDX-License-Identifier: ISC */
/* STATUS (RFC 3501 6.3.10), with SIZE and DELETED (RFC 8438, RFC 9051),
 * DELETED-STORAGE (RFC 9208), MAILBOXID (RFC 8474). */
#include "proto/imap_write.h"
#include "status.h"
#include "table.h"

enum {
	MESSAGES,
	RECENT,
	UIDNEXT,
	UIDVALIDITY,
	UNSEEN,
	DELETED,
	SIZE,
	DELETED_STORAGE,
	MAILBOXID, /* no number, and last */
	ITEMS
};

static const char *const names[ITEMS] = {"MESSAGES", "RECENT", "UIDNEXT",
    "UIDVALIDITY", "UNSEEN", "DELETED", "SIZE", "DELETED-STORAGE", "MAILBOXID"};

bool
status_scan(struct scan *args, unsigned *items)
{
	*items = 0;
	if (!scan_need(args, '(', "'(' expected"))
		return false;
	do {
		struct str name;
		unsigned i = 0;

		if (!imap_atom(args, &name))
			return false;
		while (i < ITEMS && !str_ieq(name, str_z(names[i])))
			i++;
		if (i == ITEMS)
			return scan_fail(args, "unknown status item");
		*items |= 1u << i;
	} while (scan_try(args, ' '));
	return scan_need(args, ')', "')' expected");
}

int
status_send(struct imap *s, struct str name, unsigned items)
{
	struct mailbox_status st;
	int r = mailbox_status(
	    &s->home, name, items & (1u << SIZE | 1u << DELETED_STORAGE), &st);
	const char *gap = "";
	char id[FOLDER_ID_SIZE];

	if (r > 0 && items & 1u << MAILBOXID)
		r = folder_id(&s->home, name, id);
	if (r <= 0)
		return r;
	const uint64_t values[MAILBOXID] = {st.messages, st.recent, st.uidnext,
	    st.uidvalidity, st.unseen, st.deleted, st.size, st.deleted_size};

	buf_z(&s->text, "* STATUS ");
	imap_put_astring(&s->text, name);
	buf_z(&s->text, " (");
	for (unsigned i = 0; i < MAILBOXID; i++) {
		if (!(items & 1u << i))
			continue;
		buf_fmt(&s->text, "%s%s %llu", gap, names[i],
		    (unsigned long long)values[i]);
		gap = " ";
	}
	if (items & 1u << MAILBOXID)
		buf_fmt(&s->text, "%sMAILBOXID (%s)", gap, id);
	buf_z(&s->text, ")\r\n");
	imap_flush_text(s);
	return 1;
}

enum reply
cmd_status(struct imap *s, struct scan *args)
{
	struct str name;
	unsigned items;
	int r;

	if (!imap_sp(args) || !imap_mailbox(s, args, &name) || !imap_sp(args) ||
	    !status_scan(args, &items) || !scan_finish(args))
		return imap_bad(s, args->bad);
	r = folder_valid(name) ? status_send(s, name, items) : 0;
	if (r < 0)
		return imap_fail(s);
	return r > 0 ? REPLY_OK : imap_no(s, "NONEXISTENT", "no such mailbox");
}
