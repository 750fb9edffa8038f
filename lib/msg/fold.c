/* SPDX-License-Identifier: ISC */
/* Folding.  ASCII goes by one small table; everything else is looked up, its
 * text put character by character, marks waiting for the letter's end, and what
 * may be put together for the next character. */
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

	if (c >= 0x300 && c <= 0x314) /* those of most languages */
		return 230;
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

/* Kana that can have the sounds' marks, hiragana as katakana: how far off the
 * voiced (half voiced) one is, or 0. */
static uint32_t
kana_step(uint32_t c, bool half)
{
	if (c >= 0x3041 && c <= 0x309e)
		c += 0x60;
	if (c >= 0x30cf && c <= 0x30db && c % 3 == 0) /* ha to ho */
		return half ? 2 : 1;
	if (half)
		return 0;
	if ((c >= 0x30ab && c <= 0x30c1 && c % 2) || /* ka to chi */
	    (c >= 0x30c4 && c <= 0x30c8 && c % 2 == 0) || c == 0x30fd)
		return 1;
	if (c == 0x30a6) /* u */
		return 0x4e;
	return c >= 0x30ef && c <= 0x30f2 ? 8 : 0; /* wa to wo */
}

/* Whether c may begin what join() makes one. */
static bool
may_join(uint32_t c)
{
	return (c >= 0x3041 && c <= 0x30fd && kana_step(c, false)) ||
	       (c >= 0x1100 && c <= 0x1112) ||
	       (c >= 0xac00 && c <= 0xd7a3 && (c - 0xac00) % 28 == 0);
}

/* The syllable that a and b are, or 0 (The Unicode Standard 3.12). */
static uint32_t
join(uint32_t a, uint32_t b)
{
	uint32_t step;

	if (b == 0x3099 || b == 0x309a) {
		step = kana_step(a, b == 0x309a);
		/* Hiragana have no wa to wo with marks. */
		return step && !(step == 8 && a < 0x30a0) ? a + step : 0;
	}
	if (a >= 0x1100 && a <= 0x1112 && b >= 0x1161 && b <= 0x1175)
		return 0xac00 + (a - 0x1100) * 588 + (b - 0x1161) * 28;
	if (a >= 0xac00 && (a - 0xac00) % 28 == 0 && b >= 0x11a8 && b <= 0x11c2)
		return a + b - 0x11a7;
	return 0;
}

/* Put out what waits. */
static char *
put_waiting(struct fold *f, char *o)
{
	uint32_t first = f->nmarks ? f->marks[0] & 0xffffff : 0;
	size_t i = 0;

	if (f->last && first && join(f->last, first)) {
		f->last = join(f->last, first);
		i = 1;
	}
	if (f->last)
		o = put_utf8(o, f->last);
	f->last = 0;
	if (first == DOT_ABOVE && f->i)
		i = 1;
	for (; i < f->nmarks; i++) {
		uint32_t c = f->marks[i] & 0xffffff;

		o = put_utf8(o, c == IOTA_BELOW ? IOTA : c);
	}
	if (f->nmarks)
		f->blank = f->i = false;
	f->nmarks = 0;
	return o;
}

static inline char *
put_pending(struct fold *f, char *o)
{
	return f->last || f->nmarks ? put_waiting(f, o) : o;
}

/* Marks of one class stay in their order. */
static char *
put_mark(struct fold *f, char *o, uint32_t c, uint32_t class)
{
	size_t i;

	if (f->nmarks == FOLD_MARKS)
		o = put_pending(f, o);
	for (i = f->nmarks++; i > 0 && f->marks[i - 1] >> 24 > class; i--)
		f->marks[i] = f->marks[i - 1];
	f->marks[i] = class << 24 | c;
	return o;
}

/* A character that is folded already. */
static char *
put_code(struct fold *f, char *o, uint32_t c)
{
	uint32_t syllable;

	if (c > 0x2ff && c <= FOLD_LAST && look_up(c) == MARK)
		return put_mark(f, o, c, class_of(c));
	syllable = f->last && !f->nmarks ? join(f->last, c) : 0;
	if (syllable) {
		f->last = syllable;
		return o;
	}
	o = put_pending(f, o);
	if (c == ' ' && f->blank)
		return o;
	f->blank = c == ' ';
	f->i = c == 'i';
	if (!may_join(c))
		return put_utf8(o, c);
	f->last = c;
	return o;
}

