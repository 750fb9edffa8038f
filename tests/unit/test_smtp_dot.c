/* SPDX-License-Identifier: ISC */
/* The DATA automaton against a tiny reference, over all strings of at most
 * seven octets of {CR, LF, '.', 'a', NUL} in every split, and the sending side
 * against the receiving one. */
#include "tap.h"

#include "proto/smtp_dot.h"

struct outcome {
	int end;  /* octets used when the end was found, -1 if not */
	bool bad; /* bare CR, bare LF or NUL before it */
	size_t n;
	char text[64];
};

/* Written from RFC 5321 4.1.1.4 and 4.5.2, looking at the whole text: find
 * the first CRLF "." CRLF (behind an imagined CRLF), then look at the lines.*/
static struct outcome
reference(struct str in)
{
	struct outcome o = {.end = -1};
	char t[32] = "\r\n";
	size_t n = in.n + 2, stop;

	memcpy(t + 2, in.p, in.n);
	stop = str_search(str_make(t, n), STR("\r\n.\r\n"));
	if (stop < n) {
		o.end = (int)stop + 3;
		n = stop + 2;
	}
	for (size_t i = 2; i < n; i++) {
		bool start = t[i - 2] == '\r' && t[i - 1] == '\n';

		if (t[i] == 0 || (t[i] == '\n' && t[i - 1] != '\r') ||
		    (t[i] == '\r' && i + 1 < n && t[i + 1] != '\n'))
			o.bad = true;
		if (!(t[i] == '.' && start))
			o.text[o.n++] = t[i];
	}
	return o;
}

/* Feed it cut where bits of `cuts` are set. */
static struct outcome
ours(struct str in, unsigned cuts)
{
	struct outcome o = {.end = -1};
	struct smtp_dot d;
	size_t at = 0;

	smtp_dot_init(&d);
	while (at < in.n && o.end < 0) {
		size_t to = at + 1;
		struct str part, piece;

		while (to < in.n && !(cuts >> to & 1))
			to++;
		part = str_make(in.p + at, to - at);
		while (part.n && o.end < 0) {
			if (smtp_dot_next(&d, &part, &piece) == 0)
				o.end = (int)(part.p - in.p);
			memcpy(o.text + o.n, piece.p, piece.n);
			o.n += piece.n;
		}
		at = to;
	}
	o.bad = d.fault != SMTP_DOT_FINE;
	return o;
}

static bool
same(struct outcome a, struct outcome b)
{
	if (a.end != b.end || a.bad != b.bad)
		return false;
	/* The text of a bad or unfinished message is thrown away. */
	return a.bad || a.end < 0 ||
	       (a.n == b.n && memcmp(a.text, b.text, a.n) == 0);
}

static void
test_exhaustive(void)
{
	static const char alphabet[] = {'\r', '\n', '.', 'a', 0};
	long strings = 0, different = 0;
	char text[16];

	for (size_t n = 0; n <= 7; n++) {
		long count = 1;

		for (size_t i = 0; i < n; i++)
			count *= 5;
		for (long v = 0; v < count; v++) {
			struct str in = str_make(text, n);
			struct outcome want;
			long rest = v;

			for (size_t i = 0; i < n; i++, rest /= 5)
				text[i] = alphabet[rest % 5];
			want = reference(in);
			strings++;
			for (unsigned c = 0; c < 1U << (n ? n : 1); c += 2)
				different += !same(ours(in, c), want);
		}
	}
	CHECK_NUM(strings, 97656, "every string");
	CHECK_NUM(different, 0, "no difference in any split");
}

static void
test_long_lines(void)
{
	static char line[1100];
	struct smtp_dot d;
	struct str in, piece;

	memset(line, 'a', sizeof(line));
	memcpy(line + 998, "\r\n.\r\n", 5);
	smtp_dot_init(&d);
	in = str_make(line, 1003);
	while (smtp_dot_next(&d, &in, &piece) && in.n)
		;
	CHECK_NUM(d.fault, SMTP_DOT_FINE, "998 octets, RFC 5321 4.5.3.1.6");
	memset(line, 'a', 999);
	memcpy(line + 999, "\r\n.\r\n", 5);
	line[0] = '.';
	smtp_dot_init(&d);
	in = str_make(line, 1004);
	while (smtp_dot_next(&d, &in, &piece) && in.n)
		;
	CHECK_NUM(d.fault, SMTP_DOT_FINE, "the doubled dot does not count");
	line[0] = 'a';
	smtp_dot_init(&d);
	in = str_make(line, 1004);
	while (smtp_dot_next(&d, &in, &piece) && in.n)
		;
	CHECK_NUM(d.fault, SMTP_DOT_LONG, "999 octets are refused");
	CHECK(in.n == 0, "to their true end");
}

