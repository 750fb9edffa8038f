/* SPDX-License-Identifier: ISC */
/* Login programs: both sides of the split. */
#define _GNU_SOURCE
#include "serve/login.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "io/file.h"
#include "serve/login_worker.h"
#include "serve/sandbox.h"
#include "serve/starttls.h"
#include "users/slow.h"

#define ASK_LOGIN 'L'   /* name, password -> a verdict, as converse() has it */
#define ASK_MESSAGE 'M' /* mechanism or "", message -> a verdict, and data */
#define ASK_ABANDON 'X' /* no answer */
#define ASK_TLS 'T'     /* -> the variables; nothing: it failed */
#define ASK_SESSION 'S' /* tag, input, what to say when it cannot be */
#define SESSION_ARENA ((size_t)4 * MONITOR_MAX)
#define USAGE "[-w] CHECKER SESSION [ARGUMENTS]"

/* ---- the monitor's side ---- */

/* What the log says of a verdict that is none of the good ones. */
static void
log_verdict(
    const struct login *l, char verdict, struct str user, const char *mechanism)
{
	if (verdict == 'n')
		log_event("login-denied", "user", log_str(user), "mech",
		    mechanism, NULL);
	if (verdict == 't')
		log_event("checker-failed", "checker", l->checker, "user",
		    log_str(user), "mech", mechanism, "err", fail_last(), NULL);
}

/* One login: the answer is the verdict. */
static int
answer_login(
    struct login *l, const struct str *args, struct checker_reply *reply)
{
	char verdict;

	monitor_check(l->s.root, l->s.peer.remote_ip, l->checker, args[0],
	    args[1], reply);
	verdict = reply->verdict == CHECKER_OK       ? 'y'
	          : reply->verdict == CHECKER_DENIED ? 'n'
	                                             : 't';
	log_verdict(l, verdict, args[0], NULL);
	return monitor_answer(&l->m, str_make(&verdict, 1));
}

/* One SASL message: the answer is the verdict and what is for the client. */
static int
answer_message(
    struct login *l, const struct str *args, struct checker_reply *reply)
{
	struct converse_with w = {.root = l->s.root,
	    .source = l->s.peer.remote_ip,
	    .checker = l->checker,
	    .offered = l->offered};
	struct buf answer;
	char verdict;
	int r;

	mechanisms_offered(l->offered, l->checker);
	verdict = converse(&l->talk, &w, args[0], args[1], reply);
	log_verdict(l, verdict, str_z(l->talk.name), l->talk.mechanism);
	buf_init(&answer, CONVERSE_ANSWER + 1);
	buf_chr(&answer, verdict);
	buf_str(&answer, buf_slice(&l->talk.data));
	r = monitor_answer(&l->m, buf_slice(&answer));
	buf_free(&answer);
	return r;
}

/* TLS is asked for here, not by the network side: we have to believe what is
 * said about a client's certificate. */
static int
answer_tls(struct login *l)
{
	struct buf vars;
	int r;

	buf_init(&vars, STARTTLS_VARS);
	if (starttls_ask(&vars) == 0) {
		starttls_environment(buf_slice(&vars));
		l->started = true;
	} else {
		log_event("tls-failed", "err", fail_last(), NULL);
		buf_reset(&vars);
	}
	r = monitor_answer(&l->m, buf_slice(&vars));
	buf_free(&vars);
	return r;
}

/* The session's environment, but for what the checker's reply says. */
static int
set_environment(
    struct arena *a, const char *tag_name, struct str tag, struct str input)
{
	if (!tag_name)
		tag_name = "IMAPLOGINTAG";
	unsetenv(tag_name);
	unsetenv("CLIENT_INPUT");
	unsetenv("SSLCTLFD");
	unsetenv("SSLREADFD");
	unsetenv("SSLWRITEFD");
	if ((tag.n > 0 && setenv(tag_name, arena_z(a, tag), 1) < 0) ||
	    (input.n > 0 && setenv("CLIENT_INPUT", arena_z(a, input), 1) < 0))
		return fail("set the environment", NULL);
	return 0;
}

