/* SPDX-License-Identifier: ISC */
/* Unsigned decimal numbers from and to text; every overflow is refused. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define NUM_SIZE 21 /* the longest uint64_t and a NUL */

/* Read all of s as decimal digits into *v, at most max.
 * Returns 0, or -1 with errno EINVAL (empty, or not only digits) or ERANGE. */
int num_scan(struct str s, uint64_t max, uint64_t *v);

/* Like num_scan() in base 16, both cases of digits. */
int num_scan_hex(struct str s, uint64_t max, uint64_t *v);

/* Write v in decimal with a NUL; returns the digits' count. */
size_t num_print(char to[NUM_SIZE], uint64_t v);

#endif
