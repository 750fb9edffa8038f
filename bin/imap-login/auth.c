/* SPDX-License-Identifier: ISC */
/* LOGIN (RFC 3501 6.2.3) and AUTHENTICATE (6.2.2, RFC 4959). */
#include "base/log.h"
#include "login.h"
#include "msg/b64.h"
#include "proto/imap_token.h"
#include "proto/sasl.h"

/* The session answers the command itself; only when it cannot be started does
 * the monitor say so. */
_Noreturn static void
start_session(struct imap_login *c)
{
	struct str unread = in_unread(&c->l.s.in);
	struct buf input, sorry;

	buf_init(&input, (size_t)4 * SERVE_IN);
	buf_init(&sorry, 1024);
	b64_encode(&input, unread);
	buf_str(&sorry, c->tag);
	buf_z(&sorry, " NO [UNAVAILABLE] The session cannot be started\r\n");
	login_hand_over(&c->l, c->tag, buf_slice(&input), buf_slice(&sorry));
}

/* What came of it. */
static void
conclude(struct imap_login *c, enum login_result r)
{
	switch (r) {
	case LOGIN_OK:
		start_session(c);
	case LOGIN_LATER:
		answer(c, "NO", "[UNAVAILABLE] Try again later");
		break;
	case LOGIN_DENIED:
		answer(
		    c, "NO", "[AUTHENTICATIONFAILED] Wrong name or password");
		break;
	}
	if (c->l.tries_left <= 0)
		bye(c, "Too many failed logins");
}

static bool
refuse_cleartext(struct imap_login *c)
{
	if (login_allowed(&c->l))
		return false;
	log_event("cleartext-refused", NULL);
	answer(c, "NO", "[PRIVACYREQUIRED] Start TLS first");
	if (--c->l.bad_left <= 0)
		bye(c, "Too many bad commands");
	return true;
}

void
do_login(struct imap_login *c, struct scan *args)
{
	struct str user, pass;

	if (refuse_cleartext(c))
		return;
	if (!login_by_password(&c->l)) {
		answer_bad(c, "No LOGIN here, use AUTHENTICATE");
		return;
	}
	imap_sp(args);
	imap_astring(args, &c->arena, &user);
	imap_sp(args);
	imap_astring(args, &c->arena, &pass);
	if (!scan_finish(args)) {
		answer_bad(c, "LOGIN takes a name and a password");
		return;
	}
	conclude(c, login_try(&c->l, user, pass));
}

/* The mechanism and, behind a space, the initial response (RFC 4959 3). */
static bool
parse(struct scan *args, struct str *mechanism, struct str *initial)
{
	*initial = (struct str){NULL, 0};
	imap_sp(args);
	if (!imap_atom(args, mechanism))
		return false;
	if (scan_try(args, ' ')) {
		*initial = scan_rest(args);
		return initial->n > 0;
	}
	return scan_finish(args);
}

static void
answer_sasl(struct imap_login *c, enum sasl_result r)
{
	switch (r) {
	case SASL_GRANTED:
		start_session(c);
	case SASL_REFUSED:
		conclude(c, LOGIN_DENIED);
		return;
	case SASL_LATER:
		conclude(c, LOGIN_LATER);
		return;
	case SASL_UNKNOWN:
		answer(c, "NO", "No such mechanism");
		return;
	case SASL_OTHER:
		answer(
		    c, "NO", "[AUTHORIZATIONFAILED] You can only be yourself");
		return;
	case SASL_CANCELLED:
		answer_bad(c, "Cancelled");
		return;
	case SASL_BAD:
	case SASL_MORE:
	case SASL_DONE:
	case SASL_ASK:
		answer_bad(c, "A malformed response");
	}
}

void
do_authenticate(struct imap_login *c, struct scan *args)
{
	struct str mechanism, initial, line;
	enum sasl_result r;
	struct sasl s;

	if (!parse(args, &mechanism, &initial)) {
		answer_bad(c, "AUTHENTICATE takes a mechanism");
		return;
	}
	if (refuse_cleartext(c))
		return;
	r = sasl_begin(&s, str_z(c->l.offered), mechanism, initial);
	while (login_sasl(&c->l, &s, &r)) {
		out_z(&c->l.s.out, "+ ");
		out_z(&c->l.s.out, sasl_challenge(&s));
		out_z(&c->l.s.out, "\r\n");
		if (line_read(c, &line) == 0)
			break;
		r = sasl_step(&s, line);
	}
	if (r != SASL_MORE)
		answer_sasl(c, r);
	sasl_end(&s);
}
