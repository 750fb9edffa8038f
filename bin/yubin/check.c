/* SPDX-License-Identifier: ISC */
/* yubin check: says in plain words what is wrong with the root.  Prints one
 * line a finding; 0 when there is none, 100 else. */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "check.h"
#include "conf/settings.h"
#include "io/dir.h"
#include "io/drop.h"
#include "io/file.h"

#define NAMES_MAX 1000000

void
found(struct check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	c->findings++;
}

/* The folders of yubin init. */
static void
check_folders(struct check *c)
{
	static const char *const names[] = {"env", "domains", "tls", "mail",
	    "penalty", "logins", "queue", "queue/tmp", "queue/new",
	    "queue/slot", "queue/hold", "queue/bad", NULL};
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; names[i]; i++) {
		if (file_join(path, sizeof(path), c->root, names[i]) < 0)
			return;
		if (stat(path, &st) < 0)
			found(c, "%s is missing: run \"yubin init\"", path);
		else if (!S_ISDIR(st.st_mode))
			found(c, "%s is not a folder", path);
		else if (st.st_mode & S_IWOTH)
			found(c, "%s: everybody may write there", path);
	}
	for (unsigned i = 0; i < 16; i++) {
		char name[16];

		snprintf(name, sizeof(name), "queue/new/%x", i);
		if (file_join(path, sizeof(path), c->root, name) == 0 &&
		    stat(path, &st) < 0)
			found(c, "%s is missing: run \"yubin init\"", path);
	}
}

/* What must not be readable by everybody. */
static void
check_private(struct check *c)
{
	static const char *const names[] = {"tls/key.pem", "tls", "penalty",
	    "logins", "queue", "domains", NULL};
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; names[i]; i++)
		if (file_join(path, sizeof(path), c->root, names[i]) == 0 &&
		    stat(path, &st) == 0 && (st.st_mode & S_IROTH))
			found(c, "%s is readable by everybody: chmod o-rwx it",
			    path);
}

/* A value that its programs refuse; env/ is in our environment already. */
static void
check_value(struct check *c, const struct setting *s)
{
	struct str rest = str_z(s->programs);
	struct str word;
	char prog[64];

	if (!getenv(s->name))
		return;
	str_cut(&rest, ' ', &word);
	if (str_copy(prog, sizeof(prog), word) < 0)
		return;
	/* Programs have many variables: name each bad one once. */
	if (settings_check(prog) < 0 && strstr(fail_last(), s->name))
		found(c, "%s", fail_last());
}

static void
check_settings(struct check *c)
{
	char path[PATH_MAX];
	char **names;
	size_t n;

	if (file_join(path, sizeof(path), c->root, "env") < 0 ||
	    dir_list(AT_FDCWD, path, 0, NAMES_MAX, &c->arena, &names, &n) < 0)
		return; /* missing: said already */
	for (size_t i = 0; i < n; i++)
		if (!settings_known(names[i]))
			found(c,
			    "%s/%s: no program reads a variable of that name",
			    path, names[i]);
	for (size_t i = 0; i < settings_n; i++)
		check_value(c, &settings[i]);
}

static void
check_bad_queue(struct check *c)
{
	char path[PATH_MAX];
	char **names;
	size_t n;

	if (file_join(path, sizeof(path), c->root, "queue/bad") < 0 ||
	    dir_list(AT_FDCWD, path, 0, NAMES_MAX, &c->arena, &names, &n) < 0)
		return;
	if (n > 0)
		found(
		    c, "%s holds %zu damaged messages: look at them", path, n);
}

static void
check_disk(struct check *c)
{
	struct statvfs fs;

	if (statvfs(c->root, &fs) < 0)
		return;
	if (fs.f_blocks > 0 && fs.f_bavail < fs.f_blocks / 20)
		found(c, "%s: less than 5 %% of the disk is free", c->root);
	if (fs.f_files > 0 && fs.f_favail < fs.f_files / 20)
		found(c, "%s: less than 5 %% of the disk's inodes are free",
		    c->root);
}

/* The users that programs switch to when they are started as root. */
static void
check_accounts(struct check *c)
{
	static const char *const names[] = {"LOGIN_USER", "SMTP_USER",
	    "MAIL_USER", "TLS_USER", "QUEUE_USER", "REMOTE_USER", NULL};
	struct drop d;

	if (geteuid() != 0)
		return;
	for (size_t i = 0; names[i]; i++) {
		const char *who = settings_text(names[i]);
		int r = drop_find(who, &d);

		if (r == 0)
			found(
			    c, "the system has no user %s (%s)", who, names[i]);
		if (r < 0)
			found(c, "%s is neither a user nor uid:gid: %s",
			    names[i], who);
	}
}

int
admin_check(int argc, char **argv)
{
	struct check c = {.root = settings_root()};
	struct stat st;

	if (argc > 1)
		return refuse("usage: yubin check (without %s)", argv[1]);
	arena_init(&c.arena, 512u << 20);
	if (stat(c.root, &st) < 0) {
		found(&c, "%s is missing: run \"yubin init\"", c.root);
		return EXIT_PERM;
	}
	check_folders(&c);
	check_private(&c);
	check_settings(&c);
	check_accounts(&c);
	check_access(&c);
	check_domains(&c);
	check_masters(&c);
	check_certificate(&c);
	check_bad_queue(&c);
	check_disk(&c);
	arena_free(&c.arena);
	if (c.findings == 0)
		printf("%s: nothing is wrong\n", c.root);
	return c.findings > 0 ? EXIT_PERM : 0;
}
