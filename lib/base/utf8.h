/* SPDX-License-Identifier: ISC */
/* Telling characters from stray octets (RFC 3629). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* The octets of the character that s starts with, 1 to 4; 0 when s is empty or
 * starts with no valid one. */
size_t utf8_len(struct str s);

/* Whether that character, n octets at p, may go to a terminal or into a line
 * of text: no control character (C0, DEL, C1). */
bool utf8_plain(const char *p, size_t n);

#endif
