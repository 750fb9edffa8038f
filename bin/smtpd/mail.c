/* SPDX-License-Identifier: ISC */
/* MAIL, RFC 5321 4.1.1.2, with SIZE (RFC 1870), BODY (6152), AUTH (4954 5). */
#include "base/log.h"
#include "base/num.h"
#include "commands.h"
#include "proto/smtp_cmd.h"

static const struct smtp_reply *
bad_value(struct smtp *s, struct str keyword)
{
	return session_reply(
	    s, 501, "5.5.4", "Bad value of %.*s", STR_FMT(keyword));
}

static const struct smtp_reply *
param_size(struct smtp *s, const struct smtp_param *p)
{
	if (p->value.n > 20 || num_scan(p->value, UINT64_MAX, &s->size) < 0)
		return bad_value(s, p->keyword);
	if (s->size > s->max_message)
		return session_reply(s, 552, "5.3.4",
		    "Message exceeds %llu octets",
		    (unsigned long long)s->max_message);
	return NULL;
}

static const struct smtp_reply *
param_body(struct smtp *s, const struct smtp_param *p)
{
	s->eight_bit = str_ieq(p->value, STR("8BITMIME"));
	if (s->eight_bit || str_ieq(p->value, STR("7BIT")))
		return NULL;
	return bad_value(s, p->keyword);
}

enum { SEEN_SIZE = 1, SEEN_BODY = 2, SEEN_AUTH = 4 };

/* AUTH= names an earlier author; we trust nobody to say so, and RFC 4954 5
 * then has it taken for "<>": read and forgotten. */
static const struct smtp_reply *
param(struct smtp *s, const struct smtp_param *p, unsigned *seen)
{
	unsigned bit = str_ieq(p->keyword, STR("SIZE"))   ? SEEN_SIZE
	               : str_ieq(p->keyword, STR("BODY")) ? SEEN_BODY
	               : s->checker && str_ieq(p->keyword, STR("AUTH"))
	                   ? SEEN_AUTH
	                   : 0;

	if (!bit)
		return session_reply(s, 555, "5.5.4", "Unknown parameter %.*s",
		    STR_FMT(p->keyword));
	if ((*seen & bit) || !p->has_value)
		return bad_value(s, p->keyword);
	*seen |= bit;
	if (bit == SEEN_SIZE)
		return param_size(s, p);
	return bit == SEEN_BODY ? param_body(s, p) : NULL;
}

static const struct smtp_reply *
params(struct smtp *s, struct scan *args)
{
	struct smtp_param p;
	unsigned seen = 0;
	int r;

	while ((r = smtp_cmd_param(args, &p)) > 0) {
		const struct smtp_reply *bad = param(s, &p, &seen);

		if (bad)
			return bad;
	}
	return r < 0 ? session_reply(s, 501, "5.5.4", "%s", args->bad) : NULL;
}

const struct smtp_reply *
mail_from(struct smtp *s, struct str args)
{
	struct scan scan = scan_make(args);
	struct smtp_path path;
	const struct smtp_reply *bad;

	if (s->in_mail)
		return session_reply(s, 503, "5.5.1", "Nested MAIL");
	if (!smtp_cmd_path(&scan, STR("FROM:"), SMTP_PATH_NULL, &path))
		return session_reply(s, 501, "5.1.7", "%s", scan.bad);
	session_reset(s);
	bad = params(s, &scan);
	if (bad)
		return bad;
	s->in_mail = true;
	s->sender = arena_str(&s->arena, smtp_path_text(&path));
	id_make(s->id);
	log_context("id", s->id);
	return session_reply(s, 250, "2.1.0", "Ok");
}
