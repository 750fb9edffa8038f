/* SPDX-License-Identifier: ISC */
/* yubin check: whether each user that a program switches to can use its
 * folder. */
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

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
    {"QUEUE_USER", "queue/new/0", W_OK | X_OK, "write to",
	"it must own that folder and be able to pass those above"},
    {"QUEUE_USER", "queue/slot/0000", R_OK | W_OK, "read and write",
	"it must be in the group of that file and be able to pass the folders "
	"above"},
    {"QUEUE_USER", "domains", R_OK | X_OK, "list",
	"it must be in the group of that folder and be able to pass those "
	"above; \"yubin init\" sees to that"},
    {"MAIL_USER", "mail", X_OK, "enter",
	"it must be able to pass that folder and those above"},
    {"REMOTE_USER", "routes", R_OK, "read",
	"it must be able to read that file and pass the folders above"},
};

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
		if (drop_may(&d, path, n->how) == 0)
			found(c, "%s (%s) cannot %s %s: %s", who, n->setting,
			    n->verb, path, n->advice);
	}
}
