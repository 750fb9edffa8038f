/* SPDX-License-Identifier: ISC */
/* Pieces of IMAP replies.  Pure; RFC 3501 9. */
#include "proto/imap_write.h"

#include "base/ascii.h"
#include "msg/date.h"
#include "msg/flags.h"
#include "msg/nstring.h"
#include "proto/imap_token.h"

static bool
is_atom(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!imap_is_atom_char(s.p[i]))
			return false;
	return s.n > 0 && !str_ieq(s, STR("NIL"));
}

void
imap_put_astring(struct buf *b, struct str s)
{
	if (is_atom(s))
		buf_str(b, s);
	else
		nstring_string(b, s);
}

void
imap_put_flags(struct buf *b, uint32_t flags, bool recent, uint64_t keywords,
    const char *const *names, size_t n)
{
	const char *gap = "";

	if (recent)
		flags |= FLAG_RECENT;
	buf_chr(b, '(');
	for (unsigned i = 0; i < FLAGS_N; i++) {
		if (!(flags & 1u << i))
			continue;
		buf_z(b, gap);
		buf_str(b, flags_name(i));
		gap = " ";
	}
	for (size_t i = 0; i < n && i < 64; i++) {
		if (!(keywords & (uint64_t)1 << i) || !names[i])
			continue;
		buf_z(b, gap);
		buf_z(b, names[i]);
		gap = " ";
	}
	buf_chr(b, ')');
}

void
imap_put_date(struct buf *b, int64_t seconds)
{
	char text[DATE_SIZE];

	buf_chr(b, '"');
	buf_put(b, text, date_imap(text, seconds, 0));
	buf_chr(b, '"');
}

void
imap_put_text(struct buf *b, struct str s, size_t max)
{
	s = str_to(s, max);
	for (size_t i = 0; i < s.n; i++) {
		bool bad = ascii_iscntrl(s.p[i]) || ascii_ishigh(s.p[i]);

		buf_chr(b, bad ? '?' : s.p[i]);
	}
}
