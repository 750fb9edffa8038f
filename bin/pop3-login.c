/* SPDX-License-Identifier: ISC */
/* pop3-login CHECKER SESSION…: POP3 from the greeting to the login, the
 * AUTHORIZATION state of RFC 1939, with CAPA (RFC 2449), STLS (RFC 2595),
 * AUTH (RFC 5034), LANG and UTF8 (RFC 6856).  Every octet from the network is
 * read by a process without privileges; see serve/login.h. */
#include <errno.h>

#include "base/arena.h"
#include "base/log.h"
#include "msg/b64.h"
#include "proto/http.h"
#include "proto/pop3_cmd.h"
#include "proto/pop3_lang.h"
#include "proto/sasl.h"
#include "serve/login.h"

/* RFC 2449 4 allows commands of 255 octets, RFC 5034 4 longer responses; and
 * clients send these behind AUTH as well. */
#define LINE_OCTETS (SASL_LINE + 64)
#define USER_OCTETS 512
#define CAPA_OCTETS 1024

struct pop3_login {
	struct login l;
	char user[USER_OCTETS]; /* of USER */
	size_t user_n;
	enum pop3_lang lang;
	bool utf8;
};

static void
ok(struct pop3_login *c, const char *text)
{
	out_fmt(&c->l.s.out, "+OK %s\r\n", pop3_lang_text(c->lang, text));
}

static void
err(struct pop3_login *c, const char *text)
{
	out_fmt(&c->l.s.out, "-ERR %s\r\n", pop3_lang_text(c->lang, text));
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

/* The capabilities that are not in POP3_CAPABILITIES, with CRLF, but for
 * STLS. */
static void
put_capabilities(struct pop3_login *c, struct buf *b)
{
	if (login_by_password(&c->l))
		buf_z(b, "USER\r\n");
	if (login_allowed(&c->l) && *c->l.offered)
		buf_fmt(b, "SASL %s\r\n", c->l.offered);
}

/* What the session is to know: see POP3_STATE.  CAPA says the same before and
 * after the login (RFC 2449 6: no differences between states), but for STLS,
 * which is said where it is permitted (RFC 2595 4). */
static void
put_state(struct pop3_login *c, struct buf *b)
{
	struct buf capabilities;
	struct str rest, line;

	if (c->lang != POP3_I_DEFAULT)
		buf_fmt(b, "LANG %s\n", pop3_lang_tag(c->lang));
	if (c->utf8)
		buf_z(b, "UTF8\n");
	buf_init(&capabilities, CAPA_OCTETS);
	put_capabilities(c, &capabilities);
	rest = buf_slice(&capabilities);
	while (str_cut(&rest, '\r', &line) && line.n > 0) {
		buf_z(b, "CAPA ");
		buf_str(b, line);
		buf_chr(b, '\n');
		rest = str_from(rest, 1);
	}
	buf_free(&capabilities);
}

_Noreturn static void
start_session(struct pop3_login *c)
{
	struct buf input, state, sorry;

	buf_init(&state, 2 * CAPA_OCTETS);
	put_state(c, &state);
	buf_init(&sorry, 512);
	buf_fmt(&sorry, "-ERR %s\r\n",
	    pop3_lang_text(
		c->lang, "[SYS/TEMP] The session cannot be started"));
	buf_init(&input, (size_t)4 * SERVE_IN);
	b64_encode(&input, in_unread(&c->l.s.in));
	login_hand_over(
	    &c->l, buf_slice(&state), buf_slice(&input), buf_slice(&sorry));
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
answer_sasl(struct pop3_login *c, enum sasl_result r)
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
	case SASL_DONE:
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
		answer_sasl(c, r);
	sasl_end(&s);
}

static void
do_capa(struct pop3_login *c, struct str arg)
{
	struct buf b;

	if (arg.n > 0) {
		bad(c, "That command has no argument");
		return;
	}
	buf_init(&b, CAPA_OCTETS);
	put_capabilities(c, &b);
	ok(c, "Capabilities");
	if (c->l.can_starttls)
		out_z(&c->l.s.out, "STLS\r\n");
	out_str(&c->l.s.out, buf_slice(&b));
	out_z(&c->l.s.out, POP3_CAPABILITIES ".\r\n");
	buf_free(&b);
}

/* RFC 6856 3. */
static void
do_lang(struct pop3_login *c, struct str arg)
{
	enum pop3_lang lang = pop3_lang_find(str_trim(arg));

	if (str_trim(arg).n == 0) {
		ok(c, "Languages");
		out_z(&c->l.s.out, pop3_lang_list);
	} else if (lang == POP3_LANGS) {
		bad(c, "There is no such language");
	} else {
		c->lang = lang;
		out_fmt(&c->l.s.out, "+OK %s %s\r\n", pop3_lang_tag(lang),
		    pop3_lang_text(lang, "This is the language"));
	}
}

/* RFC 6856 2.1. */
static void
do_utf8(struct pop3_login *c, struct str arg)
{
	if (arg.n > 0) {
		bad(c, "That command has no argument");
		return;
	}
	c->utf8 = true;
	ok(c, "UTF-8 it is");
}

static void
do_stls(struct pop3_login *c, struct str arg)
{
	if (arg.n > 0 || !c->l.can_starttls) {
		bad(c, arg.n > 0    ? "That command has no argument"
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
	ok(c, "Begin TLS negotiation");
	/* RFC 2595 4: what the client said before is forgotten. */
	c->user_n = 0;
	c->lang = POP3_I_DEFAULT;
	c->utf8 = false;
	login_starttls(&c->l);
}

static void
do_quit(struct pop3_login *c, struct str arg)
{
	if (arg.n > 0) {
		bad(c, "That command has no argument");
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
    {"LANG", do_lang},
    {"PASS", do_pass},
    {"QUIT", do_quit},
    {"STLS", do_stls},
    {"USER", do_user},
    {"UTF8", do_utf8},
};

static void
run(struct pop3_login *c, struct str line)
{
	static const char later[] =
	    "STAT LIST RETR DELE NOOP RSET TOP UIDL LAST";
	size_t blank = str_find(line, ' ');
	struct str name = str_to(line, blank);
	struct str arg = str_from(line, blank + 1);

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (str_ieq(name, str_z(commands[i].name))) {
			commands[i].run(c, arg);
			return;
		}
	if (str_listed(str_z(later), name)) {
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
	static struct pop3_login c = {.l.tag_name = POP3_STATE};
	struct str line;

	login_start(&c.l, "pop3-login", argc, argv);
	out_fmt(&c.l.s.out, "+OK %s ready\r\n", c.l.s.hostname);
	for (;;)
		if (read_line(&c, &line) > 0)
			run(&c, line);
}
