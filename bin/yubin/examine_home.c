/* SPDX-License-Identifier: ISC */
/* yubin maildir check: the Maildir as a whole. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "examine.h"
#include "io/dir.h"
#include "maildir/folder.h"
#include "maildir/mailbox.h"

#define NAMES_MAX 200000

/* Whether dir/name/cur or, when dir is NULL, name/cur exists. */
static bool
holds_cur(int fd, const char *dir, const char *name)
{
	char path[3 * 256];

	snprintf(path, sizeof(path), "%s%s%s/cur", dir ? dir : "",
	    dir ? "/" : "", name);
	return store_has(fd, path);
}

static void
check_mode(struct examine *x)
{
	struct stat st;

	if (fstat(x->s->home.fd, &st) < 0 || !(st.st_mode & S_IRWXO))
		return;
	examine_fault(x, NULL, "the Maildir is open to everybody (mode %o)",
	    (unsigned)st.st_mode & 07777);
	if (x->repair)
		examine_mended(x,
		    fchmod(
			x->s->home.fd, st.st_mode & ~(mode_t)S_IRWXO & 07777),
		    "closed it");
}

/* What is neither a folder nor one of our files. */
static void
check_other(struct examine *x, const char *name)
{
	struct stat st;
	bool dir =
	    fstatat(x->s->home.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);

	if (!dir)
		return;
	if (strncmp(name, "..new.", 6) == 0)
		examine_note(x, name,
		    "is made into a folder right now, or a crash left it");
	else if (strncmp(name, "..deleted.", 10) == 0)
		examine_note(x, name,
		    "is a deleted folder; it goes with the next DELETE");
	else if (strcmp(name, "..aside") == 0)
		examine_note(x, name, "is what repair put there");
	else if (name[0] == '.' && holds_cur(x->s->home.fd, NULL, name))
		examine_fault(x, name,
		    "has a name that no folder can have: no client sees it");
	else if (name[0] == '.')
		examine_note(x, name, "is no folder: it has no cur/");
	else if (holds_cur(x->s->home.fd, NULL, name))
		examine_fault(x, name,
		    "no client sees this folder: its name must begin with a "
		    "dot");
}

/* Folders do not lie inside others. */
static void
check_nested(struct examine *x, const char *dir)
{
	struct arena a;
	char **names;
	size_t n;

	arena_init(&a, (size_t)64 << 20);
	if (dir_list(x->s->home.fd, dir, 1, NAMES_MAX, &a, &names, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (holds_cur(x->s->home.fd, dir, names[i]))
			examine_fault(x, dir,
			    "has the folder \"%.200s\" inside, which no client "
			    "sees: move it to \"%.200s.%.200s\"",
			    names[i], dir, names[i] + (names[i][0] == '.'));
	arena_free(&a);
}

static bool
has_folder(const struct store *s, struct str name)
{
	for (size_t i = 0; i < s->nfolders; i++)
		if (str_eq(s->folders[i].name, name))
			return true;
	return false;
}

static void
check_subscriptions(struct examine *x)
{
	struct str *names;
	size_t n;

	if (folder_subscribed(&x->s->home, &x->s->a, &names, &n) < 0) {
		examine_fault(x, "subscriptions", "%s", fail_last());
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (!has_folder(x->s, names[i]))
			examine_note(x, "subscriptions",
			    "%.*s, which is no folder", STR_FMT(names[i]));
}

void
examine_home(struct examine *x)
{
	const struct store *s = x->s;

	check_mode(x);
	for (size_t i = 0; i < s->nothers; i++)
		check_other(x, s->others[i]);
	for (size_t i = 1; i < s->nfolders; i++)
		check_nested(x, s->folders[i].dir);
	check_subscriptions(x);
	if (store_has(s->home.fd, "yubin-rename")) {
		examine_fault(x, "yubin-rename", "a RENAME was cut off");
		if (x->repair)
			examine_mended(x,
			    folder_mend(&s->home) > 0 ? 0 : (errno = EBUSY, -1),
			    "finished it");
	}
}
