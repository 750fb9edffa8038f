/* SPDX-License-Identifier: ISC */
/* The session that a right password opens: its variables, its ids. */
#define _GNU_SOURCE
#include "checkpw.h"

#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/num.h"
#include "io/file.h"
#include "talk.h"
#include "users/allowance.h"

#define NVARS 6

/* "NAME=value"; b is for building it. */
static struct str
variable(struct login *l, struct buf *b, const char *name, struct str value)
{
	buf_reset(b);
	buf_z(b, name);
	buf_chr(b, '=');
	buf_str(b, value);
	return arena_str(&l->arena, buf_slice(b));
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
quota(struct login *l, struct buf *b)
{
	struct allowance a;

	if (allowance_of(&l->user, &a) < 0)
		log_event(
		    "quota", "user", log_str(l->id), "err", fail_last(), NULL);
	buf_reset(b);
	allowance_print(b, &a);
	return arena_str(&l->arena, buf_slice(b));
}

/* What a session of this user has in its environment. */
static void
variables(struct login *l, struct str vars[NVARS])
{
	const struct user *u = &l->user;
	struct str id = account_address(l);
	struct buf b;

	buf_init(&b, 8192);
	vars[0] = variable(l, &b, "USER", id);
	vars[1] = variable(l, &b, "HOME", u->home.n ? u->home : u->maildir);
	vars[2] =
	    variable(l, &b, "SHELL", u->shell.n ? u->shell : STR("/bin/sh"));
	vars[3] = variable(l, &b, "MAILDIR", u->maildir);
	vars[4] = variable(l, &b, "AUTHUSER", id);
	vars[5] = variable(l, &b, "MAILDIRQUOTA", quota(l, &b));
	buf_free(&b);
}

void
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
	if (l->talks && !b.over) {
		talk_say(l, 'R', buf_slice(&b));
		leave(l, 0);
	}
	if (b.over || file_write((int)fd, b.p, b.n) < 0) {
		fail("write the reply", NULL);
		later(l);
	}
	leave(l, 0);
}

void
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
