/* SPDX-License-Identifier: ISC */
/* Answers for the child.  What comes from it is as hostile as the network: it
 * is bounded by the monitor and checked by what looks it up. */
#include "parent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/num.h"
#include "conf/settings.h"
#include "io/file.h"
#include "serve/sandbox.h"
#include "serve/starttls.h"
#include "users/domain.h"
#include "users/rcpt.h"

#define ARENA ((size_t)64 << 20) /* for DOMAIN_LIST_MAX of them */

/* Let go of the connection: its end must be the child's alone.  With a checker
 * it is we who ask for TLS, since the checker believes what is said of it. */
static void
let_go(const struct smtp *s)
{
	static const char *const names[] = {
	    "SSLREADFD", "SSLWRITEFD", "SSLCTLFD"};
	size_t n = s->checker ? 2 : 3;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		die(EXIT_TEMP);
	close(null);
	for (size_t i = 0; i < n; i++) {
		uint64_t fd;

		if (s->tls_offered &&
		    num_scan(str_z(getenv(names[i])), 65535, &fd) == 0 &&
		    fd > 2 && (int)fd != s->monitor.fd)
			close((int)fd);
	}
}

/* Where <postmaster> lives.  Returns 1, 0 nowhere, -1 failed. */
static int
postmaster_domain(struct smtp *s, struct arena *a, struct str *domain)
{
	struct str host = str_z(s->serve.hostname);
	struct str *names;
	size_t n;
	int r = domain_is_local(s->serve.root, host);

	*domain = host;
	if (r != 0)
		return r;
	if (domain_list(s->serve.root, a, &names, &n) < 0)
		return -1;
	if (n == 0)
		return 0;
	*domain = names[0];
	return 1;
}

static enum parent_rcpt
check_rcpt(
    struct smtp *s, struct arena *a, struct str local, struct str *domain)
{
	if (domain->n == 0) {
		int r = postmaster_domain(s, a, domain);

		if (r <= 0)
			return r < 0 ? PARENT_FAILED : PARENT_UNKNOWN;
	}
	switch (rcpt_check(s->serve.root, local, *domain,
	    settings_text("EXTENSION_DELIMITER"), a)) {
	case RCPT_MAILBOX:
	case RCPT_ALIAS:
		return PARENT_OURS;
	case RCPT_UNKNOWN:
		return PARENT_UNKNOWN;
	case RCPT_FOREIGN:
		return PARENT_FOREIGN;
	case RCPT_FAILED:
		break;
	}
	log_event("lookup", "why", fail_last(), NULL);
	return PARENT_FAILED;
}

static void
answer_rcpt(struct smtp *s, const struct str *args)
{
	struct str domain = args[1];
	struct arena a;

	arena_init(&a, ARENA);
	buf_chr(&s->line, (char)check_rcpt(s, &a, args[0], &domain));
	buf_str(&s->line, domain);
	arena_wipe(&a); /* it had the account's hash */
}

/* With a checker, which may be any program, we cannot know what is needed. */
void
parent_confine(const struct smtp *s)
{
	static char domains[PATH_MAX], queue[PATH_MAX];
	/* The users files may name users instead of giving numbers. */
	const struct landlock_path paths[] = {{domains, LANDLOCK_READ},
	    {"/etc/passwd", LANDLOCK_READ}, {"/etc/group", LANDLOCK_READ},
	    {queue, LANDLOCK_WRITE}, {"/dev/null", LANDLOCK_WRITE}};

	if (file_join(domains, sizeof(domains), s->serve.root, "domains") < 0 ||
	    file_join(queue, sizeof(queue), s->serve.root, "queue") < 0)
		die(EXIT_TEMP);
	if (s->checker)
		sandbox_enter("smtpd-checker", NULL, 0);
	else
		sandbox_enter(
		    "smtpd-parent", paths, sizeof(paths) / sizeof(paths[0]));
}

void
child_confine(const struct smtp *s)
{
	char queue[PATH_MAX];
	const struct landlock_path paths[] = {{queue, LANDLOCK_WRITE}};

	if (file_join(queue, sizeof(queue), s->serve.root, "queue") < 0)
		die(EXIT_TEMP);
	sandbox_enter("smtpd", paths, 1);
}

/* Of a login: for the child, and where it failed here for the log. */
static void
put_verdict(struct smtp *s, char verdict, struct str name,
    const char *mechanism, const struct checker_reply *reply)
{
	struct str account = STR("");

	if (verdict == 't')
		log_event("checker-failed", "checker", s->checker, "user",
		    log_str(name), "mech", mechanism, "err", fail_last(), NULL);
	if (verdict == 'y')
		account = checker_var(reply, "AUTHUSER");
	if (verdict == 'y' && account.n == 0)
		account = name;
	buf_chr(&s->line, verdict);
	buf_netstr(&s->line, account);
}

static void
answer_auth(struct smtp *s, const struct str *args)
{
	static struct checker_reply reply;

	monitor_check(s->serve.root, s->serve.peer.remote_ip, s->checker,
	    args[0], args[1], &reply);
	put_verdict(s,
	    reply.verdict == CHECKER_OK       ? 'y'
	    : reply.verdict == CHECKER_DENIED ? 'n'
					      : 't',
	    args[0], NULL, &reply);
}

static void
answer_sasl(struct smtp *s, const struct str *args)
{
	static struct checker_reply reply;
	struct converse *talk = &s->talk;
	struct converse_with w = {
	    s->serve.root, s->serve.peer.remote_ip, s->checker, s->offered};
	char verdict;

	mechanisms_offered(s->offered, s->checker);
	verdict = converse(talk, &w, args[0], args[1], &reply);
	put_verdict(s, verdict, str_z(talk->name), talk->mechanism, &reply);
	buf_str(&s->line, buf_slice(&talk->data));
}

static void
answer_tls(struct smtp *s)
{
	struct buf vars;

	s->tls_offered = false;
	buf_init(&vars, STARTTLS_VARS);
	if (starttls_ask(&vars) == 0) {
		starttls_environment(buf_slice(&vars));
		buf_str(&s->line, buf_slice(&vars));
	} else {
		log_event("tls", "result", "failed", "why", fail_last(), NULL);
	}
	buf_free(&vars);
}

int
parent_answer(struct smtp *s, struct monitor *m)
{
	struct str args[2];
	size_t n;
	char kind;
	int r = monitor_next(m, &kind, args, 2, &n);

	if (r <= 0)
		return r;
	buf_reset(&s->line);
	if (kind == PARENT_ABANDON && n == 0)
		converse_end(&s->talk);
	if ((kind == PARENT_ABANDON || kind == PARENT_BUSY) && n == 0)
		return kind;
	if (kind == PARENT_RCPT && n == 2)
		answer_rcpt(s, args);
	else if (kind == PARENT_AUTH && n == 2 && s->checker)
		answer_auth(s, args);
	else if (kind == PARENT_SASL && n == 2 && s->checker)
		answer_sasl(s, args);
	else if (kind == PARENT_TLS && n == 0 && s->checker && s->tls_offered)
		answer_tls(s);
	else
		return fail_text(EPROTO, "an unknown question");
	return monitor_answer(m, buf_slice(&s->line)) < 0 ? -1 : kind;
}

void
parent_run(struct smtp *s)
{
	let_go(s);
	while (parent_answer(s, &s->monitor) > 0)
		continue;
	converse_end(&s->talk);
}
