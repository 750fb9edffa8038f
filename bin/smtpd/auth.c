/* SPDX-License-Identifier: ISC */
/* AUTH PLAIN (RFC 4616) and LOGIN (the expired draft-murchison-sasl-login,
 * which Outlook and every printer speak), RFC 4954. */
#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "commands.h"
#include "conf/settings.h"
#include "msg/b64.h"
#include "parent.h"

/* Some clients compare these two texts. */
#define PROMPT_USER "VXNlcm5hbWU6"
#define PROMPT_PASSWORD "UGFzc3dvcmQ6"

#define MAX_NAME 255
#define MAX_PASSWORD 255

/* One answer of the client, decoded. */
struct answer {
	struct buf text;
	const struct smtp_reply *bad; /* what to reply instead of going on */
	bool gone;                    /* no reply: the client has gone */
};

static void
decode(struct smtp *s, struct answer *a, struct str coded)
{
	buf_reset(&a->text);
	if (str_eq(coded, STR("*")))
		a->bad = session_reply(s, 501, "5.7.0", "Login cancelled");
	else if (b64_decode(&a->text, coded) < 0)
		a->bad = session_reply(s, 501, "5.5.2", "Bad base64");
	else if (a->text.over)
		a->bad = session_reply(s, 500, "5.5.6", "Too long");
}

/* Send "334 prompt" and read the answer. */
static void
challenge(struct smtp *s, struct answer *a, const char *prompt)
{
	struct str line;
	int r;

	session_send(s, session_reply(s, 334, "", "%s", prompt));
	session_deadline(s);
	r = in_line(&s->serve.in, &line, SESSION_LINE);
	if (r > 0) {
		decode(s, a, line);
	} else if (r < 0 && errno == EMSGSIZE) {
		a->bad = session_reply(s, 500, "5.5.6", "Line too long");
	} else if (r < 0 && errno == EPROTO) {
		s->closing = true;
		a->bad = session_reply(s, 500, "5.5.2",
		    "Lines must end in CRLF");
	} else {
		a->bad = session_lost(s, r, "login");
		a->gone = !a->bad;
	}
}

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
		return session_reply(s, 454, "4.7.0",
		    "Cannot check passwords now, try later");
	if (++s->failed_logins >= s->max_logins) {
		s->closing = true;
		return session_reply(s, 421, "4.7.0",
		    "%s too many failed logins", s->serve.hostname);
	}
	return session_reply(s, 535, "5.7.8", "Wrong user or password");
}

static const struct smtp_reply *
check(struct smtp *s, struct str name, struct str password)
{
	if (name.n == 0 || name.n > MAX_NAME || password.n == 0 ||
	    password.n > MAX_PASSWORD || str_has(name, 0) ||
	    str_has(password, 0))
		return session_reply(s, 501, "5.5.2",
		    "Bad user name or password");
	return judge(s, name, password);
}

/* authzid NUL authcid NUL password, RFC 4616 2; we know no other author. */
static const struct smtp_reply *
plain(struct smtp *s, struct answer *a, struct str initial)
{
	struct str rest, author, name;

	if (initial.n)
		decode(s, a, initial);
	else
		challenge(s, a, "");
	if (a->bad || a->gone)
		return a->bad;
	rest = buf_slice(&a->text);
	if (!str_cut(&rest, 0, &author) || !str_cut(&rest, 0, &name) ||
	    !rest.p)
		return session_reply(s, 501, "5.5.2", "Bad PLAIN message");
	if (author.n && !str_eq(author, name))
		return session_reply(s, 535, "5.7.8",
		    "Nobody may act for somebody else");
	return check(s, name, rest);
}

static const struct smtp_reply *
login(struct smtp *s, struct answer *a, struct str initial)
{
	char name[MAX_NAME + 1];

	if (initial.n)
		decode(s, a, initial);
	else
		challenge(s, a, PROMPT_USER);
	if (a->bad || a->gone)
		return a->bad;
	if (str_copy(name, sizeof(name), buf_slice(&a->text)) < 0)
		return session_reply(s, 501, "5.5.2", "Bad user name");
	challenge(s, a, PROMPT_PASSWORD);
	if (a->bad || a->gone)
		return a->bad;
	return check(s, str_z(name), buf_slice(&a->text));
}

static const struct smtp_reply *
allowed(struct smtp *s)
{
	if (!s->checker)
		return session_reply(s, 502, "5.5.1", "No logins here");
	if (!session_may_login(s))
		return session_reply(s, 538, "5.7.11",
		    "Login needs encryption: STARTTLS first");
	if (!s->esmtp)
		return session_reply(s, 503, "5.5.1", "EHLO first");
	if (*s->user)
		return session_reply(s, 503, "5.5.1", "Already logged in");
	if (s->in_mail)
		return session_reply(s, 503, "5.5.1", "Not inside MAIL");
	return NULL;
}

const struct smtp_reply *
auth_login(struct smtp *s, struct str args)
{
	size_t n = str_find(args, ' ');
	struct str mechanism = str_to(args, n);
	struct str initial = str_trim(str_from(args, n));
	const struct smtp_reply *r = allowed(s);
	struct answer a = {.bad = NULL};
	char copy[SESSION_LINE + 1];

	if (r)
		return r;
	/* The line lives in the reader, which may soon read on. */
	if (str_copy(copy, sizeof(copy), initial) < 0)
		return session_reply(s, 501, "5.5.4", "Bad initial response");
	initial = str_z(copy);
	/* RFC 4954 4: "=" is an empty initial response. */
	buf_init(&a.text, SESSION_LINE);
	if (str_eq(initial, STR("=")))
		r = session_reply(s, 501, "5.5.2", "Empty response");
	else if (str_ieq(mechanism, STR("PLAIN")))
		r = plain(s, &a, initial);
	else if (str_ieq(mechanism, STR("LOGIN")))
		r = login(s, &a, initial);
	else
		r = session_reply(s, 504, "5.5.4", "PLAIN or LOGIN");
	buf_free(&a.text);
	return r;
}
