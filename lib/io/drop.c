/* SPDX-License-Identifier: ISC */
/* Dropping root: groups first, the user last, then make sure. */
#define _GNU_SOURCE
#include "io/drop.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/num.h"

#define ID_MOST 4294967294u

static int
numbers(struct str uid, struct str gid, struct drop *d)
{
	uint64_t u, g;

	if (num_scan(uid, ID_MOST, &u) < 0 || num_scan(gid, ID_MOST, &g) < 0)
		return fail_text(EINVAL, "bad uid:gid");
	d->uid = (uid_t)u;
	d->gid = d->groups[0] = (gid_t)g;
	d->ngroups = 1;
	return 1;
}

/* Members are found by name in the group file. */
static void
add_groups(struct drop *d, const char *name)
{
	struct group *g;

	setgrent();
	while (d->ngroups < DROP_GROUPS && (g = getgrent())) {
		if (g->gr_gid == d->gid)
			continue;
		for (char **m = g->gr_mem; *m; m++)
			if (strcmp(*m, name) == 0) {
				d->groups[d->ngroups++] = g->gr_gid;
				break;
			}
	}
	endgrent();
}

int
drop_find(const char *text, struct drop *d)
{
	struct str t = str_z(text);
	size_t colon = str_find(t, ':');
	char name[64];
	struct passwd *pw;
	struct group *gr;

	memset(d, 0, sizeof(*d));
	if (t.n && ascii_isdigit(*t.p))
		return numbers(str_to(t, colon), str_from(t, colon + 1), d);
	if (t.n == 0 || str_copy(name, sizeof(name), str_to(t, colon)) < 0)
		return fail_text(EINVAL, "bad user name");
	pw = getpwnam(name);
	if (!pw)
		return 0;
	d->uid = pw->pw_uid;
	d->gid = d->groups[0] = pw->pw_gid;
	d->ngroups = 1;
	if (colon == t.n) {
		add_groups(d, name);
		return 1;
	}
	gr = getgrnam(t.p + colon + 1);
	if (!gr)
		return 0;
	d->gid = d->groups[0] = gr->gr_gid;
	return 1;
}

int
drop_find_apart(const char *text, struct drop *d)
{
	struct {
		int r;
		struct drop d;
	} told = {.r = -1};
	int fds[2];
	ssize_t n = -1;
	pid_t pid;

	if (pipe(fds) < 0)
		return fail("pipe", NULL);
	pid = fork();
	if (pid == 0) {
		told.r = drop_find(text, &told.d);
		n = write(fds[1], &told, sizeof(told));
		_exit(n != sizeof(told));
	}
	close(fds[1]);
	if (pid > 0)
		n = read(fds[0], &told, sizeof(told));
	close(fds[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	/* What is wrong is said here; no library is needed for that. */
	if (n != sizeof(told) || told.r < 0)
		return drop_find(text, d);
	*d = told.d;
	return told.r;
}

int
drop_owner(const char *path, struct drop *d)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	*d = (struct drop){st.st_uid, st.st_gid, {st.st_gid}, 1};
	return 1;
}

int
drop_may(const struct drop *d, const char *path, int how)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return fail("fork", NULL);
	if (pid == 0)
		_exit(drop_to(d) < 0 ? 2 : access(path, how) == 0 ? 0 : 1);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait", NULL);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return -1;
	return WEXITSTATUS(status) == 0;
}

int
drop_to(const struct drop *d)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups((size_t)d->ngroups, d->groups) < 0)
		return fail("setgroups", NULL);
	if (setresgid(d->gid, d->gid, d->gid) < 0)
		return fail("setgid", NULL);
	if (setresuid(d->uid, d->uid, d->uid) < 0)
		return fail("setuid", NULL);
	if (d->uid != 0 && (setuid(0) == 0 || geteuid() == 0))
		return fail_text(EPERM, "root came back");
	return 0;
}
