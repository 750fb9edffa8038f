/* SPDX-License-Identifier: ISC */
/* The small commands, RFC 5321 4.1.1.5 to 4.1.1.10. */
#include "commands.h"

const struct smtp_reply *
misc_rset(struct smtp *s, struct str args)
{
	(void)args;
	session_reset(s);
	return session_reply(s, 250, "2.0.0", "Ok");
}

/* Neither confirms nor denies, RFC 5321 3.5.3 and 7.3. */
const struct smtp_reply *
misc_vrfy(struct smtp *s, struct str args)
{
	if (args.n == 0)
		return session_reply(s, 501, "5.5.4", "Address expected");
	return session_reply(
	    s, 252, "2.0.0", "Cannot verify, but send mail and see");
}

const struct smtp_reply *
misc_expn(struct smtp *s, struct str args)
{
	(void)args;
	return session_reply(s, 502, "5.5.1", "Lists are not shown");
}

const struct smtp_reply *
misc_help(struct smtp *s, struct str args)
{
	(void)args;
	return session_reply(s, 214, "2.0.0",
	    "EHLO HELO MAIL RCPT DATA RSET VRFY NOOP QUIT STARTTLS AUTH\n"
	    "RFC 5321 says how");
}

const struct smtp_reply *
misc_noop(struct smtp *s, struct str args)
{
	(void)args;
	return session_reply(s, 250, "2.0.0", "Ok");
}

const struct smtp_reply *
misc_quit(struct smtp *s, struct str args)
{
	(void)args;
	s->closing = s->quit = true;
	return session_reply(s, 221, "2.0.0", "Bye");
}
