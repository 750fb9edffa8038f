/* SPDX-License-Identifier: ISC */
/* The tables behind msg/charset. */
#ifndef MSG_CHARSET_TABLE_H
#define MSG_CHARSET_TABLE_H

#include <stdint.h>

#include "base/str.h"

/* What the octets 0x80..0xff stand for in the set called name (letters and
 * digits in lower case only, "iso88592"), 128 of them; NULL when there is no
 * table. */
const uint16_t *charset_table(struct str name);

#endif
