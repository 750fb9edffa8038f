/* SPDX-License-Identifier: ISC */
/* Login programs: both sides of the split. */
#define _GNU_SOURCE
#include "serve/login.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "io/file.h"
#include "serve/sandbox.h"
#include "serve/starttls.h"
#include "users/slow.h"

#define ASK_LOGIN 'L'
#define ASK_SESSION 'S'
#define USAGE "CHECKER SESSION [ARGUMENTS]"

/* ---- the monitor's side ---- */

/* One login: the answer is the verdict's digit. */
static int
answer_login(struct login *l, const char *checker, const struct str *args,
    struct checker_reply *reply)
{
	char verdict;

	monitor_check(
	    l->s.root, l->s.peer.remote_ip, checker, args[0], args[1], reply);
	if (reply->verdict == CHECKER_DENIED)
		log_event("login-denied", "user", log_str(args[0]), NULL);
	if (reply->verdict == CHECKER_BROKEN || reply->verdict == CHECKER_BUSY)
		log_event("checker-failed", "checker", checker, "user",
		    log_str(args[0]), "err", fail_last(), NULL);
	verdict = reply->verdict == CHECKER_OK       ? 'y'
	          : reply->verdict == CHECKER_DENIED ? 'n'
	                                             : 't';
	return monitor_answer(&l->m, str_make(&verdict, 1));
}

/* The session's environment, but for what the checker's reply says. */
static int
set_environment(struct str tag, struct str input)
{
	char text[65536];

	unsetenv("IMAPLOGINTAG");
	unsetenv("CLIENT_INPUT");
	unsetenv("SSLCTLFD");
	unsetenv("SSLREADFD");
	unsetenv("SSLWRITEFD");
	if (tag.n > 0 && (str_copy(text, sizeof(text), tag) < 0 ||
			     setenv("IMAPLOGINTAG", text, 1) < 0))
		return fail("set the environment", NULL);
	if (input.n > 0 && (str_copy(text, sizeof(text), input) < 0 ||
			       setenv("CLIENT_INPUT", text, 1) < 0))
		return fail("set the environment", NULL);
	return 0;
}

/* args: tag, input, "y" when TLS was started, its variables, sorry. */
_Noreturn static void
become_session(struct login *l, char **session, const struct str *args,
    const struct checker_reply *reply)
{
	bool started = str_eq(args[2], STR("y"));
	struct arena a;
	struct str sorry;

	arena_init(&a, 65536);
	sorry = arena_str(&a, args[4]);
	if ((started && starttls_adopt() < 0) ||
	    set_environment(args[0], args[1]) < 0)
		die(EXIT_TEMP);
	if (started)
		starttls_environment(args[3]);
	monitor_end(&l->m);
	log_event("session", "user",
	    log_str(checker_var(reply, "AUTHUSER").p
			? checker_var(reply, "AUTHUSER")
			: checker_var(reply, "USER")),
	    "uid", log_num(reply->uid), "tls",
	    started || l->s.tls ? "yes" : "no", NULL);
	if (checker_become(reply) == 0) {
		signal(SIGPIPE, SIG_DFL); /* not every session is ours */
		execvp(session[0], session);
		fail("run ", session[0]);
	}
	if (file_write(1, sorry.p, sorry.n) < 0)
		errno = 0; /* the client is gone */
	die(EXIT_TEMP);
}

_Noreturn static void
monitor_side(struct login *l, char **argv)
{
	static struct checker_reply reply;
	struct str args[MONITOR_ARGS];
	bool accepted = false;
	char kind;
	size_t n;
	int r;

	while ((r = monitor_next(&l->m, &kind, args, MONITOR_ARGS, &n)) > 0) {
		if (kind == ASK_LOGIN && n == 2 && !accepted) {
			if (answer_login(l, argv[1], args, &reply) < 0)
				break;
			accepted = reply.verdict == CHECKER_OK;
		} else if (kind == ASK_SESSION && n == 5 && accepted) {
			become_session(l, argv + 2, args, &reply);
		} else {
			log_event(
			    "monitor", "err", "an unknown question", NULL);
			break;
		}
	}
	if (r < 0)
		log_event("monitor", "err", fail_last(), NULL);
	r = monitor_end(&l->m);
	exit(r);
}

