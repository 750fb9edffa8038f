/* SPDX-License-Identifier: ISC */
/* serve/monitor, serve/checker, serve/converse, users/slow. */
#define _GNU_SOURCE
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/now.h"
#include "serve/converse.h"
#include "serve/monitor.h"
#include "users/slow.h"
#include "users_root.h"

/* A slice that may stand in a static table. */
#define T(lit) \
	{ \
		"" lit, sizeof(lit) - 1 \
	}

/* The child asks a few things; its exit code says what went wrong. */
static int
child(struct monitor *m)
{
	static char big[MONITOR_MAX];
	struct str args[2] = {T("ann"), str_make("se\0cret", 7)};
	struct str huge = str_make(big, sizeof(big));
	struct buf b;

	buf_init(&b, MONITOR_MAX);
	if (monitor_ask(m, 'L', args, 2, &b, now_plus_s(10)) < 0 ||
	    !str_eq(buf_slice(&b), STR("ann/7")))
		return 1;
	if (monitor_ask(m, 'E', NULL, 0, &b, now_plus_s(10)) < 0 || b.n != 0)
		return 2;
	if (monitor_ask(m, 'X', &huge, 1, &b, now_plus_s(10)) == 0 ||
	    errno != EMSGSIZE)
		return 3;
	huge.n = MONITOR_MAX - 20;
	if (monitor_ask(m, 'H', &huge, 1, &b, now_plus_s(10)) < 0 ||
	    b.n != huge.n)
		return 4;
	return 42;
}

static const struct drop nobody = {65534, 65534, {65534}, 1};

static void
test_questions(void)
{
	struct monitor m = {.spare = &nobody};
	struct str args[MONITOR_ARGS];
	char kind, text[32];
	size_t n;

	fflush(stdout);
	if (monitor_split(&m, "LOGIN_USER") == 0)
		_exit(child(&m));
	CHECK_NUM(monitor_next(&m, &kind, args, MONITOR_ARGS, &n), 1, "asked");
	CHECK(kind == 'L' && n == 2, "kind and count");
	snprintf(text, sizeof(text), "%.*s/%zu", STR_FMT(args[0]), args[1].n);
	CHECK_NUM(monitor_answer(&m, str_z(text)), 0, "answered");
	CHECK(!str_has(buf_slice(&m.text), 'c'), "the password is forgotten");
	CHECK_NUM(monitor_next(&m, &kind, args, MONITOR_ARGS, &n), 1, "asked");
	CHECK(kind == 'E' && n == 0, "no arguments");
	monitor_answer(&m, STR(""));
	CHECK_NUM(monitor_next(&m, &kind, args, MONITOR_ARGS, &n), 1, "asked");
	CHECK(kind == 'H' && n == 1, "a large one");
	monitor_answer(&m, args[0]);
	CHECK_NUM(monitor_next(&m, &kind, args, MONITOR_ARGS, &n), 0,
	    "the child's end");
	CHECK_NUM(monitor_end(&m), 42, "its exit code");
}

static const char too_long[MONITOR_MAX + 1];

/* What a hostile child may write on the socket. */
static const struct {
	struct str text;
	const char *what;
} hostile[] = {
    {T("Lgarb"), "no netstrings"},
    {T("L999:x"), "a netstring beyond the end"},
    {T("L-1:,1:"), "a negative length"},
    {T("L1:"), "cut off"},
    {T("L1:a,1:b,1:c,"), "more arguments than there is room for"},
    {{too_long, sizeof(too_long)}, "more than the most"},
};

static void
test_hostile(void)
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct monitor m = {.spare = &nobody};
		struct str args[2];
		char kind;
		size_t n;

		fflush(stdout);
		if (monitor_split(&m, "LOGIN_USER") == 0) {
			if (file_write(
				m.fd, hostile[i].text.p, hostile[i].text.n) < 0)
				_exit(1);
			_exit(0);
		}
		CHECK_NUM(
		    monitor_next(&m, &kind, args, 2, &n), -1, hostile[i].what);
		monitor_end(&m);
	}
}

/* Without descriptors: who has children already must not take itself for one
 * that was just born. */
