/* SPDX-License-Identifier: ISC */
/* A borrowed slice of octets.  It owns nothing, need not end in NUL and may
 * contain any octet.  Whoever returns one says how long it lives. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct str {
	const char *p;
	size_t n;
};

/* A slice of a string literal, without its NUL. */
#define STR(lit) ((struct str){"" lit, sizeof(lit) - 1})

/* For printf's "%.*s": two arguments, at most 1,000 octets. */
#define STR_FMT(s) (int)((s).n > 1000 ? 1000 : (s).n), (s).p

/* A slice of n octets at p. */
static inline struct str
str_make(const char *p, size_t n)
{
	return (struct str){p, n};
}

/* A slice of a C string, without its NUL; NULL gives an empty slice. */
struct str str_z(const char *z);

/* Equal octet by octet. */
bool str_eq(struct str a, struct str b);

/* Equal but for the case of ASCII letters. */
bool str_ieq(struct str a, struct str b);

/* Whether every octet is below 128. */
bool str_is_ascii(struct str s);

/* Orders like memcmp(), a shorter prefix first: negative, 0 or positive. */
int str_cmp(struct str a, struct str b);

/* Orders like str_cmp() with ASCII upper case folded to lower case. */
int str_icmp(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_iends(struct str s, struct str suffix);

/* The index of the first (last) c in s, or s.n when there is none. */
size_t str_find(struct str s, char c);
size_t str_rfind(struct str s, char c);

/* The index of the first needle in s, or s.n; an empty needle is at 0.
 * Octets are compared exactly; the time is bounded by s.n * needle.n. */
size_t str_search(struct str s, struct str needle);

bool str_has(struct str s, char c);

/* The part of s from index i on (up to index i); i beyond the end is the end.*/
static inline struct str
str_from(struct str s, size_t i)
{
	if (i > s.n)
		i = s.n;
	return str_make(s.p ? s.p + i : s.p, s.n - i);
}

static inline struct str
str_to(struct str s, size_t i)
{
	return str_make(s.p, i < s.n ? i : s.n);
}

/* s without blanks, tabs, CR and LF at both ends. */
struct str str_trim(struct str s);

/* Cut the next field off *rest: everything up to the first sep goes into
 * *field, *rest continues behind it.  Returns false when *rest was exhausted
 * before (rest->p is NULL then).  "a,,b" has three fields, "" has one. */
bool str_cut(struct str *rest, char sep, struct str *field);

/* Whether a list of words with a blank between each has this one, the case of
 * ASCII letters ignored; an empty word is in none. */
bool str_listed(struct str list, struct str word);

/* Copy s into to[size] as a C string.  Returns 0, or -1 with errno
 * ENAMETOOLONG when it does not fit or EINVAL when s contains NUL; to is an
 * empty string then. */
int str_copy(char *to, size_t size, struct str s);

#endif
