/* SPDX-License-Identifier: ISC */
/* The tables behind msg/charset. */
#ifndef MSG_CHARSET_TABLE_H
#define MSG_CHARSET_TABLE_H

#include <stdint.h>

#include "base/str.h"

/* What the octets 0x80..0xff stand for in the set called name (its MIME name,
 * any case), 128 of them; NULL when there is no table. */
const uint16_t *charset_table(struct str name);

#endif
