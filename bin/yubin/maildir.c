/* SPDX-License-Identifier: ISC */
/* A new Maildir++ with the usual folders. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "io/file.h"

static const char *const folders[] = {
    "Drafts", "Sent", "Junk", "Trash", "Archive"};
#define NFOLDERS (sizeof(folders) / sizeof(folders[0]))

/* 0 made or there already. */
static int
make_one(int at, const char *name, uid_t uid, gid_t gid)
{
	if (mkdirat(at, name, 0700) < 0)
		return errno == EEXIST ? 0 : fail("mkdir ", name);
	if (geteuid() == 0 && fchownat(at, name, uid, gid, 0) < 0)
		return fail("chown ", name);
	return 0;
}

static int
make_three(int at, uid_t uid, gid_t gid)
{
	if (make_one(at, "tmp", uid, gid) < 0 ||
	    make_one(at, "new", uid, gid) < 0 ||
	    make_one(at, "cur", uid, gid) < 0)
		return -1;
	return 0;
}

static int
put_file(int at, const char *name, struct str text, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstatat(at, name, &st, 0) == 0)
		return 0;
	if (file_replace(at, name, text, 0600) < 0)
		return -1;
	if (geteuid() == 0 && fchownat(at, name, uid, gid, 0) < 0)
		return fail("chown ", name);
	return 0;
}

static int
make_folder(int at, const char *name, uid_t uid, gid_t gid)
{
	char dir[64];
	int fd, r;

	snprintf(dir, sizeof(dir), ".%s", name);
	if (make_one(at, dir, uid, gid) < 0)
		return -1;
	fd = openat(at, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail("open ", dir);
	r = make_three(fd, uid, gid);
	if (r == 0)
		r = put_file(fd, "maildirfolder", STR(""), uid, gid);
	close(fd);
	return r;
}

static int
make_all(int fd, uid_t uid, gid_t gid)
{
	struct buf subscribed;
	int r = make_three(fd, uid, gid);

	buf_init(&subscribed, 4096);
	for (size_t i = 0; r == 0 && i < NFOLDERS; i++) {
		r = make_folder(fd, folders[i], uid, gid);
		buf_z(&subscribed, folders[i]);
		buf_chr(&subscribed, '\n');
	}
	if (r == 0)
		r = put_file(
		    fd, "subscriptions", buf_slice(&subscribed), uid, gid);
	if (r == 0)
		r = file_sync_dir(fd);
	buf_free(&subscribed);
	return r;
}

/* Parents are made searchable: the session of another uid passes them. */
static int
make_parents(const char *path)
{
	char parent[4096];
	size_t slash = str_rfind(str_z(path), '/');
	mode_t old;
	int r;

	if (str_copy(parent, sizeof(parent), str_to(str_z(path), slash)) < 0)
		return fail("path too long: ", path);
	old = umask(066);
	r = slash == 0 ? 0 : file_mkdirs(parent, 0711);
	umask(old);
	return r;
}

int
make_maildir(const char *path, uid_t uid, gid_t gid)
{
	int fd, r;

	if (make_parents(path) < 0 || make_one(AT_FDCWD, path, uid, gid) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("open ", path);
	r = make_all(fd, uid, gid);
	close(fd);
	return r;
}
