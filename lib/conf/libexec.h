/* SPDX-License-Identifier: ISC */
/* Where our programs find each other. */
#ifndef CONF_LIBEXEC_H
#define CONF_LIBEXEC_H

#include <stddef.h>

/* Write the path of the program `name` (without "yubin-") into to[size]: in the
 * directory of the setting YUBIN_LIBEXEC, else in that of the running program,
 * else in the directory of the installation.  Does not look whether it exists.
 * Returns 0, or -1 ENAMETOOLONG. */
int libexec_path(char *to, size_t size, const char *name);

/* The path of the running program, by /proc or, without it, by the name it was
 * started by; ask before changing directories.  Returns 0 or -1. */
int libexec_self(char *to, size_t size);

#endif
