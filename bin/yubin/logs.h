/* SPDX-License-Identifier: ISC */
/* Going through log files line by line, any number of times: s6-log's folders
 * (rotated files, oldest first, then the current one), plain files, and the
 * standard input. */
#ifndef LOGS_H
#define LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/logline.h"
#include "io/in.h"

#define LOGS_LINE 8192 /* octets of a line; longer ones are skipped */

struct logs_file {
	const char *path;
	int fd; /* opened already; else -1 */
};

struct logs {
	/* Of the line that logs_next() found, until the next call. */
	struct logline line;
	struct str text;  /* all of it */
	const char *path; /* its file */

	/* When not empty, lines without this text are passed over. */
	struct str want;
	bool failed; /* something could not be read; it was complained of */
	bool quiet;

	char **sources; /* files and folders, ended by NULL */
	struct arena names, values;
	struct logs_file *files;
	size_t n, cap, at;
	int64_t last_us, now_s;
	int spool; /* what was read from the standard input; -1 */
	struct in in;
	char storage[4 * LOGS_LINE];
};

/* Begin with the files and folders named (ended by NULL; "-" is the standard
 * input), or with all that is in ROOT/log when there are none.  Returns 0, or
 * an exit code after complaining.  quiet: never complain. */
int logs_open(struct logs *l, const char *root, char **sources, bool quiet);

/* Start again at the beginning: what was logged meanwhile is seen too. */
void logs_rewind(struct logs *l);

/* Returns 1 with the next line of ours, 0 at the end. */
int logs_next(struct logs *l);

void logs_close(struct logs *l);

#endif
