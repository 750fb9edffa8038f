/* SPDX-License-Identifier: ISC */
/* pop3d: one logged-in POP3 session in one Maildir, the TRANSACTION and UPDATE
 * states of RFC 1939 with TOP, UIDL, CAPA, PIPELINING and RESP-CODES
 * (RFC 2449).  The maildrop is what was there at the start; other sessions and
 * programs may use the Maildir meanwhile, and a message that vanishes answers
 * -ERR from then on.  Messages leave only at QUIT. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "maildir/mailbox.h"
#include "maildir/quota.h"
#include "msg/b64.h"
#include "msg/flags.h"
#include "proto/pop3_cmd.h"
#include "serve/sandbox.h"
#include "serve/session.h"

#define ERRORS_MAX 50 /* bad commands before the connection is closed */

struct pop3d {
	struct serve s;
	struct home home;
	struct quota quota;
	struct mailbox box;
	bool *deleted; /* box.n of them */
	size_t retrieved;
	int errors_left;
	bool quit;
};

static struct pop3d session;

static void
ok(struct pop3d *p, const char *text)
{
	out_fmt(&p->s.out, "+OK %s\r\n", text);
}

static void
err(struct pop3d *p, const char *text)
{
	out_fmt(&p->s.out, "-ERR %s\r\n", text);
}

static void
bad(struct pop3d *p, const char *text)
{
	p->errors_left--;
	err(p, text);
}

/* Something failed here, not at the client's end (RFC 3206 4). */
static void
trouble(struct pop3d *p)
{
	log_event("error", "err", fail_last(), NULL);
	err(p, "[SYS/TEMP] Something is wrong here; try again later");
}

/* ------------------------------------------------------- the maildrop */

/* Whether message i is neither deleted nor vanished; its size is known then. */
static bool
present(struct pop3d *p, size_t i, struct mail *mail)
{
	return !p->deleted[i] && mailbox_measure(&p->box, i, mail) == 1;
}

/* The message a command names by number; answers -ERR itself. */
static bool
find(struct pop3d *p, uint32_t number, size_t *i, struct mail *mail)
{
	if (number == 0 || number > p->box.n) {
		bad(p, "There is no such message");
		return false;
	}
	*i = number - 1;
	if (p->deleted[*i]) {
		bad(p, "That message is marked as deleted");
		return false;
	}
	if (mailbox_measure(&p->box, *i, mail) == 1)
		return true;
	if (mail->gone)
		err(p, "That message was removed by another session");
	else
		trouble(p);
	return false;
}

static void
totals(struct pop3d *p, size_t *n, uint64_t *octets)
{
	*n = 0;
	*octets = 0;
	for (size_t i = 0; i < p->box.n; i++) {
		struct mail mail;

		if (!present(p, i, &mail))
			continue;
		(*n)++;
		*octets += mail.wire_size;
	}
}

static void
cmd_stat(struct pop3d *p, struct str args)
{
	uint64_t octets;
	size_t n;

	(void)args;
	totals(p, &n, &octets);
	out_fmt(&p->s.out, "+OK %zu %llu\r\n", n, (unsigned long long)octets);
}

static void
print_size(struct pop3d *p, size_t i, const struct mail *mail)
{
	out_fmt(&p->s.out, "%zu %llu\r\n", i + 1,
	    (unsigned long long)mail->wire_size);
}

static void
print_uidl(struct pop3d *p, size_t i, const struct mail *mail)
{
	char uidl[MAILBOX_UIDL];

	(void)mail;
	mailbox_uidl(&p->box, i, uidl);
	out_fmt(&p->s.out, "%zu %s\r\n", i + 1, uidl);
}

/* LIST and UIDL: one message, or all. */
static void
list(struct pop3d *p, struct str args,
    void (*print)(struct pop3d *, size_t, const struct mail *))
{
	struct mail mail;
	uint32_t number;
	uint64_t octets;
	size_t i, n;

	if (args.n > 0) {
		if (!pop3_cmd_numbers(args, &number, 1)) {
			bad(p, "The argument is no message number");
		} else if (find(p, number, &i, &mail)) {
			out_z(&p->s.out, "+OK ");
			print(p, i, &mail);
		}
		return;
	}
	totals(p, &n, &octets);
	out_fmt(&p->s.out, "+OK %zu messages (%llu octets)\r\n", n,
	    (unsigned long long)octets);
	for (i = 0; i < p->box.n; i++)
		if (present(p, i, &mail))
			print(p, i, &mail);
	out_z(&p->s.out, ".\r\n");
}

static void
cmd_list(struct pop3d *p, struct str args)
{
	list(p, args, print_size);
}

static void
cmd_uidl(struct pop3d *p, struct str args)
{
	list(p, args, print_uidl);
}

/* ----------------------------------------------------- message text */

/* The next line of *text with its LF, cut off. */
static struct str
cut_line(struct str *text)
{
	size_t lf = str_find(*text, '\n');
	struct str line = str_to(*text, lf + 1);

	*text = str_from(*text, lf + 1);
	return line;
}

