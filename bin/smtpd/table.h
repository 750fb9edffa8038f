/* SPDX-License-Identifier: ISC */
/* The commands and what the RFCs demand of each. */
#ifndef SMTPD_TABLE_H
#define SMTPD_TABLE_H

#include "session.h"

enum {
	NO_ARGS = 1,
	NEEDS_HELO = 2,
	NEEDS_MAIL = 4,
	NEEDS_LOGIN = 8, /* where there is a checker */
	BEFORE_TLS = 16, /* RFC 3207 4: fine even where TLS is required */
	AUTH_LINE = 32,  /* may be as long as SESSION_LINE */
	MAIL_LINE = 64,  /* may be as long as SESSION_MAIL_LINE */
	RCPT_LINE = 128, /* may be as long as SESSION_RCPT_LINE */
	UTF8_ARGS = 256  /* arguments may be UTF-8 (RFC 6531) */
};

struct smtp_command {
	const char *name;
	const struct smtp_reply *(*handler)(struct smtp *s, struct str args);
	unsigned bits;
};

/* The command of that name, any case; NULL when there is none. */
const struct smtp_command *table_find(struct str verb);

#endif
