/* SPDX-License-Identifier: ISC */
/* checkpw PROGRAM ARGS…: the checkpassword interface over the users files
 * (https://cr.yp.to/checkpwd/interface.html).  Login and password come on
 * descriptor 3; when they are right we become the user and run PROGRAM, or
 * with CHECKPW_REPLY=FD write down there what we would have become. */
#include "checkpw.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "serve/session.h"
#include "talk.h"
#include "users/secret.h"

#define INPUT_FD 3

void
leave(struct login *l, int code)
{
	secret_wipe(l->input, sizeof(l->input));
	_exit(code);
}

void
deny(struct login *l, const char *reason)
{
	record_failure(l, reason);
	leave(l, DENIED);
}

void
later(struct login *l)
{
	log_event(
	    "login-error", "user", log_str(l->id), "err", fail_last(), NULL);
	leave(l, EXIT_TEMP);
}

void
misused(const char *what)
{
	log_event("misused", "err", what, NULL);
	_exit(MISUSED);
}

void
warn_nobody(const struct login *l)
{
	if (l->nobody)
		log_event("privileges", "user", log_str(l->id), "err",
		    "no uid in the users file and no MAIL_USER: the session "
		    "runs as root",
		    NULL);
}

/* login\0password\0timestamp\0 up to the end, at most 512 octets. */
static void
read_input(struct login *l)
{
	struct str text;
	size_t n = 0;

	for (;;) {
		ssize_t r = read(INPUT_FD, l->input + n, sizeof(l->input) - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			misused("descriptor 3 cannot be read");
		if (r == 0)
			break;
		n += (size_t)r;
		if (n == sizeof(l->input))
			break;
	}
	close(INPUT_FD);
	text = str_make(l->input, n);
	if (!str_cut(&text, '\0', &l->id) || !text.p ||
	    !str_cut(&text, '\0', &l->pass) || !text.p)
		misused("descriptor 3 does not carry login and password");
}

int
main(int argc, char **argv)
{
	static struct login l;
	const char *reply_fd = getenv("CHECKPW_REPLY");
	const char *mechanism = getenv("CHECKPW_MECHANISM");
	struct ucspi peer;

	serve_program("checkpw", "PROGRAM [ARGUMENTS]", argc, argv);
	if (argc < 2)
		misused("usage: yubin-checkpw PROGRAM [ARGUMENTS]");
	if (ucspi_read(&peer) == 0)
		log_context("ip", peer.remote_ip);
	memcpy(l.source, peer.remote_ip, sizeof(l.source));
	arena_init(&l.arena, 256u << 20);
	if (mechanism && *mechanism)
		talk_serve(&l, mechanism);
	read_input(&l);
	if (take_place() < 0)
		later(&l);
	find_account(&l);
	find_ids(&l);
	confine(&l);
	verify(&l);
	record_success(&l);
	warn_nobody(&l);
	if (reply_fd && *reply_fd)
		reply(&l, reply_fd);
	become(&l);
	secret_wipe(l.input, sizeof(l.input));
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[1], argv + 1);
	fail("run ", argv[1]);
	die(EXIT_TEMP);
}
