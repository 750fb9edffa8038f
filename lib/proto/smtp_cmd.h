/* SPDX-License-Identifier: ISC */
/* SMTP command lines: verb, arguments and ESMTP parameters, RFC 5321 4.1. */
#ifndef PROTO_SMTP_CMD_H
#define PROTO_SMTP_CMD_H

#include <stdbool.h>

#include "base/scan.h"
#include "base/str.h"
#include "proto/smtp_path.h"

#define SMTP_CMD_LINE 510 /* octets without CRLF; RFC 5321 4.5.3.1.4 */

/* Cut a line (without CRLF) into its verb and what follows the blanks behind
 * it; blanks at the end are dropped (4.1.1 asks receivers to bear them).
 * False when the line has no verb, or holds a control octet, something else
 * than ASCII in its verb, or something else than UTF-8 (RFC 6531). */
bool smtp_cmd_split(struct str line, struct str *verb, struct str *args);

/* Take "FROM:" or "TO:" (word, case ignored), blanks (illegal, but Outlook
 * sends one) and the path; see smtp_path_scan() for allow and failures. */
bool smtp_cmd_path(
    struct scan *s, struct str word, unsigned allow, struct smtp_path *p);

/* One parameter: "BODY=8BITMIME", 4.1.2 esmtp-param. */
struct smtp_param {
	struct str keyword; /* letters, digits, "-" */
	struct str value;   /* printable, without "=" and blank; may be UTF-8 */
	bool has_value;
};

/* Take the blanks and the next parameter.  Returns 1, 0 at the end, -1 when
 * the syntax is wrong (s->bad says why).  Slices point into the line. */
int smtp_cmd_param(struct scan *s, struct smtp_param *p);

/* Whether s may be the name in EHLO or HELO: a domain, an address literal, or
 * any run of letters, digits and "-._:[]" of at most 255 octets, since many
 * clients do not know their name (RFC 5321 4.1.4 forbids refusing those). */
bool smtp_cmd_is_name(struct str s);

#endif
