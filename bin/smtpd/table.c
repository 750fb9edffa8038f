/* SPDX-License-Identifier: ISC */
/* The commands. */
#include "table.h"

#include "commands.h"

static const struct smtp_command commands[] = {
    {"EHLO", helo_esmtp, BEFORE_TLS}, /* RFC 5321 4.1.1.1 */
    {"HELO", helo_smtp, BEFORE_TLS},
    {"MAIL", mail_from,
	NEEDS_HELO | NEEDS_LOGIN | MAIL_LINE | UTF8_ARGS}, /* 4.1.1.2 */
    {"RCPT", rcpt_to,
	NEEDS_HELO | NEEDS_LOGIN | NEEDS_MAIL | RCPT_LINE |
	    UTF8_ARGS}, /* 4.1.1.3 */
    {"DATA", data_receive,
	NO_ARGS | NEEDS_HELO | NEEDS_LOGIN | NEEDS_MAIL},       /* 4.1.1.4 */
    {"RSET", misc_rset, NO_ARGS | BEFORE_TLS},                  /* 4.1.1.5 */
    {"VRFY", misc_vrfy, NEEDS_LOGIN | UTF8_ARGS},               /* 4.1.1.6 */
    {"EXPN", misc_expn, 0},                                     /* 4.1.1.7 */
    {"HELP", misc_help, 0},                                     /* 4.1.1.8 */
    {"NOOP", misc_noop, BEFORE_TLS},                            /* 4.1.1.9 */
    {"QUIT", misc_quit, NO_ARGS | BEFORE_TLS},                  /* 4.1.1.10 */
    {"STARTTLS", tls_start, NO_ARGS | NEEDS_HELO | BEFORE_TLS}, /* RFC 3207 */
    {"AUTH", auth_login, NEEDS_HELO | AUTH_LINE},               /* RFC 4954 */
};

const struct smtp_command *
table_find(struct str verb)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (str_ieq(verb, str_z(commands[i].name)))
			return &commands[i];
	return NULL;
}
