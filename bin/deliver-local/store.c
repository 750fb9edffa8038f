/* SPDX-License-Identifier: ISC */
/* Into a Maildir, under the ids of its owner when we are root.  With several
 * owners each delivery is made by a child that gives up root. */
#define _GNU_SOURCE
#include "local.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "io/drop.h"
#include "io/file.h"
#include "maildir/deliver.h"
#include "maildir/home.h"

static struct result
failed(const struct local *l)
{
	int err = errno;

	log_event("trouble", "id", l->id, "err", fail_last(), NULL);
	if (err == EDQUOT)
		return result_make(
		    RESULT_DEFERRED, "4.2.2", "the mailbox's quota is used up");
	if (err == ENOSPC)
		return result_make(
		    RESULT_DEFERRED, "4.3.1", "no space left on this server");
	return result_make(
	    RESULT_DEFERRED, "4.3.0", "the mailbox cannot be written now");
}

/* 1 stored, 0 it was there already, -1 failed. */
static int
store_open(struct local *l, struct deliver *d)
{
	struct message_part m = {.return_path = true};
	int r = l->again ? deliver_seen(d, l->name) : 0;
	struct str part;

	if (r != 0)
		return r < 0 ? -1 : 0;
	while ((r = message_next(l, &m, &part)) == 1)
		deliver_data(d, part.p, part.n);
	return r < 0 ? -1 : deliver_commit(d);
}

static struct result
store(struct local *l, const char *path)
{
	struct home h;
	struct deliver d;
	int r;

	if (home_open(&h, path, true) < 0)
		return failed(l);
	r = deliver_open(&d, &h, STR("INBOX"), l->name);
	if (r == 1) {
		int err;

		r = store_open(l, &d);
		err = errno;
		deliver_close(&d);
		errno = err;
	} else {
		r = -1;
	}
	if (r < 0) {
		struct result res = failed(l);

		home_close(&h);
		return res;
	}
	home_close(&h);
	return result_make(
	    RESULT_DONE, "2.0.0", r ? "stored" : "was stored before");
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

static struct result
store_as_owner(struct local *l, const struct action *a)
{
	char path[PATH_MAX];

	if (str_copy(path, sizeof(path), a->text) < 0 ||
	    become_owner(l, a, path) < 0)
		return failed(l);
	return store(l, path);
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
	struct result r = store_as_owner(l, a);
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
		return failed(l);
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
store_maildir(struct local *l, const struct action *a, bool fork_first)
{
	if (fork_first && geteuid() == 0)
		return store_in_child(l, a);
	return store_as_owner(l, a);
}
