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
#include "users/user_like.h"

#define HASH_WAIT_S 15

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
int
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
	return user_like_find(settings_root(), l->local, l->domain, &l->arena,
	    &l->user, &l->like);
}

/* Wait for one of MAX_HASHES places, so that many logins at once cannot eat
 * all memory and processors.  The place is held until we exec or exit. */
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

/* With nothing to start later, all that is left is to compute, to make the
 * Maildir, and to reply. */
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
