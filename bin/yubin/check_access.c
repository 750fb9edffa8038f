/* SPDX-License-Identifier: ISC */
/* yubin check: whether each user that a program switches to can use its
 * folder.  The kernel is asked by a child that is this user: groups, modes of
 * all folders above and anything else count. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "check.h"
#include "conf/settings.h"
#include "io/drop.h"
#include "io/file.h"

static const struct need {
	const char *setting, *place;
	int how;
	const char *verb, *advice;
} needs[] = {
    {"SMTP_USER", "queue/tmp", W_OK | X_OK, "write to",
	"it must be in the group of that folder and be able to pass those "
	"above"},
    {"SMTP_USER", "queue/new/0", W_OK | X_OK, "write to",
	"it must be in the group of that folder and be able to pass those "
	"above"},
    {"SMTP_USER", "queue/slot/0000", R_OK | W_OK, "read and write",
	"it must be in the group of that file and be able to pass the folders "
	"above"},
    {"MAIL_USER", "mail", X_OK, "enter",
	"it must be able to pass that folder and those above"},
    {"REMOTE_USER", "routes", R_OK, "read",
	"it must be able to read that file and pass the folders above"},
};

/* 1 it may, 0 it may not, -1 cannot be found out. */
static int
may(const struct drop *d, const char *path, int how)
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

void
check_access(struct check *c)
{
	char path[PATH_MAX];
	struct stat st;
	struct drop d;

	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		const struct need *n = &needs[i];
		const char *who = settings_text(n->setting);

		/* Missing ones are another finding. */
		if (drop_find(who, &d) <= 0 ||
		    file_join(path, sizeof(path), c->root, n->place) < 0 ||
		    stat(path, &st) < 0)
			continue;
		if (may(&d, path, n->how) == 0)
			found(c, "%s (%s) cannot %s %s: %s", who, n->setting,
			    n->verb, path, n->advice);
	}
}
