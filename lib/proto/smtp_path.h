/* SPDX-License-Identifier: ISC */
/* Mailboxes and the paths that carry them: local@domain, "quoted"@domain,
 * local@[192.0.2.1].  RFC 5321 4.1.2 and 4.1.3, strict but for underscores in
 * host names, which exist.  UTF-8 (RFC 6531 3.3) where it is allowed: local
 * parts stay as they are, domains become what DNS knows (msg/idna.h). */
#ifndef PROTO_SMTP_PATH_H
#define PROTO_SMTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/scan.h"
#include "base/str.h"

#define SMTP_PATH_LOCAL 255  /* octets; RFC 5321 4.5.3.1.1 asks for 64 */
#define SMTP_PATH_DOMAIN 255 /* octets; 4.5.3.1.2 */
#define SMTP_PATH_SIZE (2 * SMTP_PATH_LOCAL + 2 + 1 + SMTP_PATH_DOMAIN + 1)

/* One mailbox in canonical form; a plain value, free to be copied. */
struct smtp_path {
	char text[SMTP_PATH_SIZE];       /* all of it as a C string */
	size_t n;                        /* its octets; 0 is the null path */
	size_t domain_at;                /* where the domain starts; n: none */
	char local[SMTP_PATH_LOCAL + 1]; /* without quotes, as a C string */
	size_t local_n;
	bool utf8; /* it was not given in ASCII alone */
};

/* What is allowed besides a full mailbox of ASCII; the first two in paths. */
#define SMTP_PATH_NULL 1       /* "<>" */
#define SMTP_PATH_POSTMASTER 2 /* "<postmaster>", any case, no domain */
#define SMTP_PATH_UTF8 4       /* valid UTF-8 in both parts */

/* Take "<" path ">"; a source route in front of the mailbox is read and
 * forgotten (RFC 5321 3.6.1).  allow: SMTP_PATH_* bits.  On failure s->bad
 * says why in words fit for a reply. */
bool smtp_path_scan(struct scan *s, unsigned allow, struct smtp_path *p);

/* Take a mailbox without brackets; whatever cannot belong to it stays. */
bool smtp_path_scan_mailbox(
    struct scan *s, unsigned allow, struct smtp_path *p);

/* Read all of text as one mailbox, "local@domain" without brackets.
 * Returns 0, or -1 with errno EINVAL. */
int smtp_path_parse(struct str text, unsigned allow, struct smtp_path *p);

/* Build a mailbox from an unquoted local part and a domain (quoting is added
 * where it is needed).  Returns 0, or -1 with errno EINVAL when either is
 * impossible: empty, too long, control octets, not UTF-8 (ASCII where UTF-8 is
 * not allowed), a bad domain. */
int smtp_path_make(
    struct str local, struct str domain, unsigned allow, struct smtp_path *p);

/* Its parts; they live as long as *p.  The local part is without quotes and
 * keeps its case, the domain is ASCII in lower case and empty for the null path
 * and <postmaster>.  The text is the whole in canonical form: a dot-string
 * where possible, else the shortest quoted string. */
struct str smtp_path_text(const struct smtp_path *p);
struct str smtp_path_local(const struct smtp_path *p);
struct str smtp_path_domain(const struct smtp_path *p);

/* Whether s is a domain name (labels of letters, digits, "-" and "_", joined
 * by single dots, each at most 63 octets) or an address literal in brackets:
 * [IPv4] or [IPv6:…].  At most 255 octets. */
bool smtp_path_is_domain(struct str s);
bool smtp_path_is_literal(struct str s);

#endif
