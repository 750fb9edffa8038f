/* SPDX-License-Identifier: ISC */
/* Counting lines of large texts, many octets at a time. */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* How many LFs s has; *bare gets how many of them no CR precedes.  cr: the
 * octet before s is a CR. */
size_t lines_count(struct str s, bool cr, size_t *bare);

/* The index of the first LF with "--" behind it, or s.n. */
size_t lines_dashes(struct str s);

#endif
