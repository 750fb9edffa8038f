/* SPDX-License-Identifier: ISC */
/* OAUTHBEARER and XOAUTH2 messages. */
#include "proto/bearer.h"

#include <string.h>

#include "base/ascii.h"
#include "base/json.h"
#include "base/scan.h"
#include "proto/gs2.h"

#define SEP '\1' /* kvsep */

/* "Bearer" and a b64token (RFC 6750 2.1) */
static bool
authorization(struct str value, struct str *token)
{
	struct str scheme;

	if (!str_cut(&value, ' ', &scheme) || !value.p ||
	    !str_ieq(scheme, STR("Bearer")))
		return false;
	while (value.n > 0 && value.p[0] == ' ')
		value = str_from(value, 1);
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_isalnum(value.p[i]) &&
		    (value.p[i] == '\0' || !strchr("-._~+/=", value.p[i])))
			return false;
	*token = value;
	return value.n > 0;
}

/* value: *(VCHAR / SP / HTAB / CR / LF) */
static bool
is_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isspace(s.p[i]) && (s.p[i] < ' ' || s.p[i] > '~'))
			return false;
	return true;
}

/* One key=value; unknown keys are passed over.  Once each. */
static bool
pair(struct str text, struct bearer *b)
{
	struct str key;

	if (!str_cut(&text, '=', &key) || !text.p || key.n == 0 ||
	    !is_value(text))
		return false;
	for (size_t i = 0; i < key.n; i++)
		if (!ascii_isalpha(key.p[i]))
			return false;
	if (str_ieq(key, STR("auth")))
		return b->token.n == 0 && authorization(text, &b->token);
	if (str_ieq(key, STR("host")))
		b->host = text;
	if (str_ieq(key, STR("port")))
		b->port = text;
	return true;
}

/* *kvpair kvsep, up to the end. */
static bool
pairs(struct scan *s, struct bearer *b)
{
	while (!scan_try(s, SEP)) {
		struct str text = scan_until(s, SEP);

		if (!scan_need(s, SEP, "an unfinished pair") || !pair(text, b))
			return false;
	}
	return scan_finish(s) && b->token.n > 0;
}

bool
bearer_parse(struct str message, struct bearer *b)
{
	struct scan s = scan_make(message);
	struct gs2 g;

	*b = (struct bearer){STR(""), STR(""), STR(""), STR("")};
	/* There is no channel to bind to in this mechanism. */
	if (!gs2_header(&s, &g) || g.flag == 'p' ||
	    !scan_need(&s, SEP, "no pairs"))
		return false;
	if (g.authzid.p)
		b->user = g.authzid;
	return pairs(&s, b);
}

bool
bearer_parse_xoauth2(struct str message, struct bearer *b)
{
	struct scan s = scan_make(message);

	*b = (struct bearer){STR(""), STR(""), STR(""), STR("")};
	if (!scan_try_word(&s, STR("user=")))
		return false;
	b->user = scan_until(&s, SEP);
	return scan_need(&s, SEP, "no token") && b->user.n > 0 &&
	       !str_has(b->user, '\0') && pairs(&s, b);
}

void
bearer_error(struct buf *b, struct str scope, struct str configuration)
{
	json_begin(b, '{');
	json_key_str(b, "status", STR("invalid_token"));
	if (scope.n > 0)
		json_key_str(b, "scope", scope);
	if (configuration.n > 0)
		json_key_str(b, "openid-configuration", configuration);
	json_end(b, '}');
}

void
bearer_error_xoauth2(struct buf *b, struct str scope)
{
	json_begin(b, '{');
	json_key_str(b, "status", STR("401"));
	json_key_str(b, "schemes", STR("bearer"));
	if (scope.n > 0)
		json_key_str(b, "scope", scope);
	json_end(b, '}');
}
