/* SPDX-License-Identifier: ISC */
/* checkpw PROGRAM ARGS…: the checkpassword interface over the users files
 * (https://cr.yp.to/checkpwd/interface.html).  Login and password come on
 * descriptor 3; when they are right we become the user and run PROGRAM, or
 * with CHECKPW_REPLY=FD write down there what we would have become. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "base/num.h"
#include "conf/settings.h"
#include "io/file.h"
#include "io/lock.h"
#include "io/ucspi.h"
#include "serve/checker.h"
#include "serve/sandbox.h"
#include "serve/session.h"
#include "users/allowance.h"
#include "users/domain.h"
#include "users/secret.h"
#include "users/user.h"

#define INPUT_FD 3
#define MISUSED 2
#define DENIED 1
#define HASH_WAIT_S 15
#define NVARS 6

struct login {
	char input[CHECKER_INPUT];
	struct str id, pass;
	struct str local, domain;
	struct arena arena;
	struct user user;
	uid_t uid;
	gid_t gid;
	gid_t groups[CHECKER_GROUPS];
	int ngroups;
};

_Noreturn static void
leave(struct login *l, int code)
{
	secret_wipe(l->input, sizeof(l->input));
	_exit(code);
}

_Noreturn static void
deny(struct login *l, const char *reason)
{
	log_event(
	    "login-failed", "user", log_str(l->id), "reason", reason, NULL);
	leave(l, DENIED);
}

_Noreturn static void
later(struct login *l)
{
	log_event(
	    "login-error", "user", log_str(l->id), "err", fail_last(), NULL);
	leave(l, EXIT_TEMP);
}

_Noreturn static void
misused(const char *what)
{
	log_event("misused", "err", what, NULL);
	_exit(MISUSED);
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

/* The domain of a login name without one. */
static int
default_domain(struct login *l)
{
	struct str *names;
	size_t n;

	l->domain = str_z(settings_text("YUBIN_DOMAIN"));
	if (l->domain.n > 0)
		return 1;
	if (domain_list(settings_root(), &l->arena, &names, &n) < 0)
		return -1;
	if (n != 1)
		return 0;
	l->domain = names[0];
	return 1;
}

/* 1 the account's line is in l->user, 0 there is none (*reason says why). */
static int
find_user(struct login *l, const char **reason)
{
	size_t at = str_rfind(l->id, '@');
	int r;

	*reason = "unknown-domain";
	l->local = str_to(l->id, at);
	l->domain = str_from(l->id, at + 1);
	r = at < l->id.n ? 1 : default_domain(l);
	if (r > 0)
		r = domain_is_local(settings_root(), l->domain);
	if (r <= 0)
		return r;
	*reason = "unknown-user";
	return user_find(
	    settings_root(), l->local, l->domain, &l->arena, &l->user);
}

/* Wait for one of MAX_HASHES places, so that many logins at once cannot eat
 * all memory and processors.  The place is held until we exec or exit. */
static int
take_place(void)
{
	char path[4096];
	int fd, r;

	if (file_join(path, sizeof(path), settings_root(), "penalty/hashes"))
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return 0; /* without the folder there is no limit */
	r = lock_place(
	    fd, (int)settings_num("MAX_HASHES"), now_plus_s(HASH_WAIT_S));
	if (r == 0)
		return fail_text(EBUSY, "too many password checks at once");
	return r < 0 ? fail("lock ", path) : 0;
}

static void
find_ids(struct login *l)
{
	int named = user_ids(settings_root(), &l->user, &l->uid, &l->gid);

	if (named < 0)
		later(l);
	if (geteuid() != 0) {
		l->uid = getuid();
		l->gid = getgid();
		l->ngroups = getgroups(CHECKER_GROUPS, l->groups);
		return;
	}
	if (named == 0)
		log_event("privileges", "user", log_str(l->id), "err",
		    "no uid in the users file and no MAIL_USER: the session "
		    "runs as root",
		    NULL);
	l->groups[0] = l->gid;
	l->ngroups = 1;
}

/* The path, or the nearest folder above it that exists: what is missing will be
 * made there.  "" for "/", or none. */
static void
nearest(char to[PATH_MAX], struct str path)
{
	struct stat st;

	if (str_copy(to, PATH_MAX, path) < 0)
		to[0] = '\0';
	while (*to && stat(to, &st) < 0) {
		char *slash = strrchr(to, '/');

		*(slash ? slash : to) = '\0';
	}
}

/* With nothing to start later, all that is left is to compute, to make the
 * Maildir, and to reply. */
static void
confine(struct login *l)
{
	const char *reply_fd = getenv("CHECKPW_REPLY");
	struct landlock_path paths[2] = {{NULL, 0}};
	char above[2][PATH_MAX];

	if (!reply_fd || !*reply_fd) {
		sandbox_enter("checkpw-start", NULL, 0);
		return;
	}
	for (size_t i = 0; i < 2 && l->user.maildir.n > 0; i++) {
		nearest(above[i], i ? l->user.home : l->user.maildir);
		paths[i] = (struct landlock_path){above[i], LANDLOCK_WRITE};
	}
	sandbox_enter("checkpw", paths, 2);
}

