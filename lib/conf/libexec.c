/* SPDX-License-Identifier: ISC */
/* Finding our own programs. */
#include "conf/libexec.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "conf/settings.h"

int
libexec_path(char *to, size_t size, const char *name)
{
	const char *set = settings_text("YUBIN_LIBEXEC");
	char dir[PATH_MAX] = "";
	char *slash;
	ssize_t n;

	if (*set) {
		snprintf(dir, sizeof(dir), "%s", set);
	} else {
		n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
		dir[n < 0 ? 0 : n] = '\0';
		slash = strrchr(dir, '/');
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
