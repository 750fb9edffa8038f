/* SPDX-License-Identifier: ISC */
/* Address lists of header fields (RFC 5322 3.4, obsolete forms of 4.4), the
 * tolerant way: every text gives some list.  Pure.  Of a field only the first
 * ADDR_TEXT octets and ADDR_MAX entries are read. */
#ifndef MSG_ADDR_H
#define MSG_ADDR_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

#define ADDR_MAX 10000
#define ADDR_TEXT (1 << 20)

enum addr_kind {
	ADDR_BOX,   /* a mailbox */
	ADDR_GROUP, /* a group starts; its name is in `mailbox` */
	ADDR_END,   /* it ends; all fields are empty */
};

struct addr {
	enum addr_kind kind;
	struct str name;    /* display name, or else the comment behind the
	                       address; unquoted, encoded words left alone */
	struct str route;   /* "@a,@b", obsolete */
	struct str mailbox; /* local part without its quoting */
	struct str host;    /* empty when there is no '@' */
};

struct addr_list {
	struct addr *addrs;
	size_t n;
};

/* Read a field's value, folds and all.  The list lives in a, at most 8 MiB of
 * it, usually a few hundred octets. */
void addr_parse(struct addr_list *l, struct str value, struct arena *a);

#endif