static void
check(struct login *l)
{
	const char *reason;
	int found, right;

	if (take_place() < 0)
		later(l);
	found = find_user(l, &reason);
	if (found < 0)
		later(l);
	if (found > 0)
		find_ids(l);
	confine(l);
	if (found == 0) {
		secret_pretend(l->pass);
		deny(l, reason);
	}
	right = secret_check(l->user.secret, l->pass);
	if (right < 0)
		later(l);
	if (right == 0)
		deny(l, "wrong-password");
}

static struct str
variable(struct login *l, const char *name, struct str value)
{
	struct buf b;
	struct str s;

	buf_init(&b, 8192);
	buf_z(&b, name);
	buf_chr(&b, '=');
	buf_str(&b, value);
	s = arena_str(&l->arena, buf_slice(&b));
	buf_free(&b);
	return s;
}

/* Where the session starts: the home directory, or the Maildir when there is
 * none.  That is made when it is missing: the session's user may not be allowed
 * to, and an account may be but a new line in the users file. */
static const char *
directory(struct login *l)
{
	const char *maildir = arena_z(&l->arena, l->user.maildir);
	const char *home = arena_z(&l->arena, l->user.home);
	struct stat st;

	if (user_maildir_make(maildir, l->uid, l->gid) < 0)
		log_event("maildir", "user", log_str(l->id), "err", fail_last(),
		    NULL);
	return *home && stat(home, &st) == 0 && S_ISDIR(st.st_mode) ? home
	                                                            : maildir;
}

/* As Courier's programs have it. */
static struct str
quota(struct login *l)
{
	struct allowance a;
	struct buf b;
	struct str s;

	if (allowance_of(&l->user, &a) < 0)
		log_event(
		    "quota", "user", log_str(l->id), "err", fail_last(), NULL);
	buf_init(&b, 100);
	allowance_print(&b, &a);
	s = arena_str(&l->arena, buf_slice(&b));
	buf_free(&b);
	return s;
}

/* What a session of this user has in its environment. */
static void
variables(struct login *l, struct str vars[NVARS])
{
	const struct user *u = &l->user;
	struct buf b;
	struct str id;

	buf_init(&b, 1024);
	buf_str(&b, u->name);
	buf_chr(&b, '@');
	buf_str(&b, u->domain);
	id = arena_str(&l->arena, buf_slice(&b));
	buf_free(&b);
	vars[0] = variable(l, "USER", id);
	vars[1] = variable(l, "HOME", u->home.n ? u->home : u->maildir);
	vars[2] = variable(l, "SHELL", u->shell.n ? u->shell : STR("/bin/sh"));
	vars[3] = variable(l, "MAILDIR", u->maildir);
	vars[4] = variable(l, "AUTHUSER", id);
	vars[5] = variable(l, "MAILDIRQUOTA", quota(l));
}

_Noreturn static void
reply(struct login *l, const char *text)
{
	struct str vars[NVARS];
	struct buf b;
	uint64_t fd;

	if (num_scan(str_z(text), 1023, &fd) < 0 || fd < 3)
		misused("CHECKPW_REPLY is no descriptor");
	variables(l, vars);
	buf_init(&b, CHECKER_REPLY);
	checker_reply_print(&b, l->uid, l->gid, l->groups, (size_t)l->ngroups,
	    str_z(directory(l)), vars, NVARS);
	if (b.over || file_write((int)fd, b.p, b.n) < 0) {
		fail("write the reply", NULL);
		later(l);
	}
	leave(l, 0);
}

/* Become the user, for good. */
static void
become(struct login *l)
{
	struct str vars[NVARS];
	const char *dir = directory(l);

	if (geteuid() == 0 && (setgroups((size_t)l->ngroups, l->groups) < 0 ||
				  setgid(l->gid) < 0 || setuid(l->uid) < 0)) {
		fail("change to the user", NULL);
		later(l);
	}
	variables(l, vars);
	for (size_t i = 0; i < NVARS; i++) {
		size_t eq = str_find(vars[i], '=');
		const char *name = arena_z(&l->arena, str_to(vars[i], eq));
		const char *value =
		    arena_z(&l->arena, str_from(vars[i], eq + 1));

		if (setenv(name, value, 1) < 0)
			later(l);
	}
	if (chdir(dir) < 0) {
		fail("change to ", dir);
		later(l);
	}
}

int
main(int argc, char **argv)
{
	static struct login l;
	const char *reply_fd = getenv("CHECKPW_REPLY");
	struct ucspi peer;

	serve_program("checkpw", "PROGRAM [ARGUMENTS]", argc, argv);
	if (argc < 2)
		misused("usage: yubin-checkpw PROGRAM [ARGUMENTS]");
	if (ucspi_read(&peer) == 0)
		log_context("ip", peer.remote_ip);
	arena_init(&l.arena, 64u << 20);
	read_input(&l);
	check(&l);
	log_event("login-ok", "user", log_str(l.id), NULL);
	if (reply_fd && *reply_fd)
		reply(&l, reply_fd);
	become(&l);
	secret_wipe(l.input, sizeof(l.input));
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[1], argv + 1);
	fail("run ", argv[1]);
	die(EXIT_TEMP);
}
