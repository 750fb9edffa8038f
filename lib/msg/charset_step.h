/* SPDX-License-Identifier: ISC */
/* Character sets with states behind msg/charset: an octet at a time. */
#ifndef MSG_CHARSET_STEP_H
#define MSG_CHARSET_STEP_H

#include "msg/charset.h"

/* UTF-16 (RFC 2781): c->little, and c->started when no byte order mark may
 * come. */
void charset_utf16(struct charset *c, char octet, struct buf *to);

/* UTF-7 (RFC 2152). */
void charset_utf7(struct charset *c, char octet, struct buf *to);

/* ISO-2022-JP (RFC 1468, and RFC 1554 but for JIS X 0212), ISO-2022-KR (RFC
 * 1557) and the GB 2312 part of ISO-2022-CN (RFC 1922): c->set tells which
 * shift out means; half width katakana are forgiven in all their forms. */
void charset_iso2022(struct charset *c, char octet, struct buf *to);

#endif
