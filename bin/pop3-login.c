/* SPDX-License-Identifier: ISC */
/* pop3-login CHECKER SESSION…: POP3 from the greeting to the login, the
 * AUTHORIZATION state of RFC 1939, with CAPA (RFC 2449), STLS (RFC 2595) and
 * AUTH (RFC 5034).  Every octet from the network is read by a process without
 * privileges; see serve/login.h. */
#include <errno.h>

#include "base/arena.h"
#include "base/log.h"
#include "msg/b64.h"
#include "proto/http.h"
#include "proto/sasl.h"
#include "serve/login.h"

/* RFC 2449 4 allows commands of 255 octets, RFC 5034 4 longer responses; and
 * clients send these behind AUTH as well. */
#define LINE_OCTETS (SASL_LINE + 64)
#define USER_OCTETS 512

struct pop3_login {
	struct login l;
	char user[USER_OCTETS]; /* of USER */
	size_t user_n;
};

static void
ok(struct pop3_login *c, const char *text)
{
	out_fmt(&c->l.s.out, "+OK %s\r\n", text);
}

static void
err(struct pop3_login *c, const char *text)
{
	out_fmt(&c->l.s.out, "-ERR %s\r\n", text);
}

static void
bad(struct pop3_login *c, const char *text)
{
	err(c, text);
	if (--c->l.bad_left > 0)
		return;
	log_event("too-many-errors", NULL);
	login_leave(&c->l);
}

/* 1 a line; 0 a bad one, answered; leaves at the end. */
static int
read_line(struct pop3_login *c, struct str *line)
{
	int r = in_line(&c->l.s.in, line, LINE_OCTETS);

	if (r > 0)
		return 1;
	if (r < 0 && errno == EMSGSIZE) {
		bad(c, "The line is too long");
		return 0;
	}
	if (r < 0 && errno == EPROTO) {
		bad(c, "Lines end in CRLF");
		return 0;
	}
	/* RFC 1939 3: no answer when the time is over. */
	if (r < 0 && errno == ETIMEDOUT)
		log_event("timeout", NULL);
	login_leave(&c->l);
}

static bool
refuse_cleartext(struct pop3_login *c)
{
	if (login_allowed(&c->l))
		return false;
	log_event("cleartext-refused", NULL);
	bad(c, "Start TLS first");
	return true;
}

_Noreturn static void
start_session(struct pop3_login *c)
{
	struct buf input;

	buf_init(&input, (size_t)4 * SERVE_IN);
	b64_encode(&input, in_unread(&c->l.s.in));
	login_hand_over(&c->l, (struct str){NULL, 0}, buf_slice(&input),
	    STR("-ERR [SYS/TEMP] The session cannot be started\r\n"));
}

static void
conclude(struct pop3_login *c, enum login_result r)
{
	switch (r) {
	case LOGIN_OK:
		start_session(c);
	case LOGIN_LATER:
		err(c, "[SYS/TEMP] Try again later");
		break;
	case LOGIN_DENIED:
		err(c, "[AUTH] Wrong name or password");
		break;
	}
	if (c->l.tries_left <= 0)
		login_leave(&c->l);
}

/* USER and PASS, where they may not be used. */
static bool
refuse_password(struct pop3_login *c)
{
	if (refuse_cleartext(c))
		return true;
	if (login_by_password(&c->l))
		return false;
	bad(c, "No USER and PASS here, use AUTH");
	return true;
}

static void
do_user(struct pop3_login *c, struct str arg)
{
	if (refuse_password(c))
		return;
	c->user_n = 0;
	if (arg.n == 0 || arg.n > USER_OCTETS) {
		bad(c, "USER takes a name");
		return;
	}
	for (size_t i = 0; i < arg.n; i++)
		c->user[i] = arg.p[i];
	c->user_n = arg.n;
	/* Said for every name: nobody learns which ones exist. */
	ok(c, "Now the password");
}

/* The password is the whole rest of the line, blanks included (RFC 1939 7). */
static void
do_pass(struct pop3_login *c, struct str arg)
{
	struct str user = str_make(c->user, c->user_n);

	if (refuse_password(c))
		return;
	c->user_n = 0;
	if (user.n == 0)
		bad(c, "USER comes first");
	else if (arg.n == 0)
		bad(c, "PASS takes a password");
	else
		conclude(c, login_try(&c->l, user, arg));
}

static void
list_mechanisms(struct pop3_login *c)
{
	struct str rest = str_z(c->l.offered);
	struct str word;

	ok(c, "Mechanisms");
	while (login_allowed(&c->l) && str_cut(&rest, ' ', &word)) {
		out_str(&c->l.s.out, word);
		out_z(&c->l.s.out, "\r\n");
	}
	out_z(&c->l.s.out, ".\r\n");
}

