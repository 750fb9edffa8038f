/* SPDX-License-Identifier: ISC */
/* The checkpassword interface, caller's side. */
#define _GNU_SOURCE
#include "serve/checker.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "base/num.h"
#include "base/scan.h"
#include "conf/libexec.h"
#include "io/file.h"
#include "io/spawn.h"
#include "io/wait.h"

#define ENVIRON_MAX 512
#define REPLY_FD 4

extern char **environ;

static const char *const reported[] = {"USER", "HOME", "SHELL", "MAILDIR",
    "MAILDIRQUOTA", "AUTHUSER", "VPOPUSER", NULL};

void
checker_reply_print(struct buf *b, uid_t uid, gid_t gid, const gid_t *groups,
    size_t ngroups, struct str cwd, const struct str *vars, size_t nvars)
{
	char num[NUM_SIZE];
	struct buf list;

	buf_init(&list, 65536);
	buf_netstr(b, str_make(num, num_print(num, uid)));
	buf_netstr(b, str_make(num, num_print(num, gid)));
	for (size_t i = 0; i < ngroups; i++) {
		if (i > 0)
			buf_chr(&list, ',');
		buf_num(&list, groups[i]);
	}
	buf_netstr(b, buf_slice(&list));
	buf_netstr(b, cwd);
	for (size_t i = 0; i < nvars; i++)
		buf_netstr(b, vars[i]);
	buf_free(&list);
}

/* A reply as a message of a conversation (serve/converse.h). */
static void
make_message(struct buf *b)
{
	struct buf message;

	buf_init(&message, CHECKER_REPLY + 1);
	buf_chr(&message, 'R');
	buf_str(&message, buf_slice(b));
	b->max += 16;
	b->n = 0;
	buf_netstr(b, buf_slice(&message));
	b->over = b->over || message.over;
	buf_free(&message);
}

_Noreturn static void
reply_self(int fd)
{
	gid_t groups[CHECKER_GROUPS];
	int n = getgroups(CHECKER_GROUPS, groups);
	struct str vars[CHECKER_VARS];
	size_t nvars = 0;
	char cwd[4096];
	struct buf b;

	if (n < 0 || !getcwd(cwd, sizeof(cwd)))
		_exit(EXIT_TEMP);
	for (size_t i = 0; reported[i]; i++) {
		/* The variables lie in the environment as NAME=value. */
		for (char **e = environ; *e; e++) {
			struct str s = str_z(*e);

			if (str_eq(str_to(s, str_find(s, '=')),
				str_z(reported[i])) &&
			    nvars < CHECKER_VARS)
				vars[nvars++] = s;
		}
	}
	buf_init(&b, CHECKER_REPLY);
	checker_reply_print(
	    &b, getuid(), getgid(), groups, (size_t)n, str_z(cwd), vars, nvars);
	if (getenv("CHECKPW_MECHANISM"))
		make_message(&b);
	if (b.over || file_write(fd, b.p, b.n) < 0)
		_exit(EXIT_TEMP);
	_exit(0);
}

void
checker_reply_mode(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "-R") != 0)
		return;
	reply_self(REPLY_FD);
}

void
checker_service(const char *prog)
{
	char name[16];

	if (str_copy(name, sizeof(name),
		str_to(str_z(prog), str_find(str_z(prog), '-'))) < 0 ||
	    setenv("SERVICE", name, 1) < 0)
		die(EXIT_TEMP);
}

static int
parse_groups(struct checker_reply *r, struct str list)
{
	struct str one;
	uint64_t id;

	while (list.n > 0 && str_cut(&list, ',', &one)) {
		if (num_scan(one, UINT32_MAX - 1, &id) < 0 ||
		    r->ngroups == CHECKER_GROUPS)
			return -1;
		r->groups[r->ngroups++] = (gid_t)id;
	}
	return 0;
}

static bool
is_reported(struct str var)
{
	struct str name = str_to(var, str_find(var, '='));

	if (name.n == var.n || str_has(var, '\0'))
		return false;
	for (size_t i = 0; reported[i]; i++)
		if (str_eq(name, str_z(reported[i])))
			return true;
	return false;
}

