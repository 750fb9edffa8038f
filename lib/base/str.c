/* SPDX-License-Identifier: ISC */
/* Slices: comparing, finding, cutting.  Pure. */
#include "base/str.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"

struct str
str_z(const char *z)
{
	return z ? str_make(z, strlen(z)) : STR("");
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
str_ieq(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	/* Most that differ do at once, in more than their case. */
	if (a.n && (a.p[0] ^ b.p[0]) & ~('a' ^ 'A'))
		return false;
	return str_icmp(a, b) == 0;
}

bool
str_is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_ishigh(s.p[i]))
			return false;
	return true;
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

int
str_icmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++) {
		unsigned char x = (unsigned char)ascii_lower(a.p[i]);
		unsigned char y = (unsigned char)ascii_lower(b.p[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.n < b.n ? -1 : a.n > b.n;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_to(s, prefix.n), prefix);
}

bool
str_istarts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_ieq(str_to(s, prefix.n), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

bool
str_iends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_ieq(str_from(s, s.n - suffix.n), suffix);
}

size_t
str_find(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

size_t
str_rfind(struct str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return i - 1;
	return s.n;
}

size_t
str_search(struct str s, struct str needle)
{
	size_t i = 0;

	if (needle.n == 0)
		return 0;
	while (s.n - i >= needle.n) {
		const char *at =
		    memchr(s.p + i, needle.p[0], s.n - i - needle.n + 1);

		if (!at)
			break;
		i = (size_t)(at - s.p);
		if (memcmp(at, needle.p, needle.n) == 0)
			return i;
		i++;
	}
	return s.n;
}

bool
str_has(struct str s, char c)
{
	return str_find(s, c) < s.n;
}

struct str
str_trim(struct str s)
{
	while (s.n && ascii_isspace(s.p[0]))
		s = str_from(s, 1);
	while (s.n && ascii_isspace(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
str_cut(struct str *rest, char sep, struct str *field)
{
	size_t i;

	if (!rest->p)
		return false;
	i = str_find(*rest, sep);
	*field = str_to(*rest, i);
	if (i < rest->n)
		*rest = str_from(*rest, i + 1);
	else
		*rest = str_make(NULL, 0);
	return true;
}

bool
str_listed(struct str list, struct str word)
{
	struct str one;

	while (word.n > 0 && str_cut(&list, ' ', &one))
		if (str_ieq(one, word))
			return true;
	return false;
}

int
str_copy(char *to, size_t size, struct str s)
{
	if (size)
		to[0] = '\0';
	if (s.n >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (str_has(s, '\0')) {
		errno = EINVAL;
		return -1;
	}
	if (s.n)
		memcpy(to, s.p, s.n);
	to[s.n] = '\0';
	return 0;
}
