/* SPDX-License-Identifier: ISC */
/* The loop of a session: read a line, look the verb up, check what the table
 * says about it, call the handler, send its reply. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "proto/http.h"
#include "proto/smtp_cmd.h"
#include "serve/starttls.h"
#include "table.h"

#define MAX_REFUSALS 100 /* log lines a session may cause */

void
session_init(struct smtp *s)
{
	s->max_message = (uint64_t)settings_num("MAX_MESSAGE");
	s->max_rcpts = (size_t)settings_num("MAX_RECIPIENTS");
	s->max_errors = (unsigned)settings_num("MAX_ERRORS");
	s->max_received = (unsigned)settings_num("MAX_RECEIVED");
	s->max_logins = (unsigned)settings_num("LOGIN_TRIES");
	s->timeout_s = (int)settings_num("SMTP_TIMEOUT");
	s->relay = settings_flag("RELAY_CLIENT");
	s->cleartext_login = settings_flag("CLEARTEXT_LOGIN");
	arena_init(&s->arena, (size_t)1 << 20 | s->max_rcpts * 2048);
	buf_init(&s->line, 65536);
	buf_init(&s->orcpt, SESSION_RCPT_LINE);
}

const struct smtp_reply *
session_reply(
    struct smtp *s, unsigned code, const char *enhanced, const char *fmt, ...)
{
	va_list ap;

	s->reply = (struct smtp_reply){code, enhanced, s->text};
	if (!strchr(fmt, '%')) {
		s->reply.text = fmt;
		return &s->reply;
	}
	va_start(ap, fmt);
	vsnprintf(s->text, sizeof(s->text), fmt, ap);
	va_end(ap);
	return &s->reply;
}

void
session_send(struct smtp *s, const struct smtp_reply *r)
{
	buf_reset(&s->line);
	smtp_reply_write(r, &s->line);
	out_str(&s->serve.out, buf_slice(&s->line));
}

void
session_deadline(struct smtp *s)
{
	s->serve.in.deadline = now_plus_s(s->timeout_s);
}

void
session_reset(struct smtp *s)
{
	s->in_mail = false;
	s->sender = STR("");
	s->eight_bit = s->utf8 = false;
	s->envid = STR("");
	s->ret = 0;
	s->size = 0;
	s->rcpts = NULL;
	s->nrcpt = s->rcpt_room = 0;
	s->refused_rcpt = false;
	arena_reset(&s->arena);
	log_context("id", NULL);
}

void
session_again(struct smtp *s)
{
	session_reset(s);
	/* What one client has sent is not for another one's attack. */
	arena_erase(&s->arena);
	buf_erase(&s->line);
	explicit_bzero(s->serve.in_data, sizeof(s->serve.in_data));
	explicit_bzero(s->serve.out_data, sizeof(s->serve.out_data));
	queue_put_erase(&s->put);
	s->closing = s->quit = s->esmtp = false;
	explicit_bzero(s->helo, sizeof(s->helo));
	explicit_bzero(s->user, sizeof(s->user));
	s->errors = s->failed_logins = s->refusals = 0;
}

bool
session_may_login(const struct smtp *s)
{
	return s->checker && *s->offered &&
	       (s->serve.tls || s->cleartext_login);
}

const struct smtp_reply *
session_lost(struct smtp *s, int r, const char *where)
{
	s->closing = true;
	if (r < 0 && errno == ETIMEDOUT) {
		log_event("timeout", "at", where, NULL);
		return session_reply(s, 421, "4.4.2",
		    "%s timed out waiting for you", s->serve.hostname);
	}
	log_event(
	    "lost", "at", where, "why", r < 0 ? strerror(errno) : NULL, NULL);
	return NULL;
}

/* What the table demands before the handler may run; NULL when all is well. */
static const struct smtp_reply *
check(struct smtp *s, const struct smtp_command *c, struct str args)
{
	if (s->tls_required && !s->serve.tls && !(c->bits & BEFORE_TLS))
		return session_reply(
		    s, 530, "5.7.0", "Must issue a STARTTLS command first");
	if ((c->bits & NEEDS_LOGIN) && s->checker && !*s->user)
		return session_reply(
		    s, 530, "5.7.0", "Authentication required");
	if ((c->bits & NEEDS_HELO) && !*s->helo)
		return session_reply(s, 503, "5.5.1", "EHLO or HELO first");
	if ((c->bits & NEEDS_MAIL) && !s->in_mail)
		return session_reply(s, 503, "5.5.1", "MAIL first");
	if ((c->bits & NO_ARGS) && args.n)
		return session_reply(
		    s, 501, "5.5.4", "%s takes no arguments", c->name);
	return NULL;
}

