/* SPDX-License-Identifier: ISC */
/* LIST wildcards.  All places in the pattern that the name's text so far may
 * have reached are followed at once, so there is nothing to backtrack.  Pure.*/
#include "proto/imap_match.h"

#include <string.h>

#include "base/ascii.h"

static bool
is_wild(char c)
{
	return c == '*' || c == '%';
}

/* A wildcard may match nothing: whoever stands before it stands behind it. */
static void
spread(bool *at, struct str pattern)
{
	for (size_t i = 0; i < pattern.n; i++)
		if (at[i] && is_wild(pattern.p[i]))
			at[i + 1] = true;
}

/* Octets of name that match in any case: those of INBOX at its start. */
static size_t
caseless(struct str name, char delimiter)
{
	if (!str_istarts(name, STR("INBOX")))
		return 0;
	return name.n == 5 || name.p[5] == delimiter ? 5 : 0;
}

/* Move every place over the octet c, from the last to the first. */
static bool
step(bool *at, struct str pattern, char c, bool fold, char delimiter)
{
	bool any = false;

	at[pattern.n] = false;
	for (size_t i = pattern.n; i-- > 0;) {
		char p = pattern.p[i];
		bool stay = p == '*' || (p == '%' && c != delimiter);
		bool go = p == c || (fold && ascii_lower(p) == ascii_lower(c));

		if (!at[i])
			continue;
		at[i] = stay;
		if (!is_wild(p) && go)
			at[i + 1] = true;
		any = any || stay || go;
	}
	return any;
}

bool
imap_match(struct str pattern, struct str name, char delimiter)
{
	bool at[IMAP_PATTERN_MAX + 1];
	size_t fold = caseless(name, delimiter);

	if (pattern.n > IMAP_PATTERN_MAX)
		return false;
	memset(at, 0, sizeof(at));
	at[0] = true;
	spread(at, pattern);
	for (size_t i = 0; i < name.n; i++) {
		if (!step(at, pattern, name.p[i], i < fold, delimiter))
			return false;
		spread(at, pattern);
	}
	return at[pattern.n];
}
