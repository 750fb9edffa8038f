/* SPDX-License-Identifier: ISC */
/* The parameters of RFC 3461 4 by which a client asks to be told what became
 * of its message: NOTIFY and ORCPT of RCPT, RET and ENVID of MAIL. */
#ifndef PROTO_SMTP_DSN_H
#define PROTO_SMTP_DSN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define SMTP_DSN_ENVID 100 /* octets of ENVID's value, as sent (4.4) */
#define SMTP_DSN_ORCPT 500 /* octets of ORCPT's value, as sent (4.2) */

/* Bits of NOTIFY. */
enum smtp_dsn_notify {
	SMTP_DSN_NEVER = 1,
	SMTP_DSN_SUCCESS = 2,
	SMTP_DSN_FAILURE = 4,
	SMTP_DSN_DELAY = 8
};

/* Read the value of NOTIFY: NEVER alone, or some of SUCCESS, FAILURE, DELAY
 * joined by commas, any case.  0 or -1 EINVAL. */
int smtp_dsn_notify(struct str value, unsigned *notify);

/* Read the value of RET into 'F' (FULL) or 'H' (HDRS).  0 or -1 EINVAL. */
int smtp_dsn_ret(struct str value, char *ret);

/* Append what the value of ENVID stands for: printable ASCII and blanks.
 * Returns 0, or -1 EINVAL; to may hold a part of it then. */
int smtp_dsn_envid(struct str value, struct buf *to);

/* Append "type;address", the type in lower case and the address decoded:
 * printable ASCII, and with utf8 (SMTPUTF8 was said) valid UTF-8 for the type
 * utf-8, whose \x{…} (RFC 6533 3) stay as they are.  0, or -1 EINVAL as above.
 */
int smtp_dsn_orcpt(struct str value, bool utf8, struct buf *to);

/* Append text, an ENVID or what stands behind "type;", as xtext.  Octets above
 * 127 stay as they are: such an ORCPT may only be sent together with SMTPUTF8
 * (RFC 6533 3). */
void smtp_dsn_encode(struct str text, struct buf *to);

#endif