static size_t
longest(const struct smtp_command *c)
{
	if (c->bits & AUTH_LINE)
		return SESSION_LINE;
	if (c->bits & MAIL_LINE)
		return SESSION_MAIL_LINE;
	return c->bits & RCPT_LINE ? SESSION_RCPT_LINE : SMTP_CMD_LINE;
}

/* A line that is no command.  One of a browser is the last: what follows would
 * be its body, and somebody else's commands; see proto/http.h. */
static const struct smtp_reply *
unknown(struct smtp *s, struct str line, const char *enhanced, const char *why)
{
	if (!http_request(line) && !http_field(line))
		return session_reply(s, 500, enhanced, "%s", why);
	s->closing = true;
	log_event("foreign", "protocol", "http", NULL);
	return session_reply(
	    s, 421, "4.7.0", "%s speaks SMTP, not HTTP", s->serve.hostname);
}

static const struct smtp_reply *
dispatch(struct smtp *s, struct str line)
{
	const struct smtp_command *c;
	const struct smtp_reply *r;
	struct str verb, args;

	if (!smtp_cmd_split(line, &verb, &args))
		return unknown(s, line, "5.5.2",
		    line.n > SMTP_CMD_LINE ? "Line too long" : "Syntax error");
	c = table_find(verb);
	if (!c && line.n <= SMTP_CMD_LINE)
		return unknown(s, line, "5.5.1", "Unknown command");
	if (!c)
		return unknown(s, line, "5.5.2", "Line too long");
	if (line.n > longest(c))
		return session_reply(s, 500, "5.5.2", "Line too long");
	if (!(c->bits & UTF8_ARGS) && !str_is_ascii(args))
		return session_reply(s, 500, "5.5.2", "Syntax error");
	r = check(s, c, args);
	return r ? r : c->handler(s, args);
}

static const struct smtp_reply *
next(struct smtp *s)
{
	struct str line;
	int r;

	session_deadline(s);
	r = in_line(&s->serve.in, &line, SESSION_LINE);
	if (r == 1)
		return dispatch(s, line);
	if (r < 0 && errno == EMSGSIZE)
		return session_reply(s, 500, "5.5.2", "Line too long");
	if (r < 0 && errno == EPROTO) {
		/* Somebody's text slipped into a command: do not read on. */
		s->closing = true;
		return session_reply(s, 500, "5.5.2", "Lines must end in CRLF");
	}
	return session_lost(s, r, "command");
}

/* Count and log; may turn the reply into the last one. */
static const struct smtp_reply *
judge(struct smtp *s, const struct smtp_reply *r)
{
	if (r->code >= 400 && s->refusals++ < MAX_REFUSALS)
		log_event("rejected", "code", log_num(r->code), "enhanced",
		    r->enhanced, "to", s->asked.n ? s->asked.text : NULL,
		    "from", s->in_mail ? log_str(s->sender) : NULL, "helo",
		    *s->helo ? s->helo : NULL, "text", r->text, NULL);
	s->asked.n = 0;
	if (r->code >= 500)
		s->errors++;
	if (s->errors >= s->max_errors && !s->closing) {
		s->closing = true;
		log_event("errors", "n", log_num(s->errors), NULL);
		return session_reply(
		    s, 421, "4.7.0", "%s too many errors", s->serve.hostname);
	}
	return r;
}

void
session_run(struct smtp *s)
{
	const struct smtp_reply *r;

	s->tls_required = starttls_required();
	s->serve.out.stall_s = s->timeout_s;
	in_patience(&s->serve.in, s->timeout_s);
	session_send(
	    s, session_reply(s, 220, "", "%s ESMTP yubin", s->serve.hostname));
	while (!s->closing) {
		r = next(s);
		if (r)
			session_send(s, judge(s, r));
	}
	/* Then worker_again() shuts it down, or all who have it close it. */
	s->serve.out.ends = s->in_worker && s->quit;
	out_flush(&s->serve.out);
}