/* The header and `lines` lines of the body, byte-stuffed (RFC 1939 3). */
static void
send_text(struct pop3d *p, struct str text, uint32_t lines)
{
	struct out *o = &p->s.out;
	bool body = false;
	char last = '\n';

	o->cr = false;
	while (text.n > 0 && !out_failed(o)) {
		struct str line;

		if (body && lines == 0)
			break;
		line = cut_line(&text);
		if (body && lines != UINT32_MAX)
			lines--;
		if (!body)
			body = str_eq(line, STR("\n")) ||
			       str_eq(line, STR("\r\n"));
		if (line.p[0] == '.')
			out_chr(o, '.');
		out_crlf(o, line);
		last = line.p[line.n - 1];
	}
	out_z(o, last == '\n' ? ".\r\n" : "\r\n.\r\n");
}

/* Answer with the text of message i.  Returns whether it was sent. */
static bool
send_message(struct pop3d *p, size_t i, const struct mail *mail, uint32_t lines)
{
	struct mailbox_text t;
	int r = mailbox_read(&p->box, i, &t);

	if (r < 0)
		trouble(p);
	if (r == 0)
		err(p, "That message was removed by another session");
	if (r <= 0)
		return false;
	if (lines == UINT32_MAX)
		out_fmt(&p->s.out, "+OK %llu octets\r\n",
		    (unsigned long long)mail->wire_size);
	else
		ok(p, "top of the message follows");
	send_text(p, t.text, lines);
	mailbox_read_end(&t);
	return true;
}

static void
cmd_retr(struct pop3d *p, struct str args)
{
	uint32_t number;
	struct mail mail;
	size_t i;

	if (!pop3_cmd_numbers(args, &number, 1)) {
		bad(p, "Say which message: RETR number");
		return;
	}
	if (!find(p, number, &i, &mail) ||
	    !send_message(p, i, &mail, UINT32_MAX))
		return;
	p->retrieved++;
	if (!(mail.flags & FLAG_SEEN) &&
	    mailbox_store(&p->box, &i, 1, STORE_ADD, FLAG_SEEN, 0) < 0)
		log_event("error", "err", fail_last(), NULL);
}

static void
cmd_top(struct pop3d *p, struct str args)
{
	uint32_t v[2];
	struct mail mail;
	size_t i;

	if (!pop3_cmd_numbers(args, v, 2)) {
		bad(p, "Say which message and how much: TOP number lines");
		return;
	}
	if (find(p, v[0], &i, &mail))
		send_message(p, i, &mail, v[1] == UINT32_MAX ? v[1] - 1 : v[1]);
}

/* --------------------------------------------------- the other commands */

static void
cmd_dele(struct pop3d *p, struct str args)
{
	uint32_t number;
	struct mail mail;
	size_t i;

	if (!pop3_cmd_numbers(args, &number, 1)) {
		bad(p, "Say which message: DELE number");
		return;
	}
	if (!find(p, number, &i, &mail))
		return;
	p->deleted[i] = true;
	ok(p, "marked for deletion");
}

static void
cmd_rset(struct pop3d *p, struct str args)
{
	(void)args;
	if (p->box.n)
		memset(p->deleted, 0, p->box.n * sizeof(*p->deleted));
	ok(p, "no message is marked for deletion");
}

static void
cmd_noop(struct pop3d *p, struct str args)
{
	(void)args;
	ok(p, "still here");
}

/* RFC 2449 5; what belongs to the AUTHORIZATION state is not listed. */
static void
cmd_capa(struct pop3d *p, struct str args)
{
	(void)args;
	out_z(&p->s.out, "+OK capabilities\r\n"
			 "TOP\r\n"
			 "UIDL\r\n"
			 "PIPELINING\r\n"
			 "RESP-CODES\r\n"
			 "AUTH-RESP-CODE\r\n"
			 "IMPLEMENTATION yubin\r\n"
			 ".\r\n");
}

/* The UPDATE state (RFC 1939 6).  Returns how many were removed, or -1. */
static int
update(struct pop3d *p, size_t *n)
{
	size_t *idx = calloc(p->box.n + 1, sizeof(*idx));
	int r;

	if (!idx)
		oom();
	*n = 0;
	for (size_t i = 0; i < p->box.n; i++)
		if (p->deleted[i])
			idx[(*n)++] = i;
	r = *n ? mailbox_remove(&p->box, idx, *n) : 0;
	quota_flush(&p->quota);
	free(idx);
	return r;
}

static void
cmd_quit(struct pop3d *p, struct str args)
{
	size_t n;

	(void)args;
	p->quit = true;
	if (update(p, &n) < 0) {
		log_event("error", "err", fail_last(), NULL);
		err(p, "[SYS/TEMP] Some deleted messages were not removed");
	} else {
		ok(p, "goodbye");
	}
	log_event("quit", "retrieved", log_num(p->retrieved), "deleted",
	    log_num(n), "left", log_num(p->box.n - n), NULL);
}

static void
cmd_login(struct pop3d *p, struct str args)
{
	(void)args;
	bad(p, "You are logged in already");
}

/* ------------------------------------------------------------ the loop */

