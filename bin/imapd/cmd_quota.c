/* SPDX-License-Identifier: ISC */
/* GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 4.1; RFC 2087): one quota root
 * for all mailboxes, or none. */
#include "proto/imap_write.h"
#include "table.h"

#define ROOT "user"

/* STORAGE is counted in units of 1024 octets (RFC 9208 5.1). */
static unsigned long long
kib(uint64_t octets)
{
	return octets / 1024 + (octets % 1024 != 0);
}

/* "* QUOTA user (STORAGE 10 512 MESSAGE 3 100)" */
static int
tell(struct imap *s)
{
	const struct quota_limit *l = &s->quota.limit;
	struct quota_used u;

	if (quota_use(&s->quota, &u) < 0)
		return -1;
	buf_z(&s->text, "* QUOTA " ROOT " (");
	if (l->storage)
		buf_fmt(&s->text, "STORAGE %llu %llu", kib(u.storage),
		    kib(l->storage));
	if (l->messages)
		buf_fmt(&s->text, "%sMESSAGE %llu %llu", l->storage ? " " : "",
		    (unsigned long long)u.messages,
		    (unsigned long long)l->messages);
	buf_z(&s->text, ")\r\n");
	imap_flush_text(s);
	return 0;
}

/* GETQUOTA.  RFC 9208 4.1.1. */
enum reply
cmd_getquota(struct imap *s, struct scan *args)
{
	struct str root;

	if (!imap_sp(args) || !imap_astring(args, &s->arena, &root) ||
	    !scan_finish(args))
		return imap_bad(s, args->bad);
	if (!quota_on(&s->quota) || !str_eq(root, STR(ROOT)))
		return imap_no(s, "NONEXISTENT", "no such quota root");
	return tell(s) < 0 ? imap_fail(s) : REPLY_OK;
}

/* GETQUOTAROOT.  RFC 9208 4.1.2: the mailbox need not exist. */
enum reply
cmd_getquotaroot(struct imap *s, struct scan *args)
{
	struct str name;

	if (!imap_sp(args) || !imap_mailbox(s, args, &name) ||
	    !scan_finish(args))
		return imap_bad(s, args->bad);
	buf_z(&s->text, "* QUOTAROOT ");
	imap_put_astring(&s->text, name);
	buf_z(&s->text, quota_on(&s->quota) ? " " ROOT "\r\n" : "\r\n");
	imap_flush_text(s);
	if (quota_on(&s->quota) && tell(s) < 0)
		return imap_fail(s);
	return REPLY_OK;
}

/* SETQUOTA.  RFC 9208 4.1.3: the users file is the place for that. */
enum reply
cmd_setquota(struct imap *s, struct scan *args)
{
	(void)args;
	return imap_no(s, "NOPERM", "quotas are set by the administrator");
}