static char *
put_folded(struct fold *f, char *o, uint32_t c)
{
	uint16_t at;
	struct str s;

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

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Eight octets of plain ASCII at once: no control characters, and no two blanks
 * together.  False for others; *blank is whether the last was one. */
static bool
put_eight(const char *p, char *o, bool *blank)
{
	uint64_t v, blanks, capitals;

	memcpy(&v, p, sizeof(v));
	if ((v | ~(v + EACH(0x60))) & EACH(0x80))
		return false;
	blanks = ~((v ^ EACH(' ')) + EACH(0x7f)) & EACH(0x80);
	if ((blanks & blanks >> 8) || (*blank && *p == ' '))
		return false;
	capitals =
	    (v + EACH(0x80 - 'A')) & ~(v + EACH(0x7f - 'Z')) & EACH(0x80);
	v |= capitals >> 2;
	memcpy(o, &v, sizeof(v));
	*blank = p[7] == ' ';
	return true;
}

/* The ASCII at the front of *s. */
static char *
put_ascii(struct fold *f, char *o, struct str *s)
{
	const char *p = s->p, *end = p + s->n;

	if (p == end || ascii_ishigh(*p))
		return o;
	o = put_pending(f, o);
	while (p < end) {
		char c;

		if (end - p >= 8 && put_eight(p, o, &f->blank)) {
			p += 8;
			o += 8;
			continue;
		}
		if (ascii_ishigh(*p))
			break;
		c = ascii[(unsigned char)*p++];
		*o = c;
		o += c != ' ' || !f->blank;
		f->blank = c == ' ';
	}
	f->i = ascii[(unsigned char)p[-1]] == 'i';
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

/* Whether what starts with p may join what is before it: sounds' marks of both
 * widths, Hangul's letters. */
static bool
joins(const unsigned char *p)
{
	return (p[0] == 0xe3 && p[1] == 0x82 && (p[2] | 3) == 0x9b) ||
	       (p[0] == 0xef && p[1] == 0xbe && p[2] >= 0x9e) ||
	       (p[0] == 0xe1 && (p[1] | 3) == 0x87);
}

/* Whether what a letter folds to can go over as it stands, because no mark or
 * letter that joins follows: p is what does. */
static bool
stands(uint32_t c, const unsigned char *p)
{
	/* Letters of Latin, Greek and Cyrillic, but those that fold to a
	 * blank and more. */
	return c >= 0xc0 && c < 0x530 && c != 0x37a && c != 0x384 &&
	       c != 0x385 &&
	       (*p < 0x80 || (*p >= 0xc2 && *p <= 0xcb) ||
		   (*p >= 0xce && *p <= 0xd1));
}

/* The length of the character of two or three octets at p, which starts or ends
 * nothing in what it folds to, *s; 0 for what is none or is not so simple. */
static size_t
plain(const unsigned char *p, struct str *s)
{
	uint32_t c, at;

	if (*p >= 0xc2 && *p <= 0xdf && follows((char)p[1])) {
		c = (*p & 31u) << 6 | (p[1] & 63u);
		at = look_up(c);
		*s = str_make((const char *)p, 2);
		if (at > MARK && stands(c, p + 2))
			*s = str_make(
			    fold_pool + at, (size_t)(fold_pool[at - 1] - '@'));
		else if (at != ITSELF)
			return 0;
		return 2;
	}
	/* 0xe0 and those from 0xed on are not free in what follows. */
	if (*p >= 0xe1 && *p <= 0xed && follows((char)p[1]) &&
	    follows((char)p[2]) && (*p < 0xed || p[1] < 0xa0)) {
		c = (*p & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
		*s = str_make((const char *)p, 3);
		return look_up(c) == ITSELF && c >> 8 != 0x11 ? 3 : 0;
	}
	return 0;
}

/* Characters that are simple, which most are, and join nothing. */
static char *
put_plain(struct fold *f, char *o, struct str *s)
{
	const unsigned char *p = (const unsigned char *)s->p;
	const unsigned char *end = p + s->n;

	while (end - p >= 6) {
		struct str folded;
		size_t n = plain(p, &folded);

		if (n == 0 || joins(p + n))
			break;
		o = put_pending(f, o);
		f->blank = f->i = false;
		for (size_t i = 0; i < folded.n; i++)
			*o++ = folded.p[i];
		p += n;
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
	f->last = 0;
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
	o = put_pending(f, o);
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
