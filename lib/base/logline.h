/* SPDX-License-Identifier: ISC */
/* Reading a line that base/log.h has written and a logger has put something
 * in front of: s6-log's TAI64N time stamp, or what syslogd and journalctl
 * write there. */
#ifndef BASE_LOGLINE_H
#define BASE_LOGLINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

#define LOGLINE_PAIRS 24       /* further ones are left out */
#define LOGLINE_TIME INT64_MIN /* the time is not known */

struct logline_pair {
	struct str key, value;
};

struct logline {
	int64_t time_us; /* since 1970; LOGLINE_TIME when unknown */
	struct str prog;
	struct str pid;
	struct logline_pair pairs[LOGLINE_PAIRS]; /* the first one is ev */
	size_t n;
};

/* Read a line without its line end.  Slices point into it, values with escapes
 * into the arena.  now_s: the wall clock, for dates that lack the year.
 * Returns 1, or 0: no line of ours. */
int logline_scan(
    struct str line, int64_t now_s, struct arena *a, struct logline *l);

/* The first value of that key; p is NULL when there is none. */
struct str logline_get(const struct logline *l, const char *key);

/* The time at the start of text: "@" and TAI64N, seconds since 1970 with a
 * fraction, "2026-11-23 04:29:34.5" (with "T", "Z" or a numeric zone too; else
 * local time), or "Nov 23 04:29:34".  LOGLINE_TIME for anything else. */
int64_t logline_time(struct str text, int64_t now_s);

#endif