static const struct {
	enum pop3_verb verb;
	void (*handler)(struct pop3d *p, struct str args);
	bool arguments; /* may have any */
} commands[] = {
    {POP3_APOP, cmd_login, true},
    {POP3_AUTH, cmd_login, true},
    {POP3_CAPA, cmd_capa, false},
    {POP3_DELE, cmd_dele, true},
    {POP3_LIST, cmd_list, true},
    {POP3_NOOP, cmd_noop, false},
    {POP3_PASS, cmd_login, true},
    {POP3_QUIT, cmd_quit, false},
    {POP3_RETR, cmd_retr, true},
    {POP3_RSET, cmd_rset, false},
    {POP3_STAT, cmd_stat, false},
    {POP3_STLS, cmd_login, true},
    {POP3_TOP, cmd_top, true},
    {POP3_UIDL, cmd_uidl, true},
    {POP3_USER, cmd_login, true},
    {POP3_UTF8, cmd_login, true},
};

static void
handle(struct pop3d *p, struct str line)
{
	struct pop3_cmd c = pop3_cmd_parse(line);

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].verb != c.verb)
			continue;
		if (c.args.n && !commands[i].arguments)
			bad(p, "That command has no argument");
		else
			commands[i].handler(p, c.args);
		return;
	}
	bad(p, "Unknown command");
}

/* One command.  Returns false when the session is over. */
static bool
step(struct pop3d *p)
{
	struct str line;
	int r;

	p->s.in.deadline = now_plus_s(settings_num("POP3_TIMEOUT"));
	r = in_line(&p->s.in, &line, POP3_LINE);
	if (r > 0)
		handle(p, line);
	else if (r < 0 && errno == EMSGSIZE)
		bad(p, "The line is too long");
	else if (r < 0 && errno == EPROTO)
		bad(p, "Lines end in CRLF");
	else
		return false;
	if (p->errors_left > 0)
		return !p->quit && !out_failed(&p->s.out);
	err(p, "Too many errors; goodbye");
	return false;
}

static void
out_of_memory(void)
{
	static const char text[] = "-ERR [SYS/TEMP] Out of memory\r\n";

	(void)!write(1, text, sizeof(text) - 1);
}

/* What the login program has read beyond the login. */
static void
take_client_input(struct pop3d *p)
{
	const char *text = getenv("CLIENT_INPUT");
	struct buf b;

	if (!text)
		return;
	buf_init(&b, SERVE_IN);
	if (b64_decode(&b, str_z(text)) < 0 || b.over ||
	    in_push(&p->s.in, buf_slice(&b)) < 0) {
		fail("CLIENT_INPUT", NULL);
		trouble(p);
		out_flush(&p->s.out);
		die(EXIT_TEMP);
	}
	buf_free(&b);
	unsetenv("CLIENT_INPUT");
}

_Noreturn static void
no_maildrop(struct pop3d *p)
{
	trouble(p);
	out_flush(&p->s.out);
	exit(EXIT_TEMP);
}

static void
open_maildrop(struct pop3d *p)
{
	const char *path = settings_text("MAILDIR");
	struct quota_limit limit;
	char cache[PATH_MAX];

	p->home.fd = -1;
	if (!path[0])
		path = "Maildir";
	if (home_become(&path) < 0 || home_open(&p->home, path, true) < 0)
		no_maildrop(p);
	home_cache(&p->home, settings_text("YUBIN_CACHE"), cache);
	sandbox_enter("pop3d",
	    (struct landlock_path[]){{p->home.path, LANDLOCK_WRITE},
		{cache, LANDLOCK_WRITE}},
	    2);
	if (mailbox_open(&p->box, &p->home, STR("INBOX"), false) < 0)
		no_maildrop(p);
	if (quota_parse(str_z(settings_text("MAILDIRQUOTA")), &limit) < 0)
		log_event("quota", "err", "MAILDIRQUOTA cannot be read", NULL);
	quota_open(&p->quota, &p->home, &limit);
	p->home.quota = &p->quota;
	p->deleted = calloc(p->box.n + 1, sizeof(*p->deleted));
	if (!p->deleted)
		oom();
}

int
main(int argc, char **argv)
{
	struct pop3d *p = &session;

	serve_start(&p->s, "pop3d", "", argc, argv);
	oom_hook(out_of_memory);
	p->errors_left = ERRORS_MAX;
	open_maildrop(p);
	/* Logged in by a login program: this answers the client's PASS or
	 * AUTH.  Else it is the greeting. */
	out_fmt(&p->s.out, "+OK %s%zu messages\r\n",
	    getenv("AUTHENTICATED") ? "Logged in, " : "yubin ready, ",
	    p->box.n);
	take_client_input(p);
	while (step(p))
		;
	if (out_flush(&p->s.out) < 0)
		log_event("lost", "err", strerror(p->s.out.err), NULL);
	else if (!p->quit)
		log_event("closed", "retrieved", log_num(p->retrieved),
		    "reason", p->s.in.err == ETIMEDOUT ? "timeout" : "end",
		    NULL);
	/* The client need not wait for this. */
	close(0);
	close(1);
	mailbox_settle(&p->box);
	return 0;
}
