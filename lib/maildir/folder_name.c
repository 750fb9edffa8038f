/* SPDX-License-Identifier: ISC */
/* Which names a mailbox may have.  Names arrive from clients: nothing that
 * reaches the file system may hold '/', control characters or empty levels,
 * and every name has one spelling only (RFC 3501 5.1.3). */
#include <stdint.h>

#include "base/ascii.h"
#include "maildir/folder.h"

/* The value of a modified base64 character, or -1. */
static int
digit(char c)
{
	if (ascii_isupper(c))
		return c - 'A';
	if (ascii_islower(c))
		return c - 'a' + 26;
	if (ascii_isdigit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == ',' ? 63 : -1;
}

/* Check one UTF-16 unit; *high: a high surrogate waits for its low one. */
static bool
unit_ok(uint32_t unit, bool *high)
{
	bool low = unit >= 0xdc00 && unit <= 0xdfff;

	if (*high != low)
		return false;
	*high = unit >= 0xd800 && unit <= 0xdbff;
	/* Printable ASCII stands for itself; controls are refused. */
	return unit > 0x9f;
}

/* The text between '&' and '-': at least one unit, no needless bits. */
static bool
shifted_ok(struct str s)
{
	uint32_t bits = 0;
	unsigned have = 0;
	bool high = false;

	for (size_t i = 0; i < s.n; i++) {
		int v = digit(s.p[i]);

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have < 16)
			continue;
		have -= 16;
		if (!unit_ok(bits >> have & 0xffff, &high))
			return false;
	}
	return !high && have < 6 && (bits & ((1u << have) - 1)) == 0;
}

static bool
utf7_ok(struct str s)
{
	bool shifted_before = false;

	while (s.n > 0) {
		size_t end;

		if (s.p[0] != '&') {
			shifted_before = false;
			s = str_from(s, 1);
			continue;
		}
		end = str_find(s, '-');
		if (end == s.n)
			return false;
		/* Two shifts in a row would be a second spelling. */
		if (end > 1 && (shifted_before ||
				   !shifted_ok(str_from(str_to(s, end), 1))))
			return false;
		shifted_before = end > 1;
		s = str_from(s, end + 1);
	}
	return true;
}

bool
folder_valid(struct str name)
{
	char before = FOLDER_DELIMITER;

	if (name.n == 0 || name.n > FOLDER_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (ascii_iscntrl(c) || ascii_ishigh(c) || c == '/' ||
		    (c == FOLDER_DELIMITER && before == FOLDER_DELIMITER))
			return false;
		before = c;
	}
	return before != FOLDER_DELIMITER && utf7_ok(name);
}
