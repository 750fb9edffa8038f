/* SPDX-License-Identifier: ISC */
/* EXPUNGE (RFC 3501 6.4.3) and UID EXPUNGE (RFC 4315 2.1).  The untagged
 * replies are imap_sync()'s. */
#include "table.h"

/* The messages that UID EXPUNGE names, or NULL for all. */
static bool
only_these(struct imap *s, struct scan *args, bool **only)
{
	size_t *index, n;

	*only = NULL;
	if (!s->uid)
		return scan_finish(args);
	if (!imap_sp(args) || !imap_messages(s, args, &index, &n) ||
	    !scan_finish(args))
		return false;
	*only = arena_array(&s->arena, s->box.n, sizeof(**only));
	for (size_t i = 0; i < n; i++)
		(*only)[index[i]] = true;
	return true;
}

enum reply
cmd_expunge(struct imap *s, struct scan *args)
{
	bool *only;

	if (!only_these(s, args, &only))
		return imap_bad(s, args->bad);
	if (s->box.readonly)
		return imap_no(s, NULL, "mailbox is read-only");
	if (mailbox_expunge(&s->box, only) < 0)
		return imap_fail(s);
	return REPLY_OK;
}
