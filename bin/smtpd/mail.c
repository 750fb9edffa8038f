/* SPDX-License-Identifier: ISC */
/* MAIL, RFC 5321 4.1.1.2, with SIZE (RFC 1870), BODY (6152), AUTH (4954 5),
 * SMTPUTF8 (6531 3.4), RET and ENVID (3461 4.3, 4.4). */
#include "base/log.h"
#include "base/num.h"
#include "commands.h"
#include "proto/smtp_cmd.h"
#include "proto/smtp_dsn.h"

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

/* AUTH= names an earlier author; we trust nobody to say so, and RFC 4954 5
 * then has it taken for "<>": read and forgotten. */
static const struct smtp_reply *
param_auth(struct smtp *s, const struct smtp_param *p)
{
	if (s->checker)
		return NULL;
	return session_reply(
	    s, 555, "5.5.4", "Unknown parameter %.*s", STR_FMT(p->keyword));
}

static const struct smtp_reply *
param_smtputf8(struct smtp *s, const struct smtp_param *p)
{
	(void)p;
	s->utf8 = true;
	return NULL;
}

static const struct smtp_reply *
param_ret(struct smtp *s, const struct smtp_param *p)
{
	return smtp_dsn_ret(p->value, &s->ret) < 0 ? bad_value(s, p->keyword)
	                                           : NULL;
}

static const struct smtp_reply *
param_envid(struct smtp *s, const struct smtp_param *p)
{
	buf_reset(&s->line);
	if (smtp_dsn_envid(p->value, &s->line) < 0)
		return bad_value(s, p->keyword);
	s->envid = arena_str(&s->arena, buf_slice(&s->line));
	return NULL;
}

static const struct {
	const char *keyword;
	bool has_value;
	const struct smtp_reply *(*take)(
	    struct smtp *s, const struct smtp_param *p);
} known[] = {
    {"SIZE", true, param_size},
    {"BODY", true, param_body},
    {"AUTH", true, param_auth},
    {"SMTPUTF8", false, param_smtputf8},
    {"RET", true, param_ret},
    {"ENVID", true, param_envid},
};

#define KNOWN (sizeof(known) / sizeof(*known))

static const struct smtp_reply *
param(struct smtp *s, const struct smtp_param *p, bool seen[KNOWN])
{
	size_t i = 0;

	while (i < KNOWN && !str_ieq(p->keyword, str_z(known[i].keyword)))
		i++;
	if (i == KNOWN)
		return session_reply(s, 555, "5.5.4", "Unknown parameter %.*s",
		    STR_FMT(p->keyword));
	if (seen[i] || p->has_value != known[i].has_value)
		return bad_value(s, p->keyword);
	seen[i] = true;
	return known[i].take(s, p);
}

static const struct smtp_reply *
params(struct smtp *s, struct scan *args)
{
	struct smtp_param p;
	bool seen[KNOWN] = {false};
	int r;

	while ((r = smtp_cmd_param(args, &p)) > 0) {
		const struct smtp_reply *bad = param(s, &p, seen);

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
	if (!smtp_cmd_path(
		&scan, STR("FROM:"), SMTP_PATH_NULL | SMTP_PATH_UTF8, &path))
		return session_reply(s, 501, "5.1.7", "%s", scan.bad);
	session_reset(s);
	bad = params(s, &scan);
	if (bad)
		return bad;
	if (path.utf8 && !s->utf8)
		return session_reply(
		    s, 553, "5.6.7", "Not ASCII: SMTPUTF8 needed in MAIL");
	s->in_mail = true;
	s->sender = arena_str(&s->arena, smtp_path_text(&path));
	id_make(s->id);
	log_context("id", s->id);
	return session_reply(s, 250, "2.1.0", "Ok");
}