/* args: tag, input, sorry. */
_Noreturn static void
become_session(struct login *l, char **session, const struct str *args,
    const struct checker_reply *reply)
{
	struct arena a;
	struct str sorry;

	arena_init(&a, SESSION_ARENA);
	sorry = arena_str(&a, args[2]);
	if ((l->started && starttls_adopt() < 0) ||
	    set_environment(&a, l->tag_name, args[0], args[1]) < 0)
		die(EXIT_TEMP);
	monitor_end(&l->m);
	log_event("session", "user",
	    log_str(checker_var(reply, "AUTHUSER").p
			? checker_var(reply, "AUTHUSER")
			: checker_var(reply, "USER")),
	    "uid", log_num(reply->uid), "tls",
	    l->started || l->s.tls ? "yes" : "no", NULL);
	if (checker_become(reply) == 0) {
		signal(SIGPIPE, SIG_DFL); /* not every session is ours */
		execvp(session[0], session);
		fail("run ", session[0]);
	}
	if (file_write(1, sorry.p, sorry.n) < 0)
		errno = 0; /* the client is gone */
	die(EXIT_TEMP);
}

/* One question.  *accepted: reply is that of a right login. */
static int
answer(struct login *l, char **argv, char kind, const struct str *args,
    size_t n, bool *accepted)
{
	static struct checker_reply reply;
	int r;

	if (kind == ASK_SESSION && n == 3 && *accepted)
		become_session(l, argv + 2, args, &reply);
	if (kind == ASK_TLS && n == 0 && l->can_starttls && !l->started)
		return answer_tls(l);
	if (kind == ASK_ABANDON && n == 0) {
		converse_end(&l->talk);
		return 0;
	}
	if ((kind != ASK_LOGIN && kind != ASK_MESSAGE) || n != 2)
		return fail_text(EPROTO, "an unknown question");
	r = kind == ASK_LOGIN ? answer_login(l, args, &reply)
	                      : answer_message(l, args, &reply);
	*accepted = reply.verdict == CHECKER_OK;
	return r;
}

_Noreturn static void
monitor_side(struct login *l, char **argv)
{
	struct str args[MONITOR_ARGS];
	bool accepted = false;
	char kind;
	size_t n;
	int r;

	while ((r = monitor_next(&l->m, &kind, args, MONITOR_ARGS, &n)) > 0)
		if ((r = answer(l, argv, kind, args, n, &accepted)) < 0)
			break;
	if (r < 0)
		log_event("monitor", "err", fail_last(), NULL);
	converse_end(&l->talk);
	r = monitor_end(&l->m);
	exit(r);
}

/* ---- the network side ---- */

/* A process for each side.  Returns as login_worker(). */
static int
split(struct login *l)
{
	int r;

	serve_connection(&l->s);
	sandbox_enter("login-parent", NULL, 0);
	r = monitor_split(&l->m, "LOGIN_USER");
	if (r < 0)
		die(EXIT_TEMP);
	return r;
}

static void
tell_fallback(void)
{
	log_event("privileges", "err",
	    "the user named by LOGIN_USER does not exist; using 65534:65534",
	    NULL);
}

/* The user is looked up once. */
static int
serve_worker(struct login *l)
{
	static struct drop user;
	int r = 0;

	if (geteuid() == 0)
		r = drop_find(settings_text("LOGIN_USER"), &user);
	if (r < 0)
		die(EXIT_TEMP);
	if (r == 0 && geteuid() == 0)
		tell_fallback();
	l->m.user = r > 0 ? &user : l->m.spare;
	sandbox_enter("login-parent", NULL, 0);
	return login_worker(l);
}

void
login_start(struct login *l, const char *prog, int argc, char **argv)
{
	static const struct drop nobody = {65534, 65534, {65534}, 1};
	bool worker = argc > 1 && strcmp(argv[1], "-w") == 0;
	int r;

	checker_reply_mode(argc, argv);
	checker_service(prog);
	serve_program(prog, USAGE, argc, argv);
	if (argc - worker < 3) {
		fail_text(EINVAL, "usage: " USAGE);
		die(EXIT_PERM);
	}
	if (mechanisms_check() < 0)
		die(EXIT_PERM);
	serve_host(&l->s);
	l->checker = argv[1 + worker];
	l->m.spare = &nobody;
	r = worker ? serve_worker(l) : split(l);
	l->can_starttls = starttls_offered();
	if (r > 0)
		monitor_side(l, argv + worker);
	l->secure_only =
	    !settings_flag("CLEARTEXT_LOGIN") || starttls_required();
	l->tries_left = (int)settings_num("LOGIN_TRIES");
	l->bad_left = LOGIN_BAD_MAX;
	if (l->m.fell_back)
		tell_fallback();
	starttls_leave();
	sandbox_enter("login", NULL, 0);
	mechanisms_offered(l->offered, l->checker);
	l->s.in.deadline = now_plus_s(settings_num("LOGIN_TIMEOUT"));
	l->s.out.stall_s = (int)settings_num("LOGIN_TIMEOUT");
}

