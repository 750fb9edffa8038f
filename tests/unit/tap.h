/* SPDX-License-Identifier: ISC */
/* Checks that print TAP.  A test program calls them and ends in
 * `return tap_done();`. */
#ifndef TAP_H
#define TAP_H

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static int tap_count, tap_failed;

static inline void
tap_check(int ok, const char *file, int line, const char *what)
{
	tap_count++;
	if (!ok)
		tap_failed++;
	printf("%sok %d - %s:%d %s\n", ok ? "" : "not ", tap_count, file, line,
	    what);
}

static inline void
tap_str(struct str got, struct str want, const char *file, int line,
    const char *what)
{
	int ok = str_eq(got, want);

	tap_check(ok, file, line, what);
	if (!ok)
		printf("# got  \"%.*s\" (%zu)\n# want \"%.*s\" (%zu)\n",
		    STR_FMT(got), got.n, STR_FMT(want), want.n);
}

/* `what` says in words what is expected and why (RFC and section). */
#define CHECK(cond, what) tap_check(!!(cond), __FILE__, __LINE__, what)
#define CHECK_STR(got, want, what) tap_str(got, want, __FILE__, __LINE__, what)
#define CHECK_NUM(got, want, what) \
	do { \
		long long g_ = (long long)(got), w_ = (long long)(want); \
		tap_check(g_ == w_, __FILE__, __LINE__, what); \
		if (g_ != w_) \
			printf("# got %lld, want %lld\n", g_, w_); \
	} while (0)

static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0 || tap_count == 0;
}

#endif