/* ---- the network side ---- */

void
login_start(struct login *l, const char *prog, int argc, char **argv)
{
	static const struct drop nobody = {65534, 65534, {65534}, 1};
	int r;

	checker_reply_mode(argc, argv);
	checker_service(prog);
	serve_start(&l->s, prog, USAGE, argc, argv);
	if (argc < 3) {
		fail_text(EINVAL, "usage: " USAGE);
		die(EXIT_PERM);
	}
	l->can_starttls = starttls_offered();
	l->secure_only =
	    !settings_flag("CLEARTEXT_LOGIN") || starttls_required();
	l->tries_left = (int)settings_num("LOGIN_TRIES");
	l->bad_left = LOGIN_BAD_MAX;
	buf_init(&l->tls_vars, STARTTLS_VARS);
	l->m.spare = &nobody;
	sandbox_enter("login-parent", NULL, 0);
	r = monitor_split(&l->m, "LOGIN_USER");
	if (r < 0)
		die(EXIT_TEMP);
	if (r > 0)
		monitor_side(l, argv);
	if (l->m.fell_back)
		log_event("privileges", "err",
		    "the user named by LOGIN_USER does not exist; "
		    "using 65534:65534",
		    NULL);
	sandbox_enter("login", NULL, 0);
	l->s.in.deadline = now_plus_s(settings_num("LOGIN_TIMEOUT"));
	l->s.out.stall_s = (int)settings_num("LOGIN_TIMEOUT");
}

bool
login_allowed(const struct login *l)
{
	return l->s.tls || !l->secure_only;
}

enum login_result
login_try(struct login *l, struct str user, struct str pass)
{
	struct str args[2] = {user, pass};
	int64_t wait_s = settings_num("CHECKER_TIMEOUT") + SLOW_PATIENCE + 15;
	struct buf answer;
	char verdict;

	buf_init(&answer, 16);
	if (monitor_ask(
		&l->m, ASK_LOGIN, args, 2, &answer, now_plus_s(wait_s)) < 0)
		die(EXIT_TEMP);
	verdict = answer.n == 1 ? answer.p[0] : 't';
	buf_free(&answer);
	/* The time the monitor took is not the client's. */
	l->s.in.deadline = now_plus_s(settings_num("LOGIN_TIMEOUT"));
	if (verdict == 'y')
		return LOGIN_OK;
	l->tries_left--;
	return verdict == 'n' ? LOGIN_DENIED : LOGIN_LATER;
}

void
login_starttls(struct login *l)
{
	if (starttls_start(&l->s.in, &l->s.out, &l->tls_vars) < 0)
		die(EXIT_TEMP);
	l->s.tls = true;
	l->can_starttls = false;
}

void
login_hand_over(
    struct login *l, struct str tag, struct str input_b64, struct str sorry)
{
	bool started = l->s.tls && !l->s.peer.tls;
	struct str args[5] = {tag, input_b64, started ? STR("y") : STR("n"),
	    buf_slice(&l->tls_vars), sorry};
	struct buf answer;

	if (out_flush(&l->s.out) < 0)
		_exit(0);
	buf_init(&answer, 16);
	/* No answer comes: the monitor hangs up and becomes the session, which
	 * reads what we have not read. */
	monitor_ask(&l->m, ASK_SESSION, args, 5, &answer,
	    now_plus_s(settings_num("CHECKER_TIMEOUT")));
	_exit(0);
}

void
login_leave(struct login *l)
{
	out_flush(&l->s.out);
	_exit(0);
}
