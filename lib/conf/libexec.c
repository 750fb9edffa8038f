/* SPDX-License-Identifier: ISC */
/* Finding our own programs. */
#define _GNU_SOURCE
#include "conf/libexec.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/str.h"
#include "conf/settings.h"

int
libexec_self(char *to, size_t size)
{
	char path[PATH_MAX];
	const char *started;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n >= 0) {
		path[n] = '\0';
		return str_copy(to, size, str_z(path));
	}
	/* No /proc, as in a bare chroot: the name we were started by. */
	started = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	if (!started || !realpath(started, path))
		return fail("find ourselves", NULL);
	return str_copy(to, size, str_z(path));
}

int
libexec_path(char *to, size_t size, const char *name)
{
	const char *set = settings_text("YUBIN_LIBEXEC");
	char dir[PATH_MAX] = "";
	char *slash;
	int n;

	if (*set) {
		snprintf(dir, sizeof(dir), "%s", set);
	} else {
		slash = libexec_self(dir, sizeof(dir)) < 0 ? NULL
		                                           : strrchr(dir, '/');
		if (slash)
			*slash = '\0';
		else
			snprintf(dir, sizeof(dir), "%s", YUBIN_LIBEXEC);
	}
	n = snprintf(to, size, "%s/yubin-%s", dir, name);
	if (n < 0 || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		return fail("path of ", name);
	}
	return 0;
}
