/* SPDX-License-Identifier: ISC */
/* yubin-imapd: one logged-in IMAP session in one Maildir, on standard input
 * and output (RFC 3501 and the extensions that CAPABILITY names). */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "conf/settings.h"
#include "serve/sandbox.h"
#include "session.h"

static struct imap session;
static char input[IMAP_LINE + 2];

/* Out of memory: what is in the output buffer is lost, this is not. */
static void
out_of_memory(void)
{
	static const char bye[] = "* BYE out of memory\r\n";

	if (write(1, bye, sizeof(bye) - 1) < 0)
		return;
}

static void
prepare(struct imap *s)
{
	in_init(&s->serve.in, 0, &s->serve.out, input, sizeof(input));
	arena_init(&s->arena, IMAP_ARENA);
	arena_init(&s->message, IMAP_ARENA);
	buf_init(&s->line, IMAP_COMMAND);
	buf_init(&s->reply, IMAP_TEXT);
	buf_init(&s->text, IMAP_TEXT);
}

/* The Maildir to serve. */
static const char *
maildir(void)
{
	const char *path = settings_text("MAILDIR");

	return *path ? path : "Maildir";
}

static void
count(struct imap *s)
{
	struct quota_limit limit;

	if (quota_parse(str_z(settings_text("MAILDIRQUOTA")), &limit) < 0)
		log_event("quota", "err", "MAILDIRQUOTA cannot be read", NULL);
	quota_open(&s->quota, &s->home, &limit);
	s->home.quota = &s->quota;
}

/* Where no UIDs were ever given INBOX takes over from the server before us
 * (maildir/inherit.h), as long as it is the first folder that gets some. */
static void
inherit(struct imap *s)
{
	struct mailbox_status st;

	if (faccessat(s->home.fd, "dovecot-uidvalidity", F_OK, 0) < 0 &&
	    mailbox_status(&s->home, STR("INBOX"), false, &st) < 0)
		log_event("failed", "what", fail_last(), NULL);
}

int
main(int argc, char **argv)
{
	struct imap *s = &session;
	const char *user = getenv("USER"), *path;
	char cache[PATH_MAX];

	serve_start(&s->serve, "imapd", "", argc, argv);
	log_context("user", user);
	oom_hook(out_of_memory);
	prepare(s);
	path = maildir();
	if (home_become(&path) < 0 || home_open(&s->home, path, true) < 0) {
		out_z(&s->serve.out, "* BYE [UNAVAILABLE] no Maildir\r\n");
		out_flush(&s->serve.out);
		die(EXIT_TEMP);
	}
	count(s);
	home_cache(&s->home, settings_text("YUBIN_CACHE"), cache);
	sandbox_enter("imapd",
	    (struct landlock_path[]){{s->home.path, LANDLOCK_WRITE},
		{cache, LANDLOCK_WRITE}},
	    2);
	inherit(s);
	log_event("session", "maildir", maildir(), "tls",
	    s->serve.tls ? "yes" : "no", NULL);
	imap_run(s);
	log_event("end", "why", s->why ? s->why : "lost", "commands",
	    log_num(s->commands), "out", log_num(s->serve.out.total), NULL);
	return 0;
}
