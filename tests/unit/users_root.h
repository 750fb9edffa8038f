/* SPDX-License-Identifier: ISC */
/* A state root in a temporary folder, for tests of lib/users. */
#ifndef USERS_ROOT_H
#define USERS_ROOT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

static char root[64];

static inline void
root_make(void)
{
	char path[256];

	snprintf(root, sizeof(root), "/tmp/yubin-test-XXXXXX");
	if (!mkdtemp(root))
		exit(1);
	snprintf(path, sizeof(path), "%s/domains/example.test", root);
	if (file_mkdirs(path, 0700) < 0)
		exit(1);
}

/* Replace a file of the domain example.test; NULL removes it. */
static inline void
root_file(const char *name, const char *text)
{
	char path[256];
	int dir;

	snprintf(path, sizeof(path), "%s/domains/example.test", root);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		exit(1);
	if (!text)
		unlinkat(dir, name, 0);
	else if (file_replace(dir, name, str_z(text), 0600) < 0)
		exit(1);
	close(dir);
}

/* The text of a file of the domain. */
static inline const char *
root_text(const char *name, struct buf *b)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/domains/example.test/%s", root, name);
	buf_reset(b);
	return file_read(AT_FDCWD, path, b) == 0 ? buf_cstr(b) : "(none)";
}

static inline void
root_remove(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	if (system(command) != 0)
		exit(1);
}

#endif
