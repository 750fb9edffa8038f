/* SPDX-License-Identifier: ISC */
/* RFC 5256 2.1, the extraction of base subjects, on a slice that shrinks. */
#include "msg/thread.h"

#include "base/ascii.h"
#include "msg/word.h"

#define SUBJECT_TEXT 65536 /* octets of a field that are read */
#define SUBJECT_MAX 1000

/* Step 1: UTF-8, one blank for each run of blanks, none at the ends. */
static void
plain(struct str value, struct buf *to)
{
	struct buf b;
	bool blank = false;

	buf_init(&b, 4 * SUBJECT_TEXT);
	word_decode(str_to(value, SUBJECT_TEXT), &b);
	for (size_t i = 0; i < b.n; i++) {
		if (ascii_isspace(b.p[i])) {
			blank = to->n > 0;
			continue;
		}
		if (blank)
			buf_chr(to, ' ');
		blank = false;
		buf_chr(to, b.p[i]);
	}
	buf_free(&b);
}

static struct str
skip_blanks(struct str s)
{
	while (s.n && s.p[0] == ' ')
		s = str_from(s, 1);
	return s;
}

/* subj-blob: "[...]" and blanks, if s starts so. */
static bool
blob(struct str *s)
{
	size_t n = 1;

	if (!str_starts(*s, STR("[")))
		return false;
	while (n < s->n && s->p[n] != '[' && s->p[n] != ']')
		n++;
	if (n == s->n || s->p[n] == '[')
		return false;
	*s = skip_blanks(str_from(*s, n + 1));
	return true;
}

/* Step 3's subj-refwd: "Re:", "Fw:", "Fwd:", a blob before the colon. */
static bool
refwd(struct str *s)
{
	struct str rest;

	if (str_istarts(*s, STR("fwd")))
		rest = str_from(*s, 3);
	else if (str_istarts(*s, STR("re")) || str_istarts(*s, STR("fw")))
		rest = str_from(*s, 2);
	else
		return false;
	rest = skip_blanks(rest);
	blob(&rest);
	if (!str_starts(rest, STR(":")))
		return false;
	*s = skip_blanks(str_from(rest, 1));
	return true;
}

/* Step 2. */
static bool
trailer(struct str *s)
{
	bool any = false;

	for (;;) {
		while (s->n && s->p[s->n - 1] == ' ')
			s->n--;
		if (!str_iends(*s, STR("(fwd)")))
			return any;
		s->n -= 5;
		any = true;
	}
}

/* Step 3: blobs count only when a "Re:" follows. */
static bool
leader(struct str *s)
{
	struct str rest = *s;

	while (blob(&rest))
		;
	if (!refwd(&rest))
		return false;
	*s = rest;
	return true;
}

/* Steps 3 to 5.  The blob of step 4 alone makes no reply. */
static bool
leaders(struct str *s)
{
	bool any = false;

	for (;;) {
		struct str rest;

		*s = skip_blanks(*s);
		if (leader(s)) {
			any = true;
			continue;
		}
		rest = *s;
		if (!blob(&rest) || rest.n == 0)
			return any;
		*s = rest;
	}
}

bool
thread_subject(struct str value, struct buf *to)
{
	struct buf b;
	struct str s;
	bool reply = false;

	buf_init(&b, 4 * SUBJECT_TEXT);
	plain(value, &b);
	s = buf_slice(&b);
	for (;;) {
		reply = trailer(&s) || reply;
		reply = leaders(&s) || reply;
		if (!str_istarts(s, STR("[fwd:")) || !str_ends(s, STR("]")))
			break;
		s = str_make(s.p + 5, s.n - 6); /* step 6 */
		reply = true;
	}
	buf_str(to, str_to(s, SUBJECT_MAX));
	buf_free(&b);
	return reply;
}

bool
thread_id(struct str *rest, struct str *id)
{
	size_t open;

	while ((open = str_find(*rest, '<')) < rest->n) {
		struct str s = str_from(*rest, open + 1);
		size_t close = str_find(s, '>');

		if (close == s.n)
			break;
		*id = str_to(s, close);
		*rest = str_from(s, close + 1);
		/* A '<' within starts anew: the first was never closed. */
		*id = str_from(*id,
		    str_rfind(*id, '<') < id->n ? str_rfind(*id, '<') + 1 : 0);
		if (id->n)
			return true;
	}
	*rest = str_from(*rest, rest->n);
	return false;
}
