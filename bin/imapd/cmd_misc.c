/* SPDX-License-Identifier: ISC */
/* Commands that touch no message: CAPABILITY, NOOP, CHECK, LOGOUT, ID, ENABLE,
 * NAMESPACE, and those that come too late. */
#include "base/log.h"
#include "table.h"

#define ID_PAIRS 30 /* RFC 2971 3.3 */

/* CAPABILITY.  RFC 3501 6.1.1. */
enum reply
cmd_capability(struct imap *s, struct scan *args)
{
	if (!scan_end(args))
		return imap_bad(s, args->bad);
	out_fmt(&s->serve.out, "* CAPABILITY %s\r\n", imap_capabilities());
	return REPLY_OK;
}

/* NOOP.  RFC 3501 6.1.2: what changed is told behind every command. */
enum reply
cmd_noop(struct imap *s, struct scan *args)
{
	if (s->selected)
		mailbox_poll(&s->box);
	return scan_end(args) ? REPLY_OK : imap_bad(s, args->bad);
}

/* CHECK.  RFC 3501 6.4.1: nothing here is ever left unwritten. */
enum reply
cmd_check(struct imap *s, struct scan *args)
{
	mailbox_poll(&s->box);
	return scan_end(args) ? REPLY_OK : imap_bad(s, args->bad);
}

/* LOGOUT.  RFC 3501 6.1.3. */
enum reply
cmd_logout(struct imap *s, struct scan *args)
{
	if (!scan_end(args))
		return imap_bad(s, args->bad);
	s->why = "logout";
	imap_bye(s, "logging out");
	return REPLY_OK;
}

/* LOGIN, AUTHENTICATE, STARTTLS: not in this state (RFC 3501 6.2). */
enum reply
cmd_logged_in(struct imap *s, struct scan *args)
{
	(void)args;
	return imap_bad(s, "already logged in");
}

/* ID.  RFC 2971 3.1: NIL, or pairs of strings; ours is constant. */
enum reply
cmd_id(struct imap *s, struct scan *args)
{
	struct str name = STR(""), value, agent = STR("");

	imap_sp(args);
	if (!scan_try_word(args, STR("NIL"))) {
		scan_need(args, '(', "'(' expected");
		for (size_t i = 0; !args->bad && !scan_try(args, ')'); i++) {
			if (i > 0)
				imap_sp(args);
			imap_string(args, &s->arena, &name);
			imap_sp(args);
			imap_nstring(args, &s->arena, &value);
			if (str_ieq(name, STR("name")) && value.p)
				agent = value;
			if (i >= ID_PAIRS)
				scan_fail(args, "too many fields");
		}
	}
	if (!scan_finish(args))
		return imap_bad(s, args->bad);
	if (agent.n)
		log_event("client", "name", log_str(agent), NULL);
	out_z(&s->serve.out,
	    "* ID (\"name\" \"yubin\" \"version\" \"" YUBIN_VERSION "\")\r\n");
	return REPLY_OK;
}

/* ENABLE.  RFC 5161 3.1: of what can be enabled we have nothing. */
enum reply
cmd_enable(struct imap *s, struct scan *args)
{
	struct str name;

	do {
		imap_sp(args);
		imap_atom(args, &name);
	} while (!args->bad && scan_peek(args) == ' ');
	if (!scan_finish(args))
		return imap_bad(s, args->bad);
	out_z(&s->serve.out, "* ENABLED\r\n");
	return REPLY_OK;
}

/* NAMESPACE.  RFC 2342 5: all mailboxes are personal ones. */
enum reply
cmd_namespace(struct imap *s, struct scan *args)
{
	if (!scan_end(args))
		return imap_bad(s, args->bad);
	out_z(&s->serve.out, "* NAMESPACE ((\"\" \".\")) NIL NIL\r\n");
	return REPLY_OK;
}