bool
login_allowed(const struct login *l)
{
	return l->s.tls || !l->secure_only;
}

bool
login_by_password(const struct login *l)
{
	return login_allowed(l) && mechanisms_password(l->offered);
}

/* Ask, and wait for as long as a checker may take. */
static void
ask(struct login *l, char kind, const struct str *args, size_t n,
    struct buf *answer)
{
	int64_t wait_s =
	    2 * settings_num("CHECKER_TIMEOUT") + SLOW_PATIENCE + 15;

	if (monitor_ask(&l->m, kind, args, n, answer, now_plus_s(wait_s)) < 0)
		die(EXIT_TEMP);
	/* The time the monitor took is not the client's. */
	l->s.in.deadline = now_plus_s(settings_num("LOGIN_TIMEOUT"));
}

enum login_result
login_try(struct login *l, struct str user, struct str pass)
{
	struct str args[2] = {user, pass};
	struct buf answer;
	char verdict;

	buf_init(&answer, 16);
	ask(l, ASK_LOGIN, args, 2, &answer);
	verdict = answer.n == 1 ? answer.p[0] : 't';
	buf_free(&answer);
	if (verdict == 'y')
		return LOGIN_OK;
	l->tries_left--;
	return verdict == 'n' ? LOGIN_DENIED : LOGIN_LATER;
}

/* One message of the client's, and what the checker has to say. */
static enum sasl_result
ask_checker(struct login *l, struct sasl *s)
{
	struct str args[2] = {
	    s->asked ? STR("") : str_z(s->mechanism), buf_slice(&s->text)};
	enum sasl_result r;
	struct buf answer;
	char verdict;

	s->asked = true;
	buf_init(&answer, CONVERSE_ANSWER + 2);
	ask(l, ASK_MESSAGE, args, 2, &answer);
	verdict = answer.n > 0 ? answer.p[0] : 't';
	if (verdict == 'n' || verdict == 't')
		l->tries_left--;
	r = sasl_told(s, verdict, str_from(buf_slice(&answer), 1));
	buf_free(&answer);
	return r;
}

bool
login_sasl(struct login *l, struct sasl *s, enum sasl_result *r)
{
	static const enum sasl_result verdicts[] = {
	    [LOGIN_OK] = SASL_GRANTED,
	    [LOGIN_DENIED] = SASL_REFUSED,
	    [LOGIN_LATER] = SASL_LATER,
	};

	if (*r == SASL_DONE)
		*r = verdicts[login_try(l, s->user, s->pass)];
	if (*r == SASL_ASK)
		*r = ask_checker(l, s);
	/* It waits for a client that will not go on. */
	if (s->asked && (*r == SASL_CANCELLED || *r == SASL_BAD) &&
	    monitor_tell(&l->m, ASK_ABANDON) < 0)
		die(EXIT_TEMP);
	return *r == SASL_MORE;
}

void
login_starttls(struct login *l)
{
	int64_t wait_s = settings_num("TLS_TIMEOUT") + 5;
	struct buf vars;

	buf_init(&vars, STARTTLS_VARS);
	if (starttls_ready(&l->s.in, &l->s.out) < 0 ||
	    monitor_ask(&l->m, ASK_TLS, NULL, 0, &vars, now_plus_s(wait_s)) < 0)
		die(EXIT_TEMP);
	if (vars.n == 0)
		_exit(EXIT_TEMP); /* the monitor has said why */
	if (starttls_enter(&l->s.in, &l->s.out, buf_slice(&vars)) < 0)
		die(EXIT_TEMP);
	buf_free(&vars);
	l->s.tls = true;
	l->can_starttls = false;
	mechanisms_offered(l->offered, l->checker);
}

void
login_hand_over(
    struct login *l, struct str tag, struct str input_b64, struct str sorry)
{
	struct str args[3] = {tag, input_b64, sorry};
	struct buf answer;

	if (out_flush(&l->s.out) < 0)
		_exit(0);
	buf_init(&answer, 16);
	/* No answer comes: the monitor hangs up and becomes the session, which
	 * reads what we have not read. */
	monitor_ask(&l->m, ASK_SESSION, args, 3, &answer,
	    now_plus_s(settings_num("CHECKER_TIMEOUT")));
	_exit(0);
}

void
login_leave(struct login *l)
{
	out_flush(&l->s.out);
	_exit(0);
}
