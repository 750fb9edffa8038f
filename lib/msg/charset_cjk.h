/* SPDX-License-Identifier: ISC */
/* The East Asian character sets behind msg/charset: one character at a time.
 * The tables are ours, so that both C libraries read alike, no converter is
 * loaded (a sandbox forbids it), and Japanese mail is read with the additions
 * of NEC and IBM that it is full of, whatever it calls itself. */
#ifndef MSG_CHARSET_CJK_H
#define MSG_CHARSET_CJK_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum charset_cjk { CJK_SJIS, CJK_EUC_JP, CJK_GB18030, CJK_EUC_KR, CJK_BIG5 };

/* Read one character off the front of s, which is not empty: its length, and
 * the character in *code; 0 when s ends within one; what is none gives
 * *code = 0xfffd and the length to skip, which never covers ASCII behind a
 * broken first octet. */
size_t charset_cjk(enum charset_cjk set, struct str s, uint32_t *code);

/* The character that two 7-bit octets 0x21..0x7e stand for in JIS X 0208, GB
 * 2312 or KS X 1001 (those of the first, third or fourth set above), or
 * 0xfffd. */
uint32_t charset_94x94(enum charset_cjk set, uint8_t a, uint8_t b);

/* Tables.  _row[first octet - 0x81] (of JIS: row) is 0 or the number of the
 * line in _cell, counted from 1. */
struct charset_run {
	uint16_t at, code;
};
extern const uint8_t charset_jis_row[], charset_gb_row[], charset_ks_row[],
    charset_big5_row[];
extern const uint16_t charset_jis_cell[][94], charset_gb_cell[][190],
    charset_ks_cell[][178], charset_big5_cell[][157];
extern const struct charset_run charset_gb_runs[];
extern const size_t charset_gb_nruns;

#endif
