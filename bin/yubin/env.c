/* SPDX-License-Identifier: ISC */
/* env/ below the root, which the services load with s6-envdir: an
 * administrator at a shell prompt means the same settings. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin.h"
#include "conf/settings.h"
#include "io/dir.h"
#include "io/file.h"

#define VALUE_MAX 4096

/* The first line of the file becomes the variable. */
static void
load(int dirfd, const char *name)
{
	struct buf b;
	struct str line;

	buf_init(&b, VALUE_MAX);
	if (file_read(dirfd, name, &b) == 0) {
		line = str_trim(
		    str_to(buf_slice(&b), str_find(buf_slice(&b), '\n')));
		line = str_to(line, str_find(line, '\0'));
		b.n = line.n;
		if (line.n > 0 && line.p == b.p)
			setenv(name, buf_cstr(&b), 0);
	}
	buf_free(&b);
}

void
load_env(void)
{
	char path[4096];
	struct arena a;
	char **names;
	size_t n = 0;
	int dir;

	if (file_join(path, sizeof(path), settings_root(), "env") < 0)
		return;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return; /* before yubin init */
	arena_init(&a, 1u << 20);
	if (dir_list(dir, ".", 0, 1000, &a, &names, &n) == 0)
		for (size_t i = 0; i < n; i++)
			if (settings_known(names[i]))
				load(dir, names[i]);
	arena_free(&a);
	close(dir);
}
