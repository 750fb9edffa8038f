/* SPDX-License-Identifier: ISC */
/* The folder of settings. */
#include "conf/env.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "io/dir.h"
#include "io/file.h"

#define VALUE_MAX 4096
#define NAMES_MAX 1000

static int
load(int dir, const char *name)
{
	struct buf b;
	struct str line;
	int r;

	buf_init(&b, VALUE_MAX);
	r = file_read(dir, name, &b);
	line = str_to(buf_slice(&b), str_find(buf_slice(&b), '\n'));
	line = str_trim(str_to(line, str_find(line, '\0')));
	if (r < 0) {
		fail("read env/", name);
	} else if (line.n > 0) {
		char value[VALUE_MAX + 1];

		r = str_copy(value, sizeof(value), line);
		if (r == 0 && setenv(name, value, 0) < 0)
			oom();
	}
	buf_free(&b);
	return r;
}

int
env_load(const char *root)
{
	char path[PATH_MAX];
	struct arena a;
	char **names;
	size_t n = 0;
	int dir, err = 0;

	if (file_join(path, sizeof(path), root, "env") < 0)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : fail("open ", path);
	arena_init(&a, 1u << 20);
	if (dir_list(dir, ".", 0, NAMES_MAX, &a, &names, &n) < 0)
		err = errno;
	for (size_t i = 0; i < n; i++)
		if (settings_known(names[i]) && load(dir, names[i]) < 0)
			err = errno;
	arena_free(&a);
	close(dir);
	errno = err;
	return err ? -1 : 0;
}
