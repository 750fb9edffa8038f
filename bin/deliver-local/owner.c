/* SPDX-License-Identifier: ISC */
/* Into a Maildir, under the ids of its owner when we are root.  With several
 * owners each delivery is made by a child that gives up root. */
#define _GNU_SOURCE
#include "local.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "io/drop.h"
#include "maildir/home.h"
#include "serve/sandbox.h"

static struct result
store_in(struct local *l, const struct action *a, const char *path)
{
	struct target t = {.recipient = l->recipient,
	    .number = l->number,
	    .again = l->again,
	    .limit = store_limit(l, a)};
	struct home h;

	if (home_open(&h, path, true) < 0)
		return store_failed(l, errno);
	t.fd = h.fd;
	store(l, &t, 1);
	home_close(&h);
	return t.result;
}

/* Root becomes the Maildir's owner and goes there: path is "." then. */
static int
become_owner(struct local *l, const struct action *a, char path[PATH_MAX])
{
	struct user u = a->user;
	struct drop d = {.ngroups = 1};

	if (geteuid() != 0)
		return 0;
	u.maildir = str_z(path);
	switch (user_ids(l->root, &u, &d.uid, &d.gid)) {
	case -1:
		return -1;
	case 0:
		log_event("privileges", "id", l->id, "err",
		    "the Maildir belongs to root", "dir", path, NULL);
		return 0;
	default:
		break;
	}
	d.groups[0] = d.gid;
	if (user_maildir_make(path, d.uid, d.gid) < 0)
		return -1;
	/* The owner may not be allowed to pass the folders above. */
	if (chdir(path) < 0)
		return fail("chdir ", path);
	path[0] = '.';
	path[1] = '\0';
	return drop_to(&d);
}

/* last: nothing else is to be done by this process. */
static struct result
store_as_owner(struct local *l, const struct action *a, bool last)
{
	char path[PATH_MAX];

	if (str_copy(path, sizeof(path), a->text) < 0 ||
	    become_owner(l, a, path) < 0)
		return store_failed(l, errno);
	if (last)
		sandbox_enter("hand", NULL, 0);
	return store_in(l, a, path);
}

/* Only constant texts come from store(): the child's number tells which. */
struct answer {
	int kind;
	char status[8];
	char text[64];
};

_Noreturn static void
child(struct local *l, const struct action *a, int to)
{
	struct result r = store_as_owner(l, a, true);
	struct answer answer = {.kind = (int)r.kind};

	snprintf(
	    answer.status, sizeof(answer.status), "%.*s", STR_FMT(r.status));
	snprintf(answer.text, sizeof(answer.text), "%.*s", STR_FMT(r.text));
	_exit(write(to, &answer, sizeof(answer)) == (ssize_t)sizeof(answer)
		  ? 0
		  : EXIT_TEMP);
}

static struct result
store_in_child(struct local *l, const struct action *a)
{
	struct answer *answer = arena_alloc(l->arena, sizeof(*answer));
	int p[2];
	pid_t pid;
	ssize_t n;

	if (pipe(p) < 0 || (pid = fork()) < 0)
		return store_failed(l, errno);
	if (pid == 0)
		child(l, a, p[1]);
	close(p[1]);
	do
		n = read(p[0], answer, sizeof(*answer));
	while (n < 0 && errno == EINTR);
	close(p[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof(*answer))
		return result_make(
		    RESULT_DEFERRED, "4.3.0", "the delivery did not end well");
	return result_make(
	    (enum result_kind)answer->kind, answer->status, answer->text);
}

struct result
owner_store(struct local *l, const struct action *a, bool left)
{
	if (left && geteuid() == 0)
		return store_in_child(l, a);
	return store_as_owner(l, a, !left);
}
