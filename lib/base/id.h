/* SPDX-License-Identifier: ISC */
/* The one id of a message: 11 digits of wall-clock microseconds and 10 random
 * digits, base 32 with the alphabet 0-9a-v (RFC 4648 7, lower case), so that
 * ids sort by age as text, are safe in file names, and never repeat. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>

#include "base/str.h"

#define ID_LEN 21
#define ID_SIZE (ID_LEN + 1)

/* A new id as a C string. */
void id_make(char id[ID_SIZE]);

/* Whether s has the form of an id. */
bool id_valid(struct str s);

#endif
