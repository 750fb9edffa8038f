/* SPDX-License-Identifier: ISC */
/* Text as it is stored (lines end in LF) in the form of the wire: every LF that
 * no CR precedes becomes CRLF.  Eight octets and more are looked at at once:
 * calls of memchr() and memcpy() for each line took a third of the time that
 * sending a mailbox takes. */
#ifndef BASE_CRLF_H
#define BASE_CRLF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The octets of s in that form; no CR is in front of it. */
uint64_t crlf_size(struct str s);

/* Turn the beginning of s into that form, as much as has room (2 octets at
 * least), and take it off s.  *cr: whether a CR was in front; set to whether
 * one is now.  Returns how many octets were written. */
size_t crlf_expand(char *to, size_t room, struct str *s, bool *cr);

#endif
