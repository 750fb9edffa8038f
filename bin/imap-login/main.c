/* SPDX-License-Identifier: ISC */
/* imap-login CHECKER SESSION…: IMAP from the greeting to the login (RFC 3501,
 * state "not authenticated"), and nothing else.  Every octet from the network
 * is read by a process without privileges; see serve/login.h. */
#include "base/log.h"
#include "login.h"
#include "proto/http.h"
#include "proto/imap_token.h"

static void
capabilities(struct imap_login *c)
{
	struct out *o = &c->l.s.out;
	struct str rest = str_z(c->l.offered), name;

	out_z(o, "CAPABILITY IMAP4rev1 SASL-IR LITERAL+ ID");
	if (c->l.can_starttls)
		out_z(o, " STARTTLS");
	while (login_allowed(&c->l) && str_cut(&rest, ' ', &name)) {
		out_z(o, " AUTH=");
		out_str(o, name);
	}
	if (!login_by_password(&c->l))
		out_z(o, " LOGINDISABLED");
}

/* A command without arguments: complains and returns false else. */
static bool
no_arguments(struct imap_login *c, struct scan *args)
{
	if (scan_finish(args))
		return true;
	answer_bad(c, "This command takes no arguments");
	return false;
}

static void
do_capability(struct imap_login *c, struct scan *args)
{
	if (!no_arguments(c, args))
		return;
	out_z(&c->l.s.out, "* ");
	capabilities(c);
	out_z(&c->l.s.out, "\r\n");
	answer(c, "OK", "Done");
}

static void
do_noop(struct imap_login *c, struct scan *args)
{
	if (no_arguments(c, args))
		answer(c, "OK", "Done");
}

static void
do_logout(struct imap_login *c, struct scan *args)
{
	if (!no_arguments(c, args))
		return;
	out_z(&c->l.s.out, "* BYE Logging out\r\n");
	answer(c, "OK", "Done");
	login_leave(&c->l);
}

/* RFC 2971: NIL or a list of at most 30 strings each with a string or NIL. */
static bool
id_arguments(struct imap_login *c, struct scan *args)
{
	struct str s;

	if (!imap_sp(args))
		return false;
	if (!scan_try(args, '('))
		return imap_nstring(args, &c->arena, &s) && !s.p &&
		       scan_finish(args);
	for (int i = 0; i < 30 && !scan_try(args, ')'); i++) {
		if ((i > 0 && !imap_sp(args)) ||
		    !imap_string(args, &c->arena, &s) || !imap_sp(args) ||
		    !imap_nstring(args, &c->arena, &s))
			return false;
		if (scan_peek(args) == ')') {
			scan_try(args, ')');
			break;
		}
	}
	return scan_finish(args);
}

static void
do_id(struct imap_login *c, struct scan *args)
{
	if (!id_arguments(c, args)) {
		answer_bad(c, "ID takes NIL or a list of strings");
		return;
	}
	out_z(&c->l.s.out,
	    "* ID (\"name\" \"yubin\" \"version\" \"" YUBIN_VERSION "\")\r\n");
	answer(c, "OK", "Done");
}

static void
do_starttls(struct imap_login *c, struct scan *args)
{
	if (!no_arguments(c, args))
		return;
	if (!c->l.can_starttls) {
		answer_bad(c, c->l.s.tls ? "TLS is on already"
					 : "TLS is not available here");
		return;
	}
	/* What was sent behind STARTTLS in clear text must not be taken for
	 * something sent under TLS (CVE-2011-0411). */
	if (in_pending(&c->l.s.in)) {
		log_event("injection", "command", "STARTTLS", NULL);
		answer(c, "BAD", "Nothing may follow STARTTLS");
		bye(c, "Nothing may follow STARTTLS");
	}
	answer(c, "OK", "Begin TLS negotiation now");
	login_starttls(&c->l);
}

static const struct command {
	const char *name;
	void (*run)(struct imap_login *c, struct scan *args);
} commands[] = {
    {"AUTHENTICATE", do_authenticate},
    {"CAPABILITY", do_capability},
    {"ID", do_id},
    {"LOGIN", do_login},
    {"LOGOUT", do_logout},
    {"NOOP", do_noop},
    {"STARTTLS", do_starttls},
};

/* Commands of other states (RFC 3501 6.3 and 6.4, and common extensions). */
static const char later[] =
    "APPEND CHECK CLOSE COPY CREATE DELETE ENABLE EXAMINE EXPUNGE FETCH "
    "GETQUOTA GETQUOTAROOT IDLE LIST LSUB MOVE NAMESPACE RENAME SEARCH SELECT "
    "SORT STATUS STORE SUBSCRIBE THREAD UID UNSELECT UNSUBSCRIBE";

/* What is no command.  The first line of a browser is the last: what follows
 * would be its body, and somebody else's commands; see proto/http.h. */
static void
reject(struct imap_login *c, const char *why)
{
	struct str line = buf_slice(&c->text);

	if (http_request(line) || http_field(line)) {
		log_event("foreign", "protocol", "http", NULL);
		bye(c, "This is IMAP, not HTTP");
	}
	answer_bad(c, why);
}

static void
run(struct imap_login *c)
{
	struct scan s = scan_make(buf_slice(&c->text));
	struct str tag, name;

	if (!imap_tag(&s, &tag) || !imap_sp(&s) || !imap_atom(&s, &name)) {
		reject(c, "A command is a tag, a space, and a name");
		return;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (str_ieq(name, str_z(commands[i].name))) {
			commands[i].run(c, &s);
			return;
		}
	if (str_listed(str_z(later), name))
		answer_bad(c, "Log in first");
	else
		reject(c, "Unknown command");
}

static void
greet(struct imap_login *c)
{
	out_z(&c->l.s.out, "* OK [");
	capabilities(c);
	out_fmt(&c->l.s.out, "] %s ready\r\n", c->l.s.hostname);
}

int
main(int argc, char **argv)
{
	static struct imap_login c;

	login_start(&c.l, "imap-login", argc, argv);
	buf_init(&c.text, (size_t)2 * LINE_MAX_OCTETS + LITERAL_MAX);
	arena_init(&c.arena, 1u << 20);
	greet(&c);
	for (;;) {
		/* Stray empty lines are passed over. */
		if (command_read(&c) > 0 && c.text.n > 0)
			run(&c);
		arena_reset(&c.arena);
	}
}
