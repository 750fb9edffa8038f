/* SPDX-License-Identifier: ISC */
/* Flags as STORE and APPEND take them. */
#ifndef IMAPD_FLAG_ARGS_H
#define IMAPD_FLAG_ARGS_H

#include "msg/flags.h"
#include "session.h"

/* Whether all system flags among names are ones a client may set; fails the
 * scan if not.  \Recent is let through, for clients that store what they have
 * fetched; flag_bit() makes nothing of it. */
static inline bool
flags_allowed(struct scan *args, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].p[0] == '\\' && !flags_bit(names[i]))
			return scan_fail(args, "unknown system flag");
	return true;
}

/* The bit of a system flag, 0 for \Recent. */
static inline uint32_t
flag_bit(struct str name)
{
	return flags_bit(name) & FLAG_SETTABLE;
}

#endif
