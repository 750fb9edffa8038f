/* SPDX-License-Identifier: ISC */
/* How POP3 unique-ids look (RFC 1939 7): a template, in the letters of
 * Dovecot's pop3_uidl_format, so that those of another server go on.
 *
 *   %u   the message's UID          %08Xu   the same as eight hexadecimal
 *   %v   the UIDVALIDITY            %08Xv   digits (small ones)
 *   %f   the base of its file name  %%      a percent sign
 *
 * All else stands for itself. */
#ifndef PROTO_POP3_UIDL_H
#define PROTO_POP3_UIDL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define POP3_UIDL_SIZE 1024 /* room for any of pop3_uidl_make(), with its NUL \
	                     */

/* Of what a unique-id may be made. */
struct pop3_uidl {
	uint32_t uid, uidvalidity;
	struct str file; /* base of the file name, at most 255 octets */
};

/* Whether this is a template that tells any two messages of a folder apart (it
 * has %u or %f), with %f at most once, and gives no more than 70 octets, from
 * 0x21 to 0x7E, beside %f; at most 128 octets itself. */
bool pop3_uidl_valid(struct str template);

/* Whether it has %f. */
bool pop3_uidl_wants_file(struct str template);

/* Write the unique-id as a C string: 1 to 70 octets, but as many as the file
 * name has with %f.  The template must be valid. */
void pop3_uidl_make(
    char to[POP3_UIDL_SIZE], struct str template, const struct pop3_uidl *u);

/* Write text as a C string with every octet that a unique-id may not have as
 * "+" and two hexadecimal digits (Courier's way), at most 255 octets of it. */
void pop3_uidl_escape(char to[POP3_UIDL_SIZE], struct str text);

#endif