static int
parse(struct checker_reply *r, size_t n)
{
	struct scan s = scan_make(str_make(r->text, n));
	struct str uid, gid, groups, var;
	uint64_t u, g;

	r->ngroups = r->nvars = 0;
	if (!scan_netstr(&s, 20, &uid) || !scan_netstr(&s, 20, &gid) ||
	    !scan_netstr(&s, CHECKER_REPLY, &groups) ||
	    !scan_netstr(&s, 4095, &r->cwd) ||
	    num_scan(uid, UINT32_MAX - 1, &u) < 0 ||
	    num_scan(gid, UINT32_MAX - 1, &g) < 0 ||
	    parse_groups(r, groups) < 0 || str_has(r->cwd, '\0'))
		return -1;
	r->uid = (uid_t)u;
	r->gid = (gid_t)g;
	while (!scan_end(&s)) {
		if (!scan_netstr(&s, CHECKER_REPLY, &var) ||
		    !is_reported(var) || r->nvars == CHECKER_VARS)
			return -1;
		r->vars[r->nvars++] = var;
	}
	return 0;
}

int
checker_reply_parse(struct checker_reply *reply, size_t n)
{
	if (n == 0 || n > sizeof(reply->text) || parse(reply, n) < 0)
		return fail_text(EPROTO, "the checker's reply is malformed");
	return 0;
}

struct str
checker_var(const struct checker_reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->nvars; i++) {
		struct str v = reply->vars[i];
		size_t eq = str_find(v, '=');

		if (str_eq(str_to(v, eq), str_z(name)))
			return str_from(v, eq + 1);
	}
	return (struct str){NULL, 0};
}

/* Our environment for the checker.  A leaked AUTHORIZED would make some
 * checkers skip the password. */
static void
make_environ(const char *env[ENVIRON_MAX], const char *const *vars)
{
	static const char *const without[] = {"AUTHORIZED=",
	    "CREDENTIALS_LOOKUP=", "SCHEME=", "IMAPLOGINTAG=", "POP3_STATE=",
	    "AUTHENTICATED=", "CHECKPW_REPLY=", "CHECKPW_MECHANISM=",
	    "CHECKPW_OFFERED=", "CLIENT_INPUT=", "USER=", "HOME=", "SHELL=",
	    "MAILDIR=", "MAILDIRQUOTA=", "AUTHUSER=", "VPOPUSER=", NULL};
	size_t n = 0;

	for (; vars && *vars; vars++)
		env[n++] = *vars;
	for (char **e = environ; *e && n < ENVIRON_MAX - 2; e++) {
		size_t i = 0;

		while (without[i] &&
		       strncmp(*e, without[i], strlen(without[i])) != 0)
			i++;
		if (!without[i])
			env[n++] = *e;
	}
	env[n++] = "CHECKPW_REPLY=4";
	env[n] = NULL;
}

