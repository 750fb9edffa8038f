/* SPDX-License-Identifier: ISC */
/* Lists of networks, as Dovecot's allow_nets has them: IPv4 and IPv6 addresses,
 * each with "/bits" or not, and "local", with commas between them. */
#ifndef USERS_NETS_H
#define USERS_NETS_H

#include <stdbool.h>

#include "base/str.h"

/* Whether the source, an address or "local", is in one of them.  What cannot be
 * read has nobody in it. */
bool nets_has(struct str list, const char *source);

#endif
