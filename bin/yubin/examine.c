/* SPDX-License-Identifier: ISC */
/* yubin maildir: check and repair of one Maildir; see the header. */
#include "examine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "base/now.h"
#include "serve/session.h"
#include "show.h"

#define ASIDE "..aside"

static void
say(struct examine *x, const char *file, const char *fmt, va_list ap)
{
	if (x->f) {
		show_str(stdout, x->f->name);
		printf(": ");
	}
	if (file) {
		show_str(stdout, str_z(file));
		printf(": ");
	}
	vprintf(fmt, ap);
	printf("\n");
}

void
examine_fault(struct examine *x, const char *file, const char *fmt, ...)
{
	va_list ap;

	x->faults++;
	va_start(ap, fmt);
	say(x, file, fmt, ap);
	va_end(ap);
}

void
examine_note(struct examine *x, const char *file, const char *fmt, ...)
{
	va_list ap;

	x->notes++;
	va_start(ap, fmt);
	printf("note: ");
	say(x, file, fmt, ap);
	va_end(ap);
}

void
examine_mended(struct examine *x, int r, const char *how)
{
	if (r == 0) {
		x->mended++;
		printf("  mended: %s\n", how);
	} else {
		printf("  not mended: %s\n", strerror(errno));
	}
}

int
examine_aside(struct examine *x, int fd, const char *name)
{
	char to[NAME_MAX + 1];
	int at, r = -1;

	if (mkdirat(x->s->home.fd, ASIDE, 0700) < 0 && errno != EEXIST)
		return -1;
	at = store_dir(x->s->home.fd, ASIDE);
	if (at < 0)
		return -1;
	for (int i = 0; i < 1000; i++) {
		snprintf(to, sizeof(to), "%.240s.%d", name, i);
		if (store_has(at, to))
			continue;
		r = renameat(fd, name, at, to);
		break;
	}
	close(at);
	return r;
}

static void
examine_folder(struct examine *x, const struct store_folder *f)
{
	x->f = f;
	x->fd = store_dir(x->s->home.fd, f->dir);
	if (x->fd < 0 && errno == ENOENT)
		return; /* removed or renamed meanwhile */
	if (x->fd < 0) {
		examine_fault(x, NULL, "cannot be opened: %s", strerror(errno));
		return;
	}
	examine_files(x);
	examine_lists(x);
	close(x->fd);
}

/* Returns the exit code. */
static int
examine(struct store *s, bool repair)
{
	struct examine x = {.s = s, .repair = repair, .now_s = now_wall_s()};
	struct stat st;

	if (fstat(s->home.fd, &st) < 0)
		return failed(s->what);
	x.owner = st.st_uid;
	examine_home(&x);
	/* A RENAME may have been finished. */
	if (repair && x.mended && store_list(s) != 0)
		return EXIT_TEMP;
	for (size_t i = 0; i < s->nfolders; i++) {
		store_progress(i, s->nfolders);
		examine_folder(&x, &s->folders[i]);
	}
	store_progress(s->nfolders, s->nfolders);
	if (x.faults == 0)
		printf("%s: nothing is wrong in %zu folders\n", s->what,
		    s->nfolders);
	else if (repair)
		printf("%s: %zu of %zu faults mended\n", s->what, x.mended,
		    x.faults);
	else
		printf("%s: %zu faults; \"yubin maildir repair\" mends what is "
		       "safe\n",
		    s->what, x.faults);
	return x.faults > x.mended ? EXIT_PERM : 0;
}

int
admin_maildir(int argc, char **argv)
{
	struct store s;
	const char *verb = argc > 1 ? argv[1] : "";
	bool stats = strcmp(verb, "stats") == 0;
	bool repair = strcmp(verb, "repair") == 0;
	bool json =
	    stats && argc == 4 &&
	    (strcmp(argv[2], "--json") == 0 || strcmp(argv[2], "-j") == 0);
	int r;

	if (argc != 3 + json ||
	    (!stats && !repair && strcmp(verb, "check") != 0))
		return refuse("usage: yubin maildir check | repair | "
			      "stats [--json] ADDRESS | DIR");
	r = store_open(&s, argv[argc - 1]);
	if (r != 0)
		return r;
	r = stats ? stats_run(&s, json) : examine(&s, repair);
	store_close(&s);
	return r;
}
