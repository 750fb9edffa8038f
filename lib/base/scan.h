/* SPDX-License-Identifier: ISC */
/* A cursor over a slice.  The first failure sticks in `bad`, a short reason in
 * plain words, and turns every later call into a failure that moves nothing:
 * write the grammar straight down and ask once. */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct scan {
	const char *p;
	const char *end;
	const char *bad; /* NULL while all is well; a static string */
};

struct scan scan_make(struct str s);

/* Record the reason unless one is recorded already; returns false. */
bool scan_fail(struct scan *s, const char *why);

/* Nothing is left and nothing failed.  Leftovers do not set `bad`. */
bool scan_end(const struct scan *s);

/* Like scan_end(), but leftovers fail with "unexpected text at the end". */
bool scan_finish(struct scan *s);

/* The next octet as 0..255 without taking it; -1 at the end or when bad. */
int scan_peek(const struct scan *s);

/* Take c when it is next; false (and nothing happens) otherwise. */
bool scan_try(struct scan *s, char c);

/* Take word when it is next, ASCII case ignored; false otherwise. */
bool scan_try_word(struct scan *s, struct str word);

/* Take c or fail with why. */
bool scan_need(struct scan *s, char c, const char *why);

/* Take n octets or fail; the slice points into the scanned text. */
bool scan_take(struct scan *s, size_t n, struct str *out);

/* Take everything up to (not including) the first stop, or all that is left. */
struct str scan_until(struct scan *s, char stop);

/* Take the longest run of decimal digits, at least one, at most max. */
bool scan_num(struct scan *s, uint64_t max, uint64_t *v);

/* Take one netstring ("5:hello,") of at most max octets. */
bool scan_netstr(struct scan *s, size_t max, struct str *out);

/* Skip blanks and tabs; returns how many. */
size_t scan_blanks(struct scan *s);

/* What is left. */
struct str scan_rest(const struct scan *s);

#endif
