/* SPDX-License-Identifier: ISC */
/* Content-Type, Content-Disposition and their parameters (RFC 2045 5.1, RFC
 * 2183), with the continuations and character sets of RFC 2231.  Pure.  Of a
 * field only the first PARAM_TEXT octets and PARAM_MAX parameters (pieces of
 * continued ones counted singly) are read. */
#ifndef MSG_PARAM_H
#define MSG_PARAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define PARAM_MAX 100
#define PARAM_TEXT 65536

struct param {
	struct str name;  /* as written, without RFC 2231's "*" marks */
	struct str value; /* unquoted, continuations joined */
	bool extended;    /* the value is charset'language'percent-encoded */
};

struct param_list {
	struct param *params;
	size_t n;
};

/* Take "type/subtype" off the start of a field's value; rest gets what
 * follows.  All point into value.  Returns false when it is not of that form
 * (RFC 2045 5.2: take it for text/plain then). */
bool param_type(
    struct str value, struct str *type, struct str *subtype, struct str *rest);

/* The same for a single word, as of Content-Disposition. */
bool param_token(struct str value, struct str *token, struct str *rest);

/* Read "; name=value; …".  The list lives in a, at most 256 KiB of it. */
void param_parse(struct param_list *l, struct str rest, struct arena *a);

/* The first parameter called name (any case), an extended one before a plain
 * one; or NULL. */
const struct param *param_find(const struct param_list *l, struct str name);

/* Append the value in UTF-8: RFC 2231 undone, and RFC 2047 words too, which
 * many programs write here against its section 5 (3). */
void param_utf8(const struct param *p, struct buf *to);

#endif
