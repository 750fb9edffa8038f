/* SPDX-License-Identifier: ISC */
/* AUTH PLAIN (RFC 4616) and LOGIN (the expired draft-murchison-sasl-login,
 * which Outlook and every printer speak), RFC 4954. */
#include <errno.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "commands.h"
#include "conf/settings.h"
#include "parent.h"
#include "proto/sasl.h"

/* The verdict on a name and password. */
static const struct smtp_reply *
judge(struct smtp *s, struct str name, struct str password)
{
	struct str q[2] = {name, password};
	int64_t wait_s = PARENT_WAIT + settings_num("CHECKER_TIMEOUT");
	struct str answer = STR("");

	buf_reset(&s->line);
	if (monitor_ask(&s->monitor, PARENT_AUTH, q, 2, &s->line,
		now_plus_s(wait_s)) < 0)
		log_event("parent", "why", fail_last(), NULL);
	else
		answer = buf_slice(&s->line);
	if (answer.n > 1 && answer.p[0] == PARENT_WELCOME &&
	    str_copy(s->user, sizeof(s->user), str_from(answer, 1)) == 0) {
		log_event("login", "user", s->user, "tls",
		    s->serve.tls ? "1" : "0", NULL);
		return session_reply(s, 235, "2.7.0", "Welcome");
	}
	if (answer.n == 0 || answer.p[0] != PARENT_DENIED)
		return session_reply(
		    s, 454, "4.7.0", "Cannot check passwords now, try later");
	if (++s->failed_logins >= s->max_logins) {
		s->closing = true;
		return session_reply(s, 421, "4.7.0",
		    "%s too many failed logins", s->serve.hostname);
	}
	return session_reply(s, 535, "5.7.8", "Wrong user or password");
}

static const struct smtp_reply *
allowed(struct smtp *s)
{
	if (!s->checker)
		return session_reply(s, 502, "5.5.1", "No logins here");
	if (!session_may_login(s))
		return session_reply(
		    s, 538, "5.7.11", "Login needs encryption: STARTTLS first");
	if (!s->esmtp)
		return session_reply(s, 503, "5.5.1", "EHLO first");
	if (*s->user)
		return session_reply(s, 503, "5.5.1", "Already logged in");
	if (s->in_mail)
		return session_reply(s, 503, "5.5.1", "Not inside MAIL");
	return NULL;
}

/* Send the challenge and read the response.  Returns SASL_MORE and the reply
 * in *bad (NULL when the client has gone) if there is none. */
static enum sasl_result
challenge(struct smtp *s, struct sasl *sasl, const struct smtp_reply **bad)
{
	struct str line;
	int r;

	session_send(s, session_reply(s, 334, "", "%s", sasl_challenge(sasl)));
	session_deadline(s);
	r = in_line(&s->serve.in, &line, SESSION_LINE);
	if (r > 0)
		return sasl_step(sasl, line);
	if (r < 0 && errno == EMSGSIZE) {
		*bad = session_reply(s, 500, "5.5.6", "Line too long");
	} else if (r < 0 && errno == EPROTO) {
		s->closing = true;
		*bad = session_reply(s, 500, "5.5.2", "Lines must end in CRLF");
	} else {
		*bad = session_lost(s, r, "login");
	}
	return SASL_MORE;
}

static const struct smtp_reply *
finish(struct smtp *s, const struct sasl *sasl, enum sasl_result r)
{
	switch (r) {
	case SASL_DONE:
		return judge(s, sasl->user, sasl->pass);
	case SASL_CANCELLED:
		return session_reply(s, 501, "5.7.0", "Login cancelled");
	case SASL_OTHER:
		return session_reply(
		    s, 535, "5.7.8", "Nobody may act for somebody else");
	case SASL_UNKNOWN:
		return session_reply(s, 504, "5.5.4", "PLAIN or LOGIN");
	case SASL_BAD:
	case SASL_MORE:
		break;
	}
	return session_reply(s, 501, "5.5.2", "Bad response");
}

const struct smtp_reply *
auth_login(struct smtp *s, struct str args)
{
	size_t n = str_find(args, ' ');
	struct str initial = str_trim(str_from(args, n));
	const struct smtp_reply *bad = allowed(s);
	struct sasl sasl;
	enum sasl_result r;

	if (bad)
		return bad;
	if (initial.n == 0)
		initial.p = NULL;
	r = sasl_begin(&sasl, str_to(args, n), initial);
	while (r == SASL_MORE) {
		r = challenge(s, &sasl, &bad);
		if (r == SASL_MORE && (bad || s->closing))
			break;
	}
	if (r != SASL_MORE)
		bad = finish(s, &sasl, r);
	sasl_end(&sasl);
	return bad;
}
