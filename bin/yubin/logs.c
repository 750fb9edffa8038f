/* SPDX-License-Identifier: ISC */
/* The logger rotates while we read: a folder's current file is opened before
 * its names are listed, so what becomes a rotated file meanwhile is read once,
 * and nothing is missed. */
#include "logs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "base/now.h"
#include "io/dir.h"
#include "io/file.h"

#define NAMES_MAX 100000

static void
trouble(struct logs *l, const char *path)
{
	if (!l->quiet)
		fprintf(stderr, "yubin: %s: %s\n", path, strerror(errno));
	l->failed = true;
}

/* ---------------------------------------------------- the files of a pass */

static void
add(struct logs *l, const char *path, int fd)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		l->files = realloc(l->files, l->cap * sizeof(*l->files));
		if (!l->files)
			oom();
	}
	l->files[l->n++] = (struct logs_file){
	    .path = arena_z(&l->names, str_z(path)), .fd = fd};
}

/* Whether it is a file with lines, and not the one that current_fd is. */
static bool
has_lines(const char *path, const char *name, int current_fd)
{
	static const char *const others[] = {
	    "current", "lock", "state", "newstate", "previous", NULL};
	struct stat st, current;

	for (size_t i = 0; others[i]; i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	return current_fd < 0 || fstat(current_fd, &current) < 0 ||
	       st.st_dev != current.st_dev || st.st_ino != current.st_ino;
}

static void
add_folder(struct logs *l, const char *dir)
{
	char path[PATH_MAX], current[PATH_MAX];
	char **names;
	size_t n;
	int fd;

	if (file_join(current, sizeof(current), dir, "current") < 0) {
		trouble(l, dir);
		return;
	}
	fd = open(current, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		trouble(l, current);
	if (dir_list(AT_FDCWD, dir, 0, NAMES_MAX, &l->names, &names, &n) < 0) {
		trouble(l, dir);
		n = 0;
	}
	for (size_t i = 0; i < n; i++)
		if (file_join(path, sizeof(path), dir, names[i]) == 0 &&
		    has_lines(path, names[i], fd))
			add(l, path, -1);
	if (fd >= 0)
		add(l, current, fd);
}

static void
add_source(struct logs *l, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		add(l, path, dup(l->spool));
	else if (stat(path, &st) < 0)
		trouble(l, path);
	else if (S_ISDIR(st.st_mode))
		add_folder(l, path);
	else
		add(l, path, -1);
}

/* ---------------------------------------------------------- the sources */

static int
no_logs(const struct logs *l, const char *path, const char *why)
{
	if (l->quiet)
		return EXIT_PERM;
	return refuse("%s: %s; name the log files, or pipe them: "
		      "journalctl … | yubin trace … -",
	    path, why);
}

/* All that is in ROOT/log. */
static int
find_sources(struct logs *l, const char *root)
{
	char path[PATH_MAX], sub[PATH_MAX];
	static char *none[1];
	char **names;
	size_t n;

	l->sources = none;
	if (file_join(path, sizeof(path), root, "log") < 0 ||
	    dir_list(AT_FDCWD, path, 0, NAMES_MAX, &l->names, &names, &n) < 0)
		return no_logs(l, path, strerror(errno));
	if (n == 0)
		return no_logs(l, path, "nothing is logged there");
	l->sources = calloc(n + 1, sizeof(*l->sources));
	if (!l->sources)
		oom();
	for (size_t i = 0; i < n; i++) {
		if (file_join(sub, sizeof(sub), path, names[i]) < 0)
			return failed(path);
		l->sources[i] = strdup(sub);
		if (!l->sources[i])
			oom();
	}
	return 0;
}

/* Several passes need a file. */
static int
spool_input(struct logs *l)
{
	char chunk[65536];
	FILE *f = tmpfile();
	ssize_t n;

	if (!f)
		return fail("make ", "a temporary file");
	l->spool = dup(fileno(f));
	fclose(f);
	while ((n = read(0, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || file_write(l->spool, chunk, (size_t)n) < 0)
			return fail("copy ", "the standard input");
	}
	return 0;
}

int
logs_open(struct logs *l, const char *root, char **sources, bool quiet)
{
	int r = 0;

	memset(l, 0, sizeof(*l));
	l->quiet = quiet;
	l->spool = -1;
	l->in.fd = -1;
	arena_init(&l->names, (size_t)256 << 20);
	arena_init(&l->values, 16 * LOGS_LINE);
	l->sources = sources;
	if (!sources || !*sources)
		r = find_sources(l, root);
	for (char **s = l->sources; r == 0 && *s; s++)
		if (strcmp(*s, "-") == 0 && l->spool < 0 && spool_input(l) < 0)
			r = failed("read the log");
	if (r == 0)
		logs_rewind(l);
	return r;
}

/* -------------------------------------------------------------- reading */

static void
close_files(struct logs *l)
{
	for (size_t i = l->at; i < l->n; i++)
		if (l->files[i].fd >= 0)
			close(l->files[i].fd);
	if (l->in.fd >= 0)
		close(l->in.fd);
	l->in.fd = -1;
	l->n = l->at = 0;
}

void
logs_rewind(struct logs *l)
{
	close_files(l);
	arena_reset(&l->names);
	l->now_s = now_wall_s();
	if (l->spool >= 0)
		lseek(l->spool, 0, SEEK_SET);
	for (char **s = l->sources; *s; s++)
		add_source(l, *s);
}

/* Returns false when there is no further file. */
static bool
next_file(struct logs *l)
{
	if (l->in.fd >= 0)
		close(l->in.fd);
	l->in.fd = -1;
	while (l->at < l->n) {
		struct logs_file *f = &l->files[l->at++];

		if (f->fd < 0)
			f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
		if (f->fd < 0) {
			/* The logger removes its oldest files. */
			if (errno != ENOENT)
				trouble(l, f->path);
			continue;
		}
		l->path = f->path;
		l->last_us = LOGLINE_TIME;
		in_init(&l->in, f->fd, NULL, l->storage, sizeof(l->storage));
		l->in.lax = true;
		return true;
	}
	return false;
}

/* 1 a line, 0 the end of the file. */
static int
next_line(struct logs *l)
{
	int r;

	do
		r = in_line(&l->in, &l->text, LOGS_LINE);
	while (r < 0 && !l->in.err); /* too long, or not text */
	if (r < 0)
		trouble(l, l->path);
	if (r == 0) {
		/* The last line may lack its newline. */
		l->text = in_unread(&l->in);
		in_eat(&l->in, l->text.n);
		r = l->text.n > 0;
	}
	return r > 0;
}

static bool
take(struct logs *l)
{
	if (l->want.n > 0 && str_search(l->text, l->want) == l->text.n)
		return false;
	arena_reset(&l->values);
	if (!logline_scan(l->text, l->now_s, &l->values, &l->line))
		return false;
	if (l->line.time_us == LOGLINE_TIME)
		l->line.time_us = l->last_us;
	l->last_us = l->line.time_us;
	return true;
}

int
logs_next(struct logs *l)
{
	while (l->in.fd >= 0 || next_file(l)) {
		while (next_line(l))
			if (take(l))
				return 1;
		close(l->in.fd);
		l->in.fd = -1;
	}
	return 0;
}

void
logs_close(struct logs *l)
{
	close_files(l);
	if (l->spool >= 0)
		close(l->spool);
	free(l->files);
	arena_free(&l->names);
	arena_free(&l->values);
}
