/* SPDX-License-Identifier: ISC */
/* Folding.  ASCII goes by one small table; everything else is looked up, its
 * text put character by character, marks waiting for the letter's end. */
#include "msg/fold.h"

#include <string.h>

#include "base/ascii.h"
#include "msg/charset.h"
#include "msg/fold_table.h"

#define PIECE 4096 /* octets between two looks at the buffer's room */
#define TAIL (4 * FOLD_MARKS + 16)
#define REPLACEMENT 0xfffd
#define DOT_ABOVE 0x307
#define IOTA_BELOW 0x345
#define IOTA 0x3b9

/* clang-format off */
static const char ascii[] =
	"\0\1\2\3\4\5\6\7\10     \16\17"
	"\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\37"
	" !\"#$%&'()*+,-./0123456789:;<=>?"
	"@abcdefghijklmnopqrstuvwxyz[\\]^_"
	"`abcdefghijklmnopqrstuvwxyz{|}~\177";
/* clang-format on */

/* ---------------------------------------------------------- characters */

#define ITSELF 0
#define MARK 1

static uint16_t
look_up(uint32_t c)
{
	uint16_t at = fold_mid[fold_top[c >> 10] * 64u + (c >> 4 & 63)];

	return fold_leaf[at * 16u + (c & 15)];
}

/* The class of a mark. */
static uint8_t
class_of(uint32_t c)
{
	size_t low = 0, high = fold_nclasses;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c > fold_classes[mid].last)
			low = mid + 1;
		else if (c < fold_classes[mid].first)
			high = mid;
		else
			return fold_classes[mid].class;
	}
	return 0;
}

static char *
put_utf8(char *o, uint32_t c)
{
	if (c < 0x80) {
		*o++ = (char)c;
		return o;
	}
	if (c < 0x800) {
		*o++ = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*o++ = (char)(0xe0 | c >> 12);
		*o++ = (char)(0x80 | (c >> 6 & 63));
	} else {
		*o++ = (char)(0xf0 | c >> 18);
		*o++ = (char)(0x80 | (c >> 12 & 63));
		*o++ = (char)(0x80 | (c >> 6 & 63));
	}
	*o++ = (char)(0x80 | (c & 63));
	return o;
}

static char *
put_marks(struct fold *f, char *o)
{
	for (size_t i = 0; i < f->nmarks; i++) {
		uint32_t c = f->marks[i] & 0xffffff;

		if (i > 0 || c != DOT_ABOVE || !f->i)
			o = put_utf8(o, c == IOTA_BELOW ? IOTA : c);
	}
	f->blank = f->i = false;
	f->nmarks = 0;
	return o;
}

/* Marks of one class stay in their order. */
static char *
put_mark(struct fold *f, char *o, uint32_t c, uint32_t class)
{
	size_t i;

	if (f->nmarks == FOLD_MARKS)
		o = put_marks(f, o);
	for (i = f->nmarks++; i > 0 && f->marks[i - 1] >> 24 > class; i--)
		f->marks[i] = f->marks[i - 1];
	f->marks[i] = class << 24 | c;
	return o;
}

/* A character that is folded already. */
static char *
put_code(struct fold *f, char *o, uint32_t c)
{
	if (c > 0x2ff && c <= FOLD_LAST && look_up(c) == MARK)
		return put_mark(f, o, c, class_of(c));
	if (f->nmarks)
		o = put_marks(f, o);
	if (c == ' ' && f->blank)
		return o;
	f->blank = c == ' ';
	f->i = c == 'i';
	return put_utf8(o, c);
}

static char *
put_hangul(struct fold *f, char *o, uint32_t s)
{
	/* The Unicode Standard 3.12. */
	o = put_code(f, o, 0x1100 + s / 588);
	o = put_code(f, o, 0x1161 + s % 588 / 28);
	return s % 28 ? put_code(f, o, 0x11a7 + s % 28) : o;
}

static char *
put_folded(struct fold *f, char *o, uint32_t c)
{
	uint16_t at;
	struct str s;

	if (c >= 0xac00 && c <= 0xd7a3)
		return put_hangul(f, o, c - 0xac00);
	if (c > FOLD_LAST) /* 0xe0000…: invisible */
		return c >> 12 == 0xe0 ? o : put_code(f, o, c);
	at = look_up(c);
	if (at == ITSELF || at == MARK)
		return put_code(f, o, c);
	s = str_make(fold_pool + at, (size_t)(fold_pool[at - 1] - '@'));
	while (s.n) {
		s = str_from(s, charset_utf8(s, &c));
		o = put_code(f, o, c);
	}
	return o;
}

