/* SPDX-License-Identifier: ISC */
/* The header fields that are kept of every message (part.h: `fields`): those of
 * the envelope and of the structure (RFC 3501 7.4.2), and those that mail
 * programs ask for in lists of messages.  Pure. */
#ifndef MSG_KEPT_H
#define MSG_KEPT_H

#include <stdbool.h>

#include "base/str.h"

/* Whether fields of this name (any case) are kept. */
bool kept_name(struct str name);

/* Whether the field that starts with the line `start` is; of a line longer than
 * 300 octets its beginning will do. */
bool kept_line(struct str start);

#endif
