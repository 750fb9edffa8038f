/* SPDX-License-Identifier: ISC */
/* Listing a directory. */
#include "io/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
wanted(const char *name, int dots)
{
	if (name[0] != '.')
		return true;
	return dots && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int
read_names(
    DIR *d, int dots, size_t max, struct arena *a, char ***names, size_t *n)
{
	size_t room = 64;
	struct dirent *e;

	*n = 0;
	*names = arena_array(a, room, sizeof(**names));
	while ((errno = 0, e = readdir(d))) {
		if (!wanted(e->d_name, dots))
			continue;
		if (*n == max) {
			errno = EFBIG;
			return -1;
		}
		if (*n == room) {
			char **more = arena_array(a, room * 2, sizeof(*more));

			memcpy(more, *names, room * sizeof(*more));
			*names = more;
			room *= 2;
		}
		(*names)[(*n)++] = arena_z(a, str_z(e->d_name));
	}
	return errno ? -1 : 0;
}

int
dir_list(int dirfd, const char *path, int dots, size_t max, struct arena *a,
    char ***names, size_t *n)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int err = 0;

	if (!d) {
		fail("open ", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (read_names(d, dots, max, a, names, n) < 0)
		err = errno;
	closedir(d);
	errno = err;
	if (err)
		return fail("list ", path);
	qsort(*names, *n, sizeof(**names), by_name);
	return 0;
}
