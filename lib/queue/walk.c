/* SPDX-License-Identifier: ISC */
/* The directories of the queue.  They are made by `yubin init`; whoever finds
 * them missing makes them too, so that any program works in an empty root. */
#include "queue/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "io/dir.h"
#include "io/file.h"

#define DIR_MODE 02770

static int
open_dir(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The umask of a program is 077: the mode is set by its own call. */
static int
make_dir(int at, const char *name)
{
	if (mkdirat(at, name, 0700) < 0)
		return errno == EEXIST ? 0 : fail("mkdir queue/", name);
	if (fchmodat(at, name, DIR_MODE, 0) < 0)
		return fail("chmod queue/", name);
	return 0;
}

static int
make_below(int queue)
{
	static const char *const dirs[] = {"tmp", "new", "slot", "hold", "bad"};
	char name[8];
	int new, r;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (make_dir(queue, dirs[i]) < 0)
			return -1;
	for (int i = 0; i < WALK_DIRS; i++) {
		snprintf(name, sizeof(name), "new/%x", (unsigned)i);
		if (make_dir(queue, name) < 0)
			return -1;
	}
	new = open_dir(queue, "new");
	if (new < 0)
		return fail("open ", "queue/new");
	r = fsync(new);
	close(new);
	return r < 0 ? fail("fsync ", "queue/new") : file_sync_dir(queue);
}

static int
make_queue(const char *root)
{
	char path[PATH_MAX];
	int at;

	if (file_join(path, sizeof(path), root, "queue") < 0 ||
	    file_mkdirs(root, 0755) < 0 || make_dir(AT_FDCWD, path) < 0)
		return -1;
	at = open_dir(AT_FDCWD, root);
	if (at < 0)
		return fail("open ", root);
	if (fsync(at) < 0) {
		close(at);
		return fail("fsync ", root);
	}
	close(at);
	return 0;
}

/* The last directories made tell that all are there. */
static bool
is_whole(int fd)
{
	struct stat st;

	return (fstatat(fd, "new/f", &st, 0) == 0 &&
		   fstatat(fd, "slot", &st, 0) == 0) ||
	       errno != ENOENT;
}

int
walk_open(const char *root, bool make)
{
	char path[PATH_MAX];
	int fd;

	if (file_join(path, sizeof(path), root, "queue") < 0)
		return -1;
	fd = open_dir(AT_FDCWD, path);
	if (fd < 0 && errno == ENOENT && make && make_queue(root) == 0)
		fd = open_dir(AT_FDCWD, path);
	if (fd < 0 && (make || errno != ENOENT))
		return fail("open ", path);
	if (fd >= 0 && (is_whole(fd) || (make && make_below(fd) == 0)))
		return fd;
	if (fd >= 0)
		close(fd);
	if (make || file_join(path, sizeof(path), root, "queue/new/f") < 0)
		return -1;
	errno = ENOENT;
	return fail("no queue (run \"yubin init\"): ", path);
}

void
walk_path(char to[WALK_PATH], struct str id)
{
	char c = id.p[ID_LEN - 1];
	int v = ascii_isdigit(c) ? c - '0' : c - 'a' + 10;

	snprintf(to, WALK_PATH, "new/%x/%.*s", (unsigned)v & 15, ID_LEN, id.p);
}

int
walk_list(int queue, int dir, struct arena *a, char ***ids, size_t *n)
{
	char name[8];
	size_t kept = 0;

	snprintf(name, sizeof(name), "new/%x", (unsigned)dir & 15);
	if (dir_list(queue, name, 0, WALK_FILES, a, ids, n) < 0)
		return -1;
	for (size_t i = 0; i < *n; i++)
		if (id_valid(str_z((*ids)[i])))
			(*ids)[kept++] = (*ids)[i];
	*n = kept;
	return 0;
}
