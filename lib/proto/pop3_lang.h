/* SPDX-License-Identifier: ISC */
/* The languages in which POP3's answers can be read: RFC 6856 3. */
#ifndef PROTO_POP3_LANG_H
#define PROTO_POP3_LANG_H

#include "base/str.h"

enum pop3_lang {
	POP3_I_DEFAULT, /* until the client asks for another (RFC 2277 4.5) */
	POP3_EN,
	POP3_JA,
	POP3_LANGS
};

/* The answer to LANG without an argument: a line for each, and the dot. */
extern const char pop3_lang_list[];

/* The language of this range, by lookup (RFC 4647 3.4: en-GB is en); "*" is
 * English.  Returns POP3_LANGS when there is none. */
enum pop3_lang pop3_lang_find(struct str range);

/* Its tag (RFC 5646). */
const char *pop3_lang_tag(enum pop3_lang lang);

/* The text in that language, UTF-8; the English one as it is when it has not
 * been translated.  A response code in front ("[AUTH] ") is part of both. */
const char *pop3_lang_text(enum pop3_lang lang, const char *english);

#endif
