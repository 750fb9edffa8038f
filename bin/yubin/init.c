/* SPDX-License-Identifier: ISC */
/* yubin init: the tree of the state, with the right modes and owners.  May be
 * run again at any time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "io/drop.h"
#include "io/file.h"
#include "serve/session.h"
#include "users/domain.h"

/* Owners; NULL is root.  The set-group-id bit makes new
 * files below belong to the folder's group. */
static const struct place {
	const char *name;
	mode_t mode;
	const char *user, *group;
} places[] = {
    {"env", 0755, NULL, NULL},
    /* Not for sessions and programs of aliases, which run as yubin-mail; the
     * runner asks which domains are ours, but what is in them is root's. */
    {"domains", 0750, NULL, "yubin-queue"},
    {"tls", 0700, NULL, NULL},
    {"mail", 0711, "yubin-mail", NULL},
    {"penalty", 0700, NULL, NULL},
    {"logins", 0700, NULL, NULL},
    {"log", 0755, "yubin-log", NULL},
    {"queue", 02770, "yubin-queue", NULL},
    {"queue/tmp", 02770, "yubin-queue", NULL},
    {"queue/new", 02770, "yubin-queue", NULL},
    {"queue/slot", 02770, "yubin-queue", NULL},
    {"queue/hold", 02770, "yubin-queue", NULL},
    {"queue/bad", 02770, "yubin-queue", NULL},
};

static int
give(const char *path, const char *user, const char *group)
{
	struct drop owner = {.uid = 0}, other;

	if (geteuid() != 0 || (!user && !group))
		return 0;
	if (user && drop_find(user, &owner) <= 0)
		return 0;
	if (group) {
		if (drop_find(group, &other) <= 0)
			return 0;
		owner.gid = other.gid;
	}
	return chown(path, owner.uid, owner.gid) < 0 ? fail("chown ", path) : 0;
}

int
make_dir(const char *root, const char *name, mode_t mode, const char *user,
    const char *group)
{
	char path[4096];

	if (file_join(path, sizeof(path), root, name) < 0)
		return -1;
	if (mkdir(path, mode & 0777) < 0 && errno != EEXIST)
		return fail("mkdir ", path);
	if (give(path, user, group) < 0)
		return -1;
	/* After chown, which takes the set-group-id bit away. */
	return chmod(path, mode) < 0 ? fail("chmod ", path) : 0;
}

static int
make_tree(const char *root)
{
	mode_t old = umask(022);
	int r = file_mkdirs(root, 0755);

	umask(old);
	for (size_t i = 0; r == 0 && i < sizeof(places) / sizeof(places[0]);
	     i++)
		r = make_dir(root, places[i].name, places[i].mode,
		    places[i].user, places[i].group);
	for (int i = 0; r == 0 && i < 16; i++) {
		char name[16];

		snprintf(name, sizeof(name), "queue/new/%x", (unsigned)i);
		r = make_dir(root, name, 02770, "yubin-queue", NULL);
	}
	return r;
}

/* env/YUBIN_HOSTNAME, unless it is there already. */
static int
write_hostname(const char *root, const char *name)
{
	char path[4096];
	struct buf b;
	struct stat st;
	int dir, r;

	if (file_join(path, sizeof(path), root, "env") < 0)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open ", path);
	buf_init(&b, 1024);
	buf_z(&b, name);
	buf_chr(&b, '\n');
	r = fstatat(dir, "YUBIN_HOSTNAME", &st, 0) == 0
	        ? 0
	        : file_replace(dir, "YUBIN_HOSTNAME", buf_slice(&b), 0644);
	buf_free(&b);
	close(dir);
	return r;
}

int
admin_init(int argc, char **argv)
{
	const char *root = settings_root();
	char name[256];

	if (argc > 2)
		return refuse("usage: yubin init [HOSTNAME]");
	if (argc == 2) {
		if (!domain_valid(str_z(argv[1])))
			return refuse("%s is not a host name", argv[1]);
		snprintf(name, sizeof(name), "%s", argv[1]);
	} else {
		serve_hostname(name);
	}
	if (make_tree(root) < 0 || write_hostname(root, name) < 0)
		return failed("init");
	printf("%s is ready\n", root);
	return 0;
}
