/* SPDX-License-Identifier: ISC */
/* pop3d: one logged-in POP3 session in one Maildir, the TRANSACTION and UPDATE
 * states of RFC 1939 with TOP, UIDL, CAPA, PIPELINING and RESP-CODES
 * (RFC 2449), LANG and UTF8 (RFC 6856).  The maildrop is what was there at the
 * start; other programs, and sessions where POP3_LOCK does not forbid it, may
 * use the Maildir meanwhile, and a message that vanishes answers -ERR from then
 * on.  Messages leave only at QUIT. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "io/lock.h"
#include "msg/b64.h"
#include "pop3d.h"
#include "proto/pop3_uidl.h"
#include "serve/sandbox.h"

#define ERRORS_MAX 50 /* bad commands before the connection is closed */
#define LOCK_FILE "yubin-pop3.lock"
#define LOCK_S 1 /* the client's session before may be just ending */

static struct pop3d session;

const char *
say(const struct pop3d *p, const char *english)
{
	return pop3_lang_text(p->lang, english);
}

void
ok(struct pop3d *p, const char *text)
{
	out_fmt(&p->s.out, "+OK %s\r\n", say(p, text));
}

void
err(struct pop3d *p, const char *text)
{
	out_fmt(&p->s.out, "-ERR %s\r\n", say(p, text));
}

void
bad(struct pop3d *p, const char *text)
{
	p->errors_left--;
	err(p, text);
}

/* Something failed here, not at the client's end (RFC 3206 4). */
void
trouble(struct pop3d *p)
{
	log_event("error", "err", fail_last(), NULL);
	err(p, "[SYS/TEMP] Something is wrong here; try again later");
}

static void
cmd_noop(struct pop3d *p, struct str args)
{
	(void)args;
	ok(p, "Still here");
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
    {POP3_LANG, cmd_lang, true},
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
    {POP3_UTF8, cmd_utf8, false},
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

/* POP3_LOCK: one session at a time.  The lock ends with the process, however
 * that ends. */
static void
lock_maildrop(struct pop3d *p)
{
	int r = -1;

	p->lock = -1;
	if (strcmp(settings_text("POP3_LOCK"), "exclusive") != 0)
		return;
	p->lock = openat(p->home.fd, LOCK_FILE,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (p->lock >= 0)
		r = lock_take(p->lock, true, now_plus_s(LOCK_S));
	if (r < 0) {
		fail("lock ", LOCK_FILE);
		no_maildrop(p);
	}
	if (r > 0)
		return;
	log_event("in-use", NULL);
	err(p, "[IN-USE] Another session has this maildrop");
	out_flush(&p->s.out);
	exit(EXIT_TEMP);
}

static void
read_settings(struct pop3d *p)
{
	p->uidl = str_z(settings_text("POP3_UIDL"));
	p->uidl_file = pop3_uidl_wants_file(p->uidl);
	p->utf8_refused = strcmp(settings_text("POP3_UTF8"), "refuse") == 0;
	if (pop3_uidl_valid(p->uidl))
		return;
	fail_text(EINVAL, "POP3_UIDL is no format of unique-ids");
	no_maildrop(p);
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
	    (struct landlock_path[]){
		{p->home.path, LANDLOCK_WRITE}, {cache, LANDLOCK_WRITE}},
	    2);
	lock_maildrop(p);
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
	options_take(p);
	read_settings(p);
	open_maildrop(p);
	/* Logged in by a login program: this answers the client's PASS or
	 * AUTH.  Else it is the greeting. */
	out_fmt(&p->s.out, "+OK %s %zu %s\r\n",
	    say(p, getenv("AUTHENTICATED") ? "Logged in," : "yubin ready,"),
	    p->box.n, say(p, "messages"));
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
