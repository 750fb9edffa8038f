/* SPDX-License-Identifier: ISC */
/* AUTH, RFC 4954.  Names and passwords (PLAIN, and LOGIN, which Outlook and
 * every printer speak) are taken apart here, everything else by the checker. */
#include <errno.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "base/scan.h"
#include "commands.h"
#include "conf/settings.h"
#include "parent.h"
#include "proto/sasl.h"

/* Ask the parent; its answer stays in s->line, "" when there is none. */
static struct str
ask(struct smtp *s, char kind, struct str first, struct str second)
{
	struct str q[2] = {first, second};
	int64_t wait_s = PARENT_WAIT + 2 * settings_num("CHECKER_TIMEOUT");

	buf_reset(&s->line);
	if (monitor_ask(
		&s->monitor, kind, q, 2, &s->line, now_plus_s(wait_s)) == 0)
		return buf_slice(&s->line);
	log_event("parent", "why", fail_last(), NULL);
	return STR("");
}

static const struct smtp_reply *
welcome(struct smtp *s, const char *mechanism)
{
	log_event("login", "user", s->user, "mech", mechanism, "tls",
	    s->serve.tls ? "1" : "0", NULL);
	return session_reply(s, 235, "2.7.0", "Welcome");
}

static const struct smtp_reply *
later(struct smtp *s)
{
	return session_reply(
	    s, 454, "4.7.0", "Cannot check passwords now, try later");
}

static const struct smtp_reply *
denied(struct smtp *s)
{
	if (++s->failed_logins < s->max_logins)
		return session_reply(s, 535, "5.7.8", "Wrong user or password");
	s->closing = true;
	return session_reply(
	    s, 421, "4.7.0", "%s too many failed logins", s->serve.hostname);
}

/* The checker's verdict on a name and password (SASL_DONE) or on a message, and
 * the account's name, which is put into name[size], "" while it is not known.
 */
static enum sasl_result
ask_checker(struct smtp *s, struct sasl *sasl, enum sasl_result r, char *name,
    size_t size)
{
	struct str mechanism = sasl->asked ? STR("") : str_z(sasl->mechanism);
	struct str account = STR(""), answer;
	struct scan scan;

	if (r == SASL_DONE) {
		answer = ask(s, PARENT_AUTH, sasl->user, sasl->pass);
	} else {
		sasl->asked = true;
		answer = ask(s, PARENT_SASL, mechanism, buf_slice(&sasl->text));
	}
	scan = scan_make(str_from(answer, 1));
	if (!scan_netstr(&scan, size - 1, &account) ||
	    str_copy(name, size, account) < 0)
		return SASL_LATER;
	return sasl_told(sasl, answer.p[0], scan_rest(&scan));
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

	out_z(&s->serve.out, "334 ");
	out_z(&s->serve.out, sasl_challenge(sasl));
	out_z(&s->serve.out, "\r\n");
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
finish(struct smtp *s, struct sasl *sasl, enum sasl_result r, const char *name)
{
	switch (r) {
	case SASL_GRANTED:
		if (*name &&
		    str_copy(s->user, sizeof(s->user), str_z(name)) == 0)
			return welcome(s, sasl->mechanism);
		return later(s);
	case SASL_REFUSED:
		return denied(s);
	case SASL_LATER:
		return later(s);
	case SASL_CANCELLED:
		return session_reply(s, 501, "5.7.0", "Login cancelled");
	case SASL_OTHER:
		return session_reply(
		    s, 535, "5.7.8", "Nobody may act for somebody else");
	case SASL_UNKNOWN:
		return session_reply(
		    s, 504, "5.5.4", "One of these, please: %s", s->offered);
	case SASL_BAD:
	case SASL_MORE:
	case SASL_DONE:
	case SASL_ASK:
		break;
	}
	return session_reply(s, 501, "5.5.2", "Bad response");
}

/* From the first message to the reply. */
static const struct smtp_reply *
exchange(struct smtp *s, struct sasl *sasl, enum sasl_result r)
{
	const struct smtp_reply *bad = NULL;
	char name[sizeof(s->user)] = "";

	while (r == SASL_MORE || r == SASL_DONE || r == SASL_ASK) {
		if (r == SASL_MORE)
			r = challenge(s, sasl, &bad);
		else
			r = ask_checker(s, sasl, r, name, sizeof(name));
		if (r == SASL_MORE && (bad || s->closing))
			return bad;
	}
	/* It waits for a client that will not go on. */
	if (sasl->asked && (r == SASL_CANCELLED || r == SASL_BAD) &&
	    monitor_tell(&s->monitor, PARENT_ABANDON) < 0)
		log_event("parent", "why", fail_last(), NULL);
	return finish(s, sasl, r, name);
}

const struct smtp_reply *
auth_login(struct smtp *s, struct str args)
{
	size_t n = str_find(args, ' ');
	struct str initial = str_trim(str_from(args, n));
	const struct smtp_reply *reply = allowed(s);
	struct sasl sasl;
	enum sasl_result r;

	if (reply)
		return reply;
	if (initial.n == 0)
		initial.p = NULL;
	r = sasl_begin(&sasl, str_z(s->offered), str_to(args, n), initial);
	reply = exchange(s, &sasl, r);
	sasl_end(&sasl);
	return reply;
}
