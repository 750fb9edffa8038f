/* SPDX-License-Identifier: ISC */
/* Whose password it is, and what that takes. */
#include "checkpw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "io/file.h"
#include "io/lock.h"
#include "serve/sandbox.h"
#include "users/domain.h"
#include "users/line.h"
#include "users/logins.h"
#include "users/secret.h"
#include "users/user_like.h"

#define HASH_WAIT_S 15

/* A file's text in the arena, "" when there is none.  0 or -1. */
static int
read_domain(struct login *l, const char *file, struct str *text)
{
	struct buf b;
	int r;

	buf_init(&b, DOMAIN_FILE_MAX);
	r = domain_read(settings_root(), l->name.domain, file, &b);
	*text = arena_str(&l->arena, buf_slice(&b));
	buf_wipe(&b);
	return r < 0 ? -1 : 0;
}

/* 1 the account's line is in l->user, 0 there is none. */
static int
find_user(struct login *l)
{
	const char *root = settings_root();
	int r = login_name_split(root, l->id, &l->arena, &l->name);

	l->missing = "unknown-domain";
	if (r > 0)
		r = domain_is_local(root, l->name.domain);
	if (r <= 0)
		return r;
	l->missing = "unknown-user";
	if (read_domain(l, "apps", &l->apps) < 0)
		return -1;
	return user_like_find(
	    root, l->name.local, l->name.domain, &l->arena, &l->user, &l->like);
}

/* The master's line of the file MASTER_USERS: "name:{SCHEME}hash". */
static int
find_master(struct login *l)
{
	struct str rest, line;
	struct buf b;
	int r;

	if (!l->name.master.p)
		return 0;
	buf_init(&b, DOMAIN_FILE_MAX);
	r = file_read(AT_FDCWD, settings_text("MASTER_USERS"), &b);
	if (r < 0)
		fail("read ", settings_text("MASTER_USERS"));
	rest = arena_str(&l->arena, buf_slice(&b));
	buf_wipe(&b);
	while (r == 0 && line_next(&rest, &line)) {
		struct str name = line_name(line, STR(""));
		struct str secret = line_secret(line);

		if (!name.p || secret_locked(secret))
			continue;
		if (l->master_like.n == 0)
			l->master_like = secret;
		if (l->master.n == 0 && str_eq(name, l->name.master))
			l->master = secret;
	}
	return r;
}

void
find_account(struct login *l)
{
	int found = find_user(l);

	if (found < 0 || find_master(l) < 0)
		later(l);
	l->found = found > 0;
	if (!l->found)
		l->user = l->like;
	l->logins_fd =
	    logins_open(settings_root(), l->user.name, l->user.domain);
}

struct str
account_address(struct login *l)
{
	struct buf b;
	struct str s;

	buf_init(&b, 1024);
	buf_str(&b, l->user.name);
	buf_chr(&b, '@');
	buf_str(&b, l->user.domain);
	s = arena_str(&l->arena, buf_slice(&b));
	buf_free(&b);
	return s;
}

int
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

void
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
	l->nobody = named == 0;
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

void
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