static void
test_no_descriptors(void)
{
	struct monitor m = {.spare = &nobody};
	struct rlimit old, none;

	if (getrlimit(RLIMIT_NOFILE, &old) < 0)
		exit(1);
	none = old;
	none.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &none);
	CHECK_NUM(monitor_split(&m, "LOGIN_USER"), -1, "no descriptors");
	setrlimit(RLIMIT_NOFILE, &old);
	CHECK(m.child != 0, "not in a child");
}

/* The child must not outlive the monitor. */
static void
test_deaths(void)
{
	int p[2];
	pid_t pid;
	char c;

	if (pipe(p) < 0)
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct monitor m = {.spare = &nobody};

		close(p[0]);
		if (monitor_split(&m, "LOGIN_USER") == 0) {
			if (write(p[1], "x", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	close(p[1]);
	CHECK_NUM(read(p[0], &c, 1), 1, "the child runs");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_NUM(read(p[0], &c, 1), 0, "it died with the monitor");
	close(p[0]);
}

static void
check(const char *checker, const char *user, enum checker_verdict want)
{
	static struct checker_reply r;

	checker_run(checker, str_z(user), STR("pass"), 1, &r);
	CHECK_NUM(r.verdict, want, checker);
	if (want == CHECKER_OK)
		CHECK(r.uid == getuid() && r.gid == getgid() &&
			  checker_var(&r, "USER").p,
		    "the reply says who we are");
}

static void
script(const char *name, const char *text, char path[256])
{
	int dir = open(root, O_RDONLY | O_DIRECTORY);

	if (dir < 0 || file_replace(dir, name, str_z(text), 0755) < 0)
		exit(1);
	close(dir);
	snprintf(path, 256, "%s/%s", root, name);
}

static void
test_checkers(void)
{
	static const struct {
		const char *text;
		enum checker_verdict want;
	} exits[] = {
	    {"exit 1", CHECKER_DENIED},
	    {"exit 3", CHECKER_DENIED},
	    {"exit 2", CHECKER_BROKEN},
	    {"exit 100", CHECKER_BROKEN},
	    {"exit 0", CHECKER_BROKEN},
	    {"exit 111", CHECKER_BUSY},
	    {"kill -9 $$", CHECKER_BUSY},
	    {"exec sleep 20", CHECKER_BUSY},
	    {"printf garbage >&4", CHECKER_BROKEN},
	    {"printf '1:0,1:0,0:,1:/,8:LD_X=bad,' >&4", CHECKER_BROKEN},
	    {"exec cat /dev/zero >&4", CHECKER_BUSY},
	    {"test -n \"$AUTHORIZED$CREDENTIALS_LOOKUP\" && exit 1\n"
	     "exec \"$@\"",
		CHECKER_OK},
	    {"x=$(tr '\\0' . <&3); [ \"$x\" = ann.pass.. ] && "
	     "USER=$x exec \"$@\"; exit 1",
		CHECKER_OK},
	};
	char path[256], text[512];

	setenv("AUTHORIZED", "1", 1);
	setenv("CREDENTIALS_LOOKUP", "1", 1);
	for (size_t i = 0; i < sizeof(exits) / sizeof(*exits); i++) {
		snprintf(text, sizeof(text),
		    "#!/bin/sh\nUSER=x; export USER\n%s\n", exits[i].text);
		script("checker", text, path);
		check(path, "ann", exits[i].want);
	}
	check("/nonexistent/checker", "ann", CHECKER_BROKEN);
	check(path, "", CHECKER_DENIED);
	memset(text, 'x', sizeof(text));
	text[510] = '\0';
	check(path, text, CHECKER_DENIED);
}

/* Only a yes makes the reply one to become, whatever was said on the way. */
static void
test_conversations(void)
{
#define ASKED "say Tx; head -c 3 <&3 >/dev/null; "
#define REPLY "say R1:0,1:0,0:,1:/,6:USER=x,"
	static const char say[] = "#!/bin/sh\n"
				  "say() { printf '%d:%s,' ${#1} $1 >&4; }\n"
				  "head -c 8 <&3 >/dev/null\n";
	static const struct {
		const char *text, *mechanism;
		char want;
	} says[] = {
	    {ASKED REPLY, "X", 'y'},
	    {ASKED REPLY "; exit 1", "X", 'n'},
	    {ASKED REPLY "; exit 111", "X", 't'},
	    {ASKED REPLY "; say B; exit 1", "X", 'b'},
	    {ASKED REPLY "; say Cx", "X", 'c'},
	    {REPLY, "X", 't'},
	    {"", NULL, 'b'},
	    {"", "NO-MECHANISM-HAS-SO-LONG-A-NAME", 't'},
	};
	char path[256], text[512], what[300];
	struct converse_with w = {root, "local", path, "X"};

	for (size_t i = 0; i < sizeof(says) / sizeof(*says); i++) {
		static struct checker_reply r;
		struct converse c = {0};
		struct str mechanism = {0};

		memset(&r, 0, sizeof(r));
		if (says[i].mechanism)
			mechanism = str_z(says[i].mechanism);
		snprintf(text, sizeof(text), "%s%s\n", say, says[i].text);
		script("checker", text, path);
		snprintf(what, sizeof(what), "%s: a verdict", says[i].text);
		CHECK_NUM(converse(&c, &w, mechanism, STR("hello"), &r),
		    says[i].want, what);
		CHECK((r.verdict == CHECKER_OK) == (says[i].want == 'y'),
		    "become it after a yes only");
		converse_end(&c);
	}
#undef ASKED
#undef REPLY
}

/* It may take its time once before the delay and once after it. */
static void
test_slow_conversation(void)
{
	static struct checker_reply r;
	char path[256];
	struct converse_with w = {root, "local", path, "X"};
	struct converse c = {0};
	int64_t start = now_ms();

	script("checker",
	    "#!/bin/sh\nprintf '2:Tx,' >&4\n"
	    "while :; do sleep 0.5; printf '2:Dx,' >&4; done\n",
	    path);
	setenv("CHECKER_TIMEOUT", "1", 1);
	CHECK_NUM(converse(&c, &w, STR("X"), STR("hello"), &r), 't',
	    "one that never comes to the point");
	CHECK(now_ms() - start < 5000, "is not waited for for ever");
	unsetenv("CHECKER_TIMEOUT");
	converse_end(&c);
}

/* Failures of one source and account, and how long the next try waits. */
static void
test_slow(void)
{
	struct slow s;
	int64_t t;
	char path[256];

	CHECK_NUM(slow_enter(&s, root, "192.0.2.1", STR("ann"), 15), 1,
	    "without the folder nobody waits");
	slow_leave(&s, 0, 15);
	snprintf(path, sizeof(path), "%s/penalty", root);
	if (mkdir(path, 0700) < 0)
		exit(1);
	t = now_ms();
	CHECK_NUM(slow_enter(&s, root, "192.0.2.1", STR("ann"), 2), 1, "go");
	slow_leave(&s, 0, 2);
	CHECK(now_ms() - t < 900, "the first try does not wait");
	t = now_ms();
	slow_enter(&s, root, "192.0.2.1", STR("bob"), 2);
	CHECK(now_ms() - t >= 900, "the source waits");
	slow_leave(&s, 1, 2);
	snprintf(path, sizeof(path), "%s/penalty/user-ann@example.test", root);
	CHECK(access(path, F_OK) == 0, "the account's file");
	snprintf(path, sizeof(path), "%s/penalty/from-192.0.2.1", root);
	CHECK(access(path, F_OK) == 0, "the source's file");
	slow_enter(&s, root, "2001:db8:1:2:3:4:5:6", STR("../x"), 1);
	slow_leave(&s, 0, 1);
	snprintf(path, sizeof(path), "%s/penalty/from-2001:db8:1:2::-64", root);
	CHECK(access(path, F_OK) == 0, "one file for an IPv6 /64");
	slow_enter(&s, root, "local", STR("ann"), 0);
	slow_leave(&s, 0, 0);
	slow_enter(&s, root, "198.51.100.1", STR("ann"), 1);
	slow_leave(&s, 1, 1);
	snprintf(path, sizeof(path), "%s/penalty/user-ann@example.test", root);
	CHECK(access(path, F_OK) < 0, "success forgets the account's failures");
}

int
main(int argc, char **argv)
{
	checker_reply_mode(argc, argv);
	root_make();
	signal(SIGPIPE, SIG_IGN);
	test_questions();
	test_hostile();
	test_no_descriptors();
	test_deaths();
	test_checkers();
	test_conversations();
	test_slow_conversation();
	test_slow();
	root_remove();
	return tap_done();
}
