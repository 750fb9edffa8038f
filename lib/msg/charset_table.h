/* SPDX-License-Identifier: ISC */
/* The tables behind msg/charset. */
#ifndef MSG_CHARSET_TABLE_H
#define MSG_CHARSET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Whether a squashed name is this one. */
static inline bool
charset_is(struct str name, const char *z)
{
	for (size_t i = 0; i < name.n; i++)
		if (z[i] != name.p[i]) /* the NUL too */
			return false;
	return z[name.n] == '\0';
}

/* What the octets 0x80..0xff stand for in the set called name (letters and
 * digits in lower case only, "iso88592"), 128 of them; NULL when there is no
 * table. */
const uint16_t *charset_table(struct str name);

#endif