/* -------------------------------------------------------------- streams */

/* The ASCII at the front of *s. */
static char *
put_ascii(struct fold *f, char *o, struct str *s)
{
	const char *p = s->p, *end = p + s->n;
	char last;

	if (p == end || ascii_ishigh(*p))
		return o;
	if (f->nmarks)
		o = put_marks(f, o);
	last = f->blank ? ' ' : 0;
	while (p < end && !ascii_ishigh(*p)) {
		char c = ascii[(unsigned char)*p++];

		*o = c;
		o += c != ' ' || last != ' ';
		last = c;
	}
	f->blank = last == ' ';
	f->i = last == 'i';
	*s = str_from(*s, (size_t)(p - s->p));
	return o;
}

/* Finish the held character with the first octets of *s. */
static char *
put_held(struct fold *f, char *o, struct str *s)
{
	while (f->nheld && s->n) {
		uint32_t c;
		size_t n;

		f->held[f->nheld++] = s->p[0];
		n = charset_utf8(str_make(f->held, f->nheld), &c);
		if (n == 0 || n == f->nheld)
			*s = str_from(*s, 1);
		if (n == 0)
			continue;
		/* What broke it off starts anew with the rest. */
		o = put_folded(f, o, c);
		f->nheld = 0;
	}
	return o;
}

static bool
follows(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Characters of two and three octets that fold to themselves, which most are;
 * the rest of s. */
static char *
put_plain(struct fold *f, char *o, struct str *s)
{
	const unsigned char *p = (const unsigned char *)s->p;
	const unsigned char *end = p + s->n;

	while (end - p >= 3) {
		uint32_t c;

		if (*p >= 0xc2 && *p <= 0xdf && follows((char)p[1]))
			c = (*p & 31u) << 6 | (p[1] & 63u);
		else if (*p >= 0xe1 && *p <= 0xec && follows((char)p[1]) &&
			 follows((char)p[2]))
			c = (*p & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
		else
			break;
		/* Hangul is not in the tables. */
		if (look_up(c) != ITSELF || c >= 0xac00)
			break;
		if (f->nmarks)
			o = put_marks(f, o);
		f->blank = f->i = false;
		*o++ = (char)*p++;
		*o++ = (char)*p++;
		if (c >= 0x800)
			*o++ = (char)*p++;
	}
	*s = str_from(*s, (size_t)((const char *)p - s->p));
	return o;
}

static char *
put_piece(struct fold *f, char *o, struct str s)
{
	o = put_held(f, o, &s);
	while (s.n) {
		uint32_t c;
		size_t n;

		o = put_ascii(f, o, &s);
		o = put_plain(f, o, &s);
		if (s.n == 0)
			break;
		if (!ascii_ishigh(s.p[0]))
			continue;
		n = charset_utf8(s, &c);
		if (n == 0) {
			memcpy(f->held, s.p, s.n);
			f->nheld = s.n;
			break;
		}
		o = put_folded(f, o, c);
		s = str_from(s, n);
	}
	return o;
}

void
fold_begin(struct fold *f)
{
	f->nheld = f->nmarks = 0;
	f->blank = f->i = false;
}

void
fold_feed(struct fold *f, struct str utf8, struct buf *to)
{
	while (utf8.n) {
		struct str piece = str_to(utf8, PIECE);
		/* Three octets held before count as well. */
		char *o =
		    buf_room(to, FOLD_GROWTH * (piece.n + f->nheld) + TAIL);

		if (!o)
			return;
		to->n = (size_t)(put_piece(f, o, piece) - to->p);
		utf8 = str_from(utf8, PIECE);
	}
}

void
fold_end(struct fold *f, struct buf *to)
{
	char *o = buf_room(to, TAIL);

	if (!o)
		return;
	if (f->nheld)
		o = put_folded(f, o, REPLACEMENT);
	if (f->nmarks)
		o = put_marks(f, o);
	to->n = (size_t)(o - to->p);
	fold_begin(f);
}

void
fold_text(struct str utf8, struct buf *to)
{
	struct fold f;

	fold_begin(&f);
	fold_feed(&f, utf8, to);
	fold_end(&f, to);
}
