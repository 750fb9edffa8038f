/* SPDX-License-Identifier: ISC */
/* Encoded words.  A run of words in one character set is one text: senders do
 * cut characters in two, whatever RFC 2047 5 says. */
#include "msg/word.h"

#include "base/ascii.h"
#include "msg/b64.h"
#include "msg/charset.h"
#include "msg/header.h"

#define CHARSET_MAX 64
#define WORD_OCTETS 45 /* make 60 characters of base64 */
#define WORD_CHARS 60

struct word {
	struct str charset;
	bool base64;
	struct str text;
};

/* Cut what comes before the next '?' off *s. */
static bool
field(struct str *s, size_t max, struct str *out)
{
	size_t n = str_find(str_to(*s, max + 1), '?');

	if (n > max || n == s->n)
		return false;
	*out = str_to(*s, n);
	*s = str_from(*s, n + 1);
	return true;
}

/* Take an encoded word off the front of *s; nothing moves when there is none.
 * Blanks in the text are forgiven. */
static bool
take_word(struct str *s, struct word *w)
{
	struct str rest = *s, kind;

	if (!str_starts(rest, STR("=?")))
		return false;
	rest = str_from(rest, 2);
	if (!field(&rest, CHARSET_MAX, &w->charset) || w->charset.n == 0 ||
	    !field(&rest, 1, &kind) || !field(&rest, rest.n, &w->text) ||
	    !str_starts(rest, STR("=")))
		return false;
	if (str_has(w->charset, ' ') || str_has(w->charset, '='))
		return false;
	w->base64 = str_ieq(kind, STR("b"));
	if (!w->base64 && !str_ieq(kind, STR("q")))
		return false;
	w->charset = str_to(w->charset, str_find(w->charset, '*'));
	*s = str_from(rest, 1);
	return true;
}

static void
decode_q(struct str s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n ? ascii_xdigit(s.p[i + 1]) : -1;
		int low = i + 2 < s.n ? ascii_xdigit(s.p[i + 2]) : -1;

		if (s.p[i] == '_') {
			buf_chr(to, ' ');
		} else if (s.p[i] == '=' && high >= 0 && low >= 0) {
			buf_chr(to, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_chr(to, s.p[i]);
		}
	}
}

static void
decode_word(const struct word *w, struct buf *to)
{
	struct b64 d;

	buf_reset(to);
	if (!w->base64) {
		decode_q(w->text, to);
		return;
	}
	b64_begin(&d);
	b64_feed(&d, w->text, to);
	b64_end(&d, to);
}

/* Text between words: 8-bit octets are read as UTF-8 (RFC 6532). */
static void
put_plain(struct str s, struct buf *to)
{
	struct charset c;

	charset_begin(&c, STR("utf-8"));
	charset_feed(&c, s, to);
	charset_end(&c, to);
}

/* Decode the run of words at the front of *s, of which w is the first. */
static void
put_run(struct str *s, struct word *w, struct buf *octets, struct buf *to)
{
	struct str set = w->charset;
	struct charset c;
	bool more;

	charset_begin(&c, set);
	do {
		struct str rest = *s;

		if (!str_ieq(set, w->charset)) {
			charset_end(&c, to);
			set = w->charset;
			charset_begin(&c, set);
		}
		decode_word(w, octets);
		charset_feed(&c, buf_slice(octets), to);
		while (rest.n && ascii_isblank(rest.p[0]))
			rest = str_from(rest, 1);
		more = take_word(&rest, w);
		if (more)
			*s = rest;
	} while (more);
	charset_end(&c, to);
}

/* How far it is to the next "=?", at least 1. */
static size_t
plain_run(struct str s)
{
	size_t n = 1;

	while (n < s.n) {
		n += str_find(str_from(s, n), '=');
		if (n >= s.n || str_starts(str_from(s, n), STR("=?")))
			break;
		n++;
	}
	return n < s.n ? n : s.n;
}

void
word_decode(struct str value, struct buf *to)
{
	struct buf flat, octets;
	struct str s;
	struct word w;
	size_t n = 0; /* octets at the front of s that are no word */

	if (str_is_ascii(value) && str_search(value, STR("=?")) == value.n) {
		header_unfold(value, to);
		return;
	}
	buf_init(&flat, value.n);
	buf_init(&octets, value.n);
	header_unfold(value, &flat);
	s = buf_slice(&flat);
	while (n < s.n) {
		struct str rest = str_from(s, n);

		if (!take_word(&rest, &w)) {
			n += plain_run(rest);
			continue;
		}
		put_plain(str_to(s, n), to);
		put_run(&rest, &w, &octets, to);
		s = rest;
		n = 0;
	}
	put_plain(s, to);
	buf_free(&flat);
	buf_free(&octets);
}

/* ---------------------------------------------------------- encoding */

/* RFC 2047 5 (3): what may stand for itself wherever a word may be. */
static bool
is_safe(char c)
{
	return ascii_isalnum(c) || str_has(STR("!*+-/"), c);
}

static size_t
cost(char c)
{
	return is_safe(c) || c == ' ' ? 1 : 3;
}

static void
put_q(struct str s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			buf_chr(to, '_');
		else if (is_safe(s.p[i]))
			buf_chr(to, s.p[i]);
		else
			buf_fmt(to, "=%02X", (unsigned)(unsigned char)s.p[i]);
	}
}

/* How much of s goes into one word; characters stay whole. */
static size_t
word_size(struct str s, bool base64)
{
	size_t n = 0, used = 0;

	while (n < s.n) {
		uint32_t code;
		size_t k = charset_utf8(str_from(s, n), &code);
		size_t more = 0;

		if (k == 0)
			k = 1;
		for (size_t i = n; i < n + k; i++)
			more += base64 ? 1 : cost(s.p[i]);
		used += more;
		if (used > (base64 ? WORD_OCTETS : WORD_CHARS))
			break;
		n += k;
	}
	return n;
}

static void
put_words(struct str s, bool base64, struct buf *to)
{
	while (s.n) {
		size_t n = word_size(s, base64);

		buf_z(to, base64 ? "=?utf-8?b?" : "=?utf-8?q?");
		if (base64)
			b64_encode(to, str_to(s, n));
		else
			put_q(str_to(s, n), to);
		buf_z(to, "?=");
		s = str_from(s, n);
		if (s.n)
			buf_z(to, "\r\n ");
	}
}

void
word_encode(struct str utf8, struct buf *to)
{
	size_t odd = 0;
	struct buf clean;

	for (size_t i = 0; i < utf8.n; i++)
		odd += ascii_iscntrl(utf8.p[i]) || ascii_ishigh(utf8.p[i]);
	if (odd == 0 && str_search(utf8, STR("=?")) == utf8.n) {
		buf_str(to, utf8);
		return;
	}
	/* Each octet that cannot be read becomes three. */
	buf_init(&clean, 3 * utf8.n);
	put_plain(utf8, &clean);
	put_words(buf_slice(&clean), odd > utf8.n / 3, to);
	buf_free(&clean);
}
