/* SPDX-License-Identifier: ISC */
/* Text in the form in which it is compared when people search: two texts that
 * read the same become the same octets.  A stream, in bounded memory; pure.
 *
 * That form is Unicode's NFKC_Casefold (The Unicode Standard 3.13 D147, UAX
 * #44) and then NFD: letters of all scripts without case (also ß and ss), full
 * and half width, ligatures and other compatibility forms alike, what is
 * invisible (soft hyphen, zero width space) gone, composed letters taken apart
 * and their marks in canonical order.  So, as with i;unicode-casemap (RFC
 * 5051), "e" is found in "é", and "é" not in "e".  Hangul and kana are put
 * together instead: nobody takes か for the beginning of が.
 *
 * Beyond that, white space is one blank, however much there is, so that a
 * phrase is found over the end of a line; the Turkish letters ı and İ are an i
 * (no text says its language); straight and bent quotes are alike, and so are
 * the dashes that Windows and others read differently from the same Japanese
 * text. */
#ifndef MSG_FOLD_H
#define MSG_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Marks on one letter that are brought in order: what real text has, with
 * room (UAX #15 13 says 30).  Further ones begin a new run. */
#define FOLD_MARKS 30

struct fold {
	char held[4]; /* the start of an unfinished character */
	size_t nheld;
	bool blank;    /* the last character was one */
	bool i;        /* the last letter was i */
	uint32_t last; /* not yet out: perhaps part of a syllable; or 0 */
	size_t nmarks;
	uint32_t marks[FOLD_MARKS]; /* not yet out; class << 24 | character */
};

void fold_begin(struct fold *f);

/* Append as far as is certain; utf8 may be cut anywhere.  Broken UTF-8 becomes
 * U+FFFD.  An octet makes at most FOLD_GROWTH. */
void fold_feed(struct fold *f, struct str utf8, struct buf *to);
#define FOLD_GROWTH 11

/* Append what was held back; begin again before the next text. */
void fold_end(struct fold *f, struct buf *to);

/* All three. */
void fold_text(struct str utf8, struct buf *to);

#endif
