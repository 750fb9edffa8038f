/* SPDX-License-Identifier: ISC */
/* The system flags of a message (RFC 3501 2.3.2) as bits. */
#ifndef MSG_FLAGS_H
#define MSG_FLAGS_H

#include <stdint.h>

#include "base/str.h"

#define FLAG_SEEN 0x01u
#define FLAG_ANSWERED 0x02u
#define FLAG_FLAGGED 0x04u
#define FLAG_DELETED 0x08u
#define FLAG_DRAFT 0x10u
#define FLAG_RECENT 0x20u /* kept by the server: no client may set it */

/* The flags that a client may set, and how many flags there are in all. */
#define FLAG_SETTABLE 0x1fu
#define FLAGS_N 6

/* The name of the flag with bit 1 << i, for i < FLAGS_N; "" for others. */
static inline struct str
flags_name(unsigned i)
{
	switch (1u << (i < FLAGS_N ? i : 31)) {
	case FLAG_SEEN:
		return STR("\\Seen");
	case FLAG_ANSWERED:
		return STR("\\Answered");
	case FLAG_FLAGGED:
		return STR("\\Flagged");
	case FLAG_DELETED:
		return STR("\\Deleted");
	case FLAG_DRAFT:
		return STR("\\Draft");
	case FLAG_RECENT:
		return STR("\\Recent");
	default:
		return STR("");
	}
}

/* The bit of the flag called name ("\Seen", any case), or 0. */
static inline uint32_t
flags_bit(struct str name)
{
	for (unsigned i = 0; i < FLAGS_N; i++)
		if (str_ieq(name, flags_name(i)))
			return 1u << i;
	return 0;
}

#endif