/* Our standard error, unless it is the client's connection (inetd). */
static int
log_fd(int null_fd)
{
	struct stat a, b;

	if (fstat(2, &a) < 0)
		return null_fd;
	for (int fd = 0; fd < 2; fd++)
		if (fstat(fd, &b) == 0 && S_ISSOCK(b.st_mode) &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return null_fd;
	return 2;
}

static bool
ended(pid_t pid)
{
	siginfo_t si = {.si_pid = 0};

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
	           0 &&
	       si.si_pid == pid;
}

/* Wait for more: 1, 0 none will come, -1 the deadline has passed.  Something
 * the checker left running may hold the pipe open for long. */
int
checker_wait(int fd, pid_t pid, int64_t deadline)
{
	for (;;) {
		int64_t soon = now_ms() + 50;
		int r = wait_readable(fd, soon < deadline ? soon : deadline);

		if (r != 0)
			return r;
		if (ended(pid))
			return wait_readable(fd, now_ms());
		if (now_left(deadline) == 0)
			return -1;
	}
}

/* Everything the checker writes on its reply pipe; -1 when it is too much,
 * or the deadline passes. */
static ssize_t
read_reply(int fd, pid_t pid, struct checker_reply *reply, int64_t deadline)
{
	size_t n = 0;

	for (;;) {
		int more = checker_wait(fd, pid, deadline);
		ssize_t r;

		if (more == 0)
			return (ssize_t)n;
		if (more < 0 || n == sizeof(reply->text))
			return -1;
		r = read(fd, reply->text + n, sizeof(reply->text) - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -1 : (ssize_t)n;
		n += (size_t)r;
	}
}

static enum checker_verdict
judge(int status, ssize_t n, struct checker_reply *reply)
{
	if (status == 0 && n >= 0 && checker_reply_parse(reply, (size_t)n) == 0)
		return CHECKER_OK;
	if (status == 1 || status == 3)
		return CHECKER_DENIED;
	if (status == 0 || status == 2 || status == EXIT_PERM)
		return CHECKER_BROKEN;
	return CHECKER_BUSY;
}

pid_t
checker_start(const char *checker, int in, int out, const char *const *vars)
{
	const char *env[ENVIRON_MAX];
	char self[4096];
	const char *argv[] = {checker, self, "-R", NULL};
	int n = libexec_self(self, sizeof(self));
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[5] = {null_fd, null_fd, log_fd(null_fd), in, out};
	pid_t pid;

	if (n < 0 || null_fd < 0) {
		fail("cannot start the checker", NULL);
		if (null_fd >= 0)
			close(null_fd);
		return -1;
	}
	make_environ(env, vars);
	pid = spawn_start(argv, fds, 5, env);
	close(null_fd);
	return pid;
}

/* login\0password\0\0 fits into a pipe, so writing before anybody reads does
 * not block. */
static int
feed(int fd, struct str user, struct str pass)
{
	char text[CHECKER_INPUT];
	size_t n = user.n + 1 + pass.n + 2;
	int r;

	memset(text, 0, sizeof(text));
	memcpy(text, user.p, user.n);
	if (pass.n > 0)
		memcpy(text + user.n + 1, pass.p, pass.n);
	r = file_write(fd, text, n);
	explicit_bzero(text, sizeof(text));
	return r;
}

static void
run(const char *checker, struct str user, struct str pass, int64_t deadline,
    struct checker_reply *reply, const int in[2], const int out[2])
{
	pid_t pid = checker_start(checker, in[0], out[1], NULL);
	int fed, status;
	ssize_t n;

	reply->verdict =
	    errno == ENOENT || errno == EACCES ? CHECKER_BROKEN : CHECKER_BUSY;
	close(out[1]);
	if (pid < 0) {
		close(in[1]);
		return;
	}
	fed = feed(in[1], user, pass);
	close(in[1]);
	n = fed < 0 ? -1 : read_reply(out[0], pid, reply, deadline);
	status = spawn_wait(pid, n < 0 ? now_plus_s(0) : deadline);
	reply->verdict = judge(status, n, reply);
	if (reply->verdict == CHECKER_BROKEN)
		fail_text(EPROTO, "the checker is misconfigured");
	if (reply->verdict == CHECKER_BUSY)
		fail_text(EAGAIN, "the checker failed");
}

void
checker_run(const char *checker, struct str user, struct str pass,
    int timeout_s, struct checker_reply *reply)
{
	int in[2], out[2];

	reply->verdict = CHECKER_DENIED;
	if (user.n == 0 || user.n + pass.n + 3 > CHECKER_INPUT ||
	    str_has(user, '\0') || str_has(pass, '\0'))
		return;
	reply->verdict = CHECKER_BUSY;
	if (pipe2(in, O_CLOEXEC) < 0) {
		fail("pipe", NULL);
		return;
	}
	if (pipe2(out, O_CLOEXEC) < 0) {
		fail("pipe", NULL);
		close(in[0]);
		close(in[1]);
		return;
	}
	run(checker, user, pass, now_plus_s(timeout_s), reply, in, out);
	close(in[0]);
	close(out[0]);
}

static int
set_vars(const struct checker_reply *reply)
{
	struct str id = checker_var(reply, "AUTHUSER");
	char name[16], value[CHECKER_REPLY];

	for (size_t i = 0; reported[i]; i++)
		unsetenv(reported[i]);
	for (size_t i = 0; i < reply->nvars; i++) {
		struct str v = reply->vars[i];
		size_t eq = str_find(v, '=');

		if (str_copy(name, sizeof(name), str_to(v, eq)) < 0 ||
		    str_copy(value, sizeof(value), str_from(v, eq + 1)) < 0 ||
		    setenv(name, value, 1) < 0)
			return fail("setenv", NULL);
	}
	if (!id.p)
		id = checker_var(reply, "USER");
	if (id.p && (str_copy(value, sizeof(value), id) < 0 ||
			setenv("AUTHENTICATED", value, 1) < 0))
		return fail("setenv", NULL);
	return 0;
}

int
checker_become(const struct checker_reply *reply)
{
	char cwd[4096];

	if (geteuid() == 0) {
		if (setgroups(reply->ngroups, reply->groups) < 0 ||
		    setgid(reply->gid) < 0 || setuid(reply->uid) < 0)
			return fail("change to the user", NULL);
		if (reply->uid != 0 && setuid(0) == 0)
			return fail_text(EPERM, "the privileges did not go");
	} else if (reply->uid != geteuid()) {
		return fail_text(
		    EPERM, "only root can start a session of another uid");
	}
	if (str_copy(cwd, sizeof(cwd), reply->cwd) < 0 || chdir(cwd) < 0)
		return fail("change to the home directory", NULL);
	return set_vars(reply);
}
