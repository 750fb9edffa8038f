/* SPDX-License-Identifier: ISC */
/* Character sets of mail to UTF-8, in pieces: UTF-8, UTF-16, UTF-7, the
 * ISO-8859 and windows families, KOI8, and the East Asian ones.  All tables are
 * ours; nothing of the system is used.  What cannot be read becomes U+FFFD, an
 * unknown set is read as ASCII.  Sets are read as their widest relatives:
 * iso-8859-1 as windows-1252, gb2312 as GB18030, Shift_JIS as windows-31j,
 * EUC-KR as windows-949. */
#ifndef MSG_CHARSET_H
#define MSG_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct charset {
	int kind;              /* private, all of it */
	int set;               /* of the East Asian ones */
	const uint16_t *table; /* of an 8-bit set: what 0x80..0xff stand for */
	char held[8];          /* the start of an unfinished character */
	size_t n;
	bool little, started; /* UTF-16 */
	int mode;             /* ISO-2022, UTF-7 */
	uint32_t bits;        /* UTF-7 */
	unsigned nbits;
};

/* Whether the set is known (SEARCH CHARSET asks, RFC 3501 6.4.4). */
bool charset_known(struct str name);

/* Start reading text in the set called name (letters and digits count, case
 * does not; "" is US-ASCII).  Returns 1, or 0 when the set is not known: it
 * reads as ASCII then. */
int charset_begin(struct charset *c, struct str name);

/* Append as UTF-8; s may be cut anywhere. */
void charset_feed(struct charset *c, struct str s, struct buf *to);

/* Append U+FFFD for an unfinished character; begin again before more text. */
void charset_end(struct charset *c, struct buf *to);

/* Whether the text is UTF-8 as it stands (US-ASCII is too when its octets are
 * ASCII): a reader that copes with broken UTF-8 needs no charset_feed(). */
bool charset_is_plain(const struct charset *c);

/* Append one character as UTF-8; what is none is appended as U+FFFD. */
void charset_put(struct buf *to, uint32_t code);

/* Read one character off the front of s, which is not empty: its length, and
 * the character in *code.  0 when s ends within one that is valid so far;
 * broken UTF-8 gives *code = 0xfffd and the length to skip. */
size_t charset_utf8(struct str s, uint32_t *code);

/* Whether all of s is valid UTF-8 (RFC 3629). */
bool charset_is_utf8(struct str s);

#endif
