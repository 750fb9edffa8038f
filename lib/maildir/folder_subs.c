/* SPDX-License-Identifier: ISC */
/* The file `subscriptions`: one name a line, spelled as its directory is
 * (Dovecot's version 1; in its version 2, below a line "V\t2", tabs stand
 * between the levels).  It stays in the version that it has.  As long as there
 * is none, Courier's is read. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "io/file.h"
#include "maildir/courier.h"
#include "maildir/dotlock.h"
#include "maildir/folder.h"
#include "maildir/folder_name.h"

#define SUBSCRIPTIONS "subscriptions"
#define VERSION2 "V\t2\n"
#define TEXT_MAX ((size_t)16 << 20)

static int
compare(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

/* The names on the lines of the file, in its order. */
struct reader {
	struct str rest;
	struct buf name;
	bool v2;
};

static void
read_begin(struct reader *r, struct str text)
{
	*r = (struct reader){.v2 = str_starts(text, STR(VERSION2))};
	r->rest = r->v2 ? str_from(text, 4) : text;
	buf_init(&r->name, FOLDER_NAME_MAX);
}

/* Cut the next line; *name is its mailbox until the next call, empty when it
 * has none.  Lines are spelled as directories are. */
static bool
read_line(struct reader *r, struct str *line, struct str *name)
{
	char dir[NAME_MAX + 2] = ".";

	buf_reset(&r->name);
	*name = STR("");
	if (!str_cut(&r->rest, '\n', line))
		return false;
	if (str_ieq(*line, STR("INBOX"))) {
		*name = STR("INBOX");
		return true;
	}
	if (str_copy(dir + 1, NAME_MAX + 1, *line) < 0)
		return true;
	for (char *p = dir; r->v2 && *p; p++)
		if (*p == '\t')
			*p = FOLDER_DELIMITER;
	if (folder_name_read(dir, &r->name))
		*name = buf_slice(&r->name);
	return true;
}

static void
read_end(struct reader *r)
{
	buf_free(&r->name);
}

/* Courier's as lines of ours.  Returns 1; 0 there is none; -1 failed. */
static int
load_courier(const struct home *h, struct buf *b)
{
	struct buf theirs;
	struct str rest, line;
	int r;

	buf_init(&theirs, TEXT_MAX);
	r = file_read(h->fd, COURIER_SUBSCRIBED, &theirs);
	rest = r < 0 ? STR("") : buf_slice(&theirs);
	while (str_cut(&rest, '\n', &line)) {
		line = courier_subscribed(line);
		buf_str(b, line);
		if (line.n)
			buf_chr(b, '\n');
	}
	buf_free(&theirs);
	if (r < 0)
		return errno == ENOENT ? 0 : -1;
	return 1;
}

/* Returns 0; 1 it is Courier's; -1 failed; no file is no text. */
static int
load(const struct home *h, struct buf *b)
{
	int r;

	buf_init(b, TEXT_MAX);
	r = file_read(h->fd, SUBSCRIPTIONS, b);
	if (r < 0 && errno == ENOENT)
		r = load_courier(h, b);
	if (r < 0)
		buf_free(b);
	return r;
}

/* Without what occurs twice. */
static size_t
unique(struct str *names, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(names, n, sizeof(*names), compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !str_eq(names[i], names[kept - 1]))
			names[kept++] = names[i];
	return kept;
}

int
folder_subscribed(
    const struct home *h, struct arena *a, struct str **names, size_t *n)
{
	struct reader r;
	struct buf b;
	struct str line, name;
	size_t lines = 1;

	if (load(h, &b) < 0)
		return -1;
	for (size_t i = 0; i < b.n; i++)
		lines += b.p[i] == '\n';
	*names = arena_array(a, lines, sizeof(**names));
	*n = 0;
	read_begin(&r, buf_slice(&b));
	while (read_line(&r, &line, &name))
		if (name.n)
			(*names)[(*n)++] = arena_str(a, name);
	*n = unique(*names, *n);
	read_end(&r);
	buf_free(&b);
	return 0;
}

/* The line for the name: as the directory is spelled, which Dovecot goes by. */
static void
put_line(struct buf *to, const struct home *h, struct str name, bool v2)
{
	char dir[NAME_MAX + 1];
	struct str line = name;

	if (home_folder_dir(h, name, dir) == 0 && dir[1])
		line = str_z(dir + 1);
	for (size_t i = 0; i < line.n; i++)
		if (ascii_iscntrl(line.p[i]))
			line = name;
	for (size_t i = 0; i < line.n; i++)
		buf_chr(
		    to, v2 && line.p[i] == FOLDER_DELIMITER ? '\t' : line.p[i]);
	buf_chr(to, '\n');
}

/* Under the lock.  Lines of other names stay as they are. */
static int
change(const struct home *h, struct str name, bool on)
{
	struct reader r;
	struct buf b, to;
	struct str line, found;
	bool there = false;
	int result = 0, courier = load(h, &b);

	if (courier < 0)
		return -1;
	buf_init(&to, TEXT_MAX);
	read_begin(&r, buf_slice(&b));
	if (r.v2)
		buf_z(&to, VERSION2);
	while (read_line(&r, &line, &found)) {
		bool it = str_eq(found, name);

		there |= it;
		/* The end behind the last LF is no line. */
		if (it || (line.n == 0 && !r.rest.p))
			continue;
		buf_str(&to, line);
		buf_chr(&to, '\n');
	}
	if (on)
		put_line(&to, h, name, r.v2);
	if (to.over)
		result = (errno = EFBIG, -1);
	else if (there != on || courier)
		result =
		    file_replace(h->fd, SUBSCRIPTIONS, buf_slice(&to), 0600);
	read_end(&r);
	buf_free(&b);
	buf_free(&to);
	return result;
}

int
folder_subscribe(const struct home *h, struct str name, bool on)
{
	struct dotlock lock;
	int r, err;

	if (name.n && name.p[name.n - 1] == FOLDER_DELIMITER)
		name.n--;
	if (str_ieq(name, STR("INBOX")))
		name = STR("INBOX");
	if (!folder_valid(name)) {
		errno = EINVAL;
		return -1;
	}
	if (dotlock_take(&lock, h->fd, SUBSCRIPTIONS ".lock") < 0)
		return -1;
	r = change(h, name, on);
	err = errno;
	dotlock_release(&lock);
	errno = err;
	return r;
}
