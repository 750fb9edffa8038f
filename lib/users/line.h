/* SPDX-License-Identifier: ISC */
/* Lines of the users file, as text: pure but for ids given by name. */
#ifndef USERS_LINE_H
#define USERS_LINE_H

#include <stdbool.h>

#include "base/str.h"

/* Cut the next line off *rest, without its LF or CRLF.  A file without a last
 * LF has no less lines; an empty rest has none.  False at the end. */
bool line_next(struct str *rest, struct str *line);

/* The account a line of this domain's users file speaks of, without "@D".
 * p is NULL for comments, empty lines, accounts of another domain. */
struct str line_name(struct str line, struct str domain);

/* The second field, a secret (users/secret.h); "" when there is none. */
struct str line_secret(struct str line);

#endif