static void
answer_sasl(struct pop3_login *c, struct sasl *s, enum sasl_result r)
{
	switch (r) {
	case SASL_DONE:
		conclude(c, login_try(&c->l, s->user, s->pass));
		return;
	case SASL_GRANTED:
		start_session(c);
	case SASL_REFUSED:
		conclude(c, LOGIN_DENIED);
		return;
	case SASL_LATER:
		conclude(c, LOGIN_LATER);
		return;
	case SASL_UNKNOWN:
		bad(c, "No such mechanism");
		return;
	case SASL_OTHER:
		err(c, "[AUTH] You can only be yourself");
		return;
	case SASL_CANCELLED:
		bad(c, "Cancelled");
		return;
	case SASL_BAD:
	case SASL_MORE:
	case SASL_ASK:
		bad(c, "A malformed response");
	}
}

/* AUTH alone, also with a blank behind it, lists the mechanisms: an old form
 * that Outlook still uses. */
static void
do_auth(struct pop3_login *c, struct str arg)
{
	struct str initial = {NULL, 0};
	struct str mechanism, line;
	enum sasl_result r;
	struct sasl s;

	if (str_trim(arg).n == 0) {
		list_mechanisms(c);
		return;
	}
	if (refuse_cleartext(c))
		return;
	str_cut(&arg, ' ', &mechanism);
	if (arg.n > 0)
		initial = arg;
	r = sasl_begin(&s, str_z(c->l.offered), mechanism, initial);
	while (login_sasl(&c->l, &s, &r)) {
		out_z(&c->l.s.out, "+ ");
		out_z(&c->l.s.out, sasl_challenge(&s));
		out_z(&c->l.s.out, "\r\n");
		if (read_line(c, &line) == 0)
			break;
		r = sasl_step(&s, line);
	}
	if (r != SASL_MORE)
		answer_sasl(c, &s, r);
	sasl_end(&s);
}

static void
do_capa(struct pop3_login *c, struct str arg)
{
	struct out *o = &c->l.s.out;

	if (arg.n > 0) {
		bad(c, "CAPA takes no argument");
		return;
	}
	ok(c, "Capabilities");
	out_z(o, "TOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\n"
		 "AUTH-RESP-CODE\r\n");
	if (c->l.can_starttls)
		out_z(o, "STLS\r\n");
	if (login_by_password(&c->l))
		out_z(o, "USER\r\n");
	if (login_allowed(&c->l))
		out_fmt(o, "SASL %s\r\n", c->l.offered);
	out_z(o, "IMPLEMENTATION yubin\r\n.\r\n");
}

static void
do_stls(struct pop3_login *c, struct str arg)
{
	if (arg.n > 0 || !c->l.can_starttls) {
		bad(c, arg.n > 0    ? "STLS takes no argument"
		       : c->l.s.tls ? "TLS is on already"
				    : "TLS is not available here");
		return;
	}
	/* See CVE-2011-0411. */
	if (in_pending(&c->l.s.in)) {
		log_event("injection", "command", "STLS", NULL);
		err(c, "Nothing may follow STLS");
		login_leave(&c->l);
	}
	/* RFC 2595 4: what the client said before is forgotten. */
	c->user_n = 0;
	ok(c, "Begin TLS negotiation");
	login_starttls(&c->l);
}

static void
do_quit(struct pop3_login *c, struct str arg)
{
	if (arg.n > 0) {
		bad(c, "QUIT takes no argument");
		return;
	}
	ok(c, "Goodbye");
	login_leave(&c->l);
}

static const struct command {
	const char *name;
	void (*run)(struct pop3_login *c, struct str arg);
} commands[] = {
    {"AUTH", do_auth},
    {"CAPA", do_capa},
    {"PASS", do_pass},
    {"QUIT", do_quit},
    {"STLS", do_stls},
    {"USER", do_user},
};

static void
run(struct pop3_login *c, struct str line)
{
	static const char later[] =
	    "STAT LIST RETR DELE NOOP RSET TOP UIDL LAST UTF8 LANG";
	size_t blank = str_find(line, ' ');
	struct str name = str_to(line, blank);
	struct str arg = str_from(line, blank + 1);
	struct str rest = str_z(later);
	struct str word;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (str_ieq(name, str_z(commands[i].name))) {
			commands[i].run(c, arg);
			return;
		}
	while (str_cut(&rest, ' ', &word))
		if (str_ieq(word, name)) {
			bad(c, "Log in first");
			return;
		}
	/* What follows would be a browser's body, and somebody else's commands;
	 * see proto/http.h. */
	if (http_request(line) || http_field(line)) {
		log_event("foreign", "protocol", "http", NULL);
		err(c, "This is POP3, not HTTP");
		login_leave(&c->l);
	}
	bad(c, "Unknown command");
}

int
main(int argc, char **argv)
{
	static struct pop3_login c;
	struct str line;

	login_start(&c.l, "pop3-login", argc, argv);
	out_fmt(&c.l.s.out, "+OK %s ready\r\n", c.l.s.hostname);
	for (;;)
		if (read_line(&c, &line) > 0)
			run(&c, line);
}
