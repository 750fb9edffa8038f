/* SPDX-License-Identifier: ISC */
/* The handlers: each gets what stands behind the verb and returns the reply,
 * NULL only when the client is gone.  One file each, named by the prefix. */
#ifndef SMTPD_COMMANDS_H
#define SMTPD_COMMANDS_H

#include "session.h"

const struct smtp_reply *helo_esmtp(struct smtp *s, struct str args);
const struct smtp_reply *helo_smtp(struct smtp *s, struct str args);
const struct smtp_reply *mail_from(struct smtp *s, struct str args);
const struct smtp_reply *rcpt_to(struct smtp *s, struct str args);
const struct smtp_reply *data_receive(struct smtp *s, struct str args);
const struct smtp_reply *tls_start(struct smtp *s, struct str args);
const struct smtp_reply *auth_login(struct smtp *s, struct str args);
const struct smtp_reply *misc_rset(struct smtp *s, struct str args);
const struct smtp_reply *misc_vrfy(struct smtp *s, struct str args);
const struct smtp_reply *misc_expn(struct smtp *s, struct str args);
const struct smtp_reply *misc_help(struct smtp *s, struct str args);
const struct smtp_reply *misc_noop(struct smtp *s, struct str args);
const struct smtp_reply *misc_quit(struct smtp *s, struct str args);

#endif