static const struct {
	struct str text;
	enum smtp_dot_fault fault;
} faults[] = {
    {{"a\nb\r\n.\r\n", 8}, SMTP_DOT_BARE_LF},
    {{"a\n.\r\nb\r\n.\r\n", 11}, SMTP_DOT_BARE_LF},
    {{"a\n.\nb\r\n.\r\n", 10}, SMTP_DOT_BARE_LF},
    {{"a\r.\r\nb\r\n.\r\n", 11}, SMTP_DOT_BARE_CR},
    {{"a\r\n.\nb\r\n.\r\n", 11}, SMTP_DOT_BARE_LF},
    {{"a\r\n.\rb\r\n.\r\n", 11}, SMTP_DOT_BARE_CR},
    {{"a\r\r\n.\r\n", 7}, SMTP_DOT_BARE_CR},
    {{"a\0\r\n.\r\n", 7}, SMTP_DOT_NUL},
    {{"a\r\n..\r\n.\r\n", 10}, SMTP_DOT_FINE},
};

static void
test_faults(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		struct smtp_dot d;
		struct str in = faults[i].text, piece;
		int r;

		smtp_dot_init(&d);
		do
			r = smtp_dot_next(&d, &in, &piece);
		while (r && in.n);
		CHECK_NUM(d.fault, faults[i].fault, "the first fault");
		CHECK(r == 0 && in.n == 0, "the end is the true end");
		CHECK_NUM(*smtp_dot_why(d.fault) != 0, d.fault != SMTP_DOT_FINE,
		    "a reason");
	}
}

/* Stuff `in` cut in two at `cut`; returns the octets written, or -1. */
static int
stuff(struct str in, size_t cut, char *to)
{
	struct smtp_stuff s;
	struct str parts[2] = {str_to(in, cut), str_from(in, cut)};
	struct str piece;
	size_t n = 0;
	int r;

	smtp_stuff_init(&s);
	for (int i = 0; i < 2; i++) {
		while ((r = smtp_stuff_next(&s, &parts[i], &piece)) > 0) {
			memcpy(to + n, piece.p, piece.n);
			n += piece.n;
		}
		if (r < 0)
			return -1;
	}
	piece = smtp_stuff_end(&s);
	memcpy(to + n, piece.p, piece.n);
	return s.fault ? -1 : (int)(n + piece.n);
}

/* What is sent comes out as one message and unchanged, or not at all. */
static bool
survives(struct str in, size_t cut)
{
	char wire[64], want[32];
	int n = stuff(in, cut, wire);
	struct outcome o;
	size_t want_n = in.n;

	memcpy(want, in.p, in.n);
	if (in.n && (in.n < 2 || !str_ends(in, STR("\r\n")))) {
		memcpy(want + in.n, "\r\n", 2);
		want_n += 2;
	}
	if (n < 0)
		return true;
	o = ours(str_make(wire, (size_t)n), 0);
	return o.end == n && !o.bad && o.n == want_n &&
	       memcmp(o.text, want, want_n) == 0;
}

static bool
clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == 0 ||
		    (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r')) ||
		    (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n')))
			return false;
	return true;
}

static void
test_stuff(void)
{
	static const char alphabet[] = {'\r', '\n', '.', 'a', 0};
	char text[16], wire[64];
	long wrong = 0, refused_wrongly = 0;

	for (long v = 0; v < 5 * 78125; v++) {
		size_t n = (size_t)(v / 78125) + 3;
		struct str in = str_make(text, n);
		long rest = v % 78125;

		for (size_t i = 0; i < n; i++, rest /= 5)
			text[i] = alphabet[rest % 5];
		for (size_t cut = 0; cut <= n; cut++) {
			wrong += !survives(in, cut);
			refused_wrongly +=
			    (stuff(in, cut, wire) >= 0) != clean(in);
		}
	}
	CHECK_NUM(wrong, 0, "one message out for one in, unchanged");
	CHECK_NUM(refused_wrongly, 0, "bare CR, LF and NUL are never sent");
	CHECK(stuff(STR(""), 0, wire) == 3 && memcmp(wire, ".\r\n", 3) == 0,
	    "an empty message");
}

int
main(void)
{
	test_exhaustive();
	test_long_lines();
	test_faults();
	test_stuff();
	return tap_done();
}
