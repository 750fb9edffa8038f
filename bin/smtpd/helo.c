/* SPDX-License-Identifier: ISC */
/* EHLO and HELO, RFC 5321 4.1.1.1; both also forget the transaction (4.1.4). */
#include "commands.h"
#include "proto/smtp_cmd.h"

static const struct smtp_reply *
greet(struct smtp *s, struct str name, bool esmtp)
{
	if (!smtp_cmd_is_name(name) ||
	    str_copy(s->helo, sizeof(s->helo), name) < 0)
		return session_reply(s, 501, esmtp ? "5.5.4" : "",
		    "Your host's name or [address] expected");
	session_reset(s);
	s->esmtp = esmtp;
	return NULL;
}

const struct smtp_reply *
helo_esmtp(struct smtp *s, struct str args)
{
	const struct smtp_reply *bad = greet(s, args, true);
	bool login = session_may_login(s);

	if (bad)
		return bad;
	return session_reply(s, 250, "",
	    "%s\nPIPELINING\nSIZE %llu\n8BITMIME\nSMTPUTF8\nDSN%s%s%s"
	    "\nENHANCEDSTATUSCODES",
	    s->serve.hostname, (unsigned long long)s->max_message,
	    s->tls_offered ? "\nSTARTTLS" : "", login ? "\nAUTH " : "",
	    login ? s->offered : "");
}

const struct smtp_reply *
helo_smtp(struct smtp *s, struct str args)
{
	const struct smtp_reply *bad = greet(s, args, false);

	return bad ? bad : session_reply(s, 250, "", "%s", s->serve.hostname);
}
