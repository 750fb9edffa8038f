/* SPDX-License-Identifier: ISC */
/* The file `subscriptions`: one name a line (Dovecot's version 1; its version
 * 2, levels between tabs below a line "V\t2", is read too). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fail.h"
#include "io/file.h"
#include "maildir/dotlock.h"
#include "maildir/folder.h"

#define SUBSCRIPTIONS "subscriptions"
#define TEXT_MAX ((size_t)16 << 20)

static int
compare(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

/* One line of version 2 as a name; its escapes stand for characters that no
 * name of ours may hold. */
static struct str
join_levels(struct str line, struct arena *a)
{
	char *z = arena_z(a, line);

	for (size_t i = 0; i < line.n; i++)
		if (z[i] == '\t')
			z[i] = FOLDER_DELIMITER;
	return str_make(z, line.n);
}

static void
parse(struct str text, struct arena *a, struct str **names, size_t *n)
{
	bool v2 = str_starts(text, STR("V\t2\n"));
	struct str rest = text, line;
	size_t lines = 1;

	while (str_cut(&rest, '\n', &line))
		lines++;
	*names = arena_array(a, lines, sizeof(**names));
	*n = 0;
	for (rest = v2 ? str_from(text, 4) : text;
	     str_cut(&rest, '\n', &line);) {
		struct str name = join_levels(line, a);

		if (str_ieq(name, STR("INBOX")))
			name = STR("INBOX");
		if (folder_valid(name))
			(*names)[(*n)++] = name;
	}
	qsort(*names, *n, sizeof(**names), compare);
}

/* Returns 0 or -1; no file is no names. */
static int
load(const struct home *h, struct arena *a, struct str **names, size_t *n)
{
	struct buf b;
	int r;

	buf_init(&b, TEXT_MAX);
	r = file_read(h->fd, SUBSCRIPTIONS, &b);
	if (r < 0 && errno == ENOENT)
		r = 0;
	if (r == 0)
		parse(buf_slice(&b), a, names, n);
	buf_free(&b);
	return r;
}

int
folder_subscribed(
    const struct home *h, struct arena *a, struct str **names, size_t *n)
{
	size_t kept = 0;

	if (load(h, a, names, n) < 0)
		return -1;
	for (size_t i = 0; i < *n; i++)
		if (i == 0 || !str_eq((*names)[i], (*names)[kept - 1]))
			(*names)[kept++] = (*names)[i];
	*n = kept;
	return 0;
}

static int
save(const struct home *h, const struct str *names, size_t n, struct str except,
    struct str more)
{
	struct buf b;
	int r;

	buf_init(&b, TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		if (str_eq(names[i], except))
			continue;
		buf_str(&b, names[i]);
		buf_chr(&b, '\n');
	}
	if (more.n) {
		buf_str(&b, more);
		buf_chr(&b, '\n');
	}
	r = b.over ? (errno = EFBIG, -1)
	           : file_replace(h->fd, SUBSCRIPTIONS, buf_slice(&b), 0600);
	buf_free(&b);
	return r;
}

/* Under the lock. */
static int
change(const struct home *h, struct arena *a, struct str name, bool on)
{
	struct str *names;
	size_t n;
	bool there = false;

	if (folder_subscribed(h, a, &names, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		there = there || str_eq(names[i], name);
	if (there == on)
		return 0;
	return save(h, names, n, on ? STR("") : name, on ? name : STR(""));
}

int
folder_subscribe(const struct home *h, struct str name, bool on)
{
	struct dotlock lock;
	struct arena a;
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
	arena_init(&a, TEXT_MAX * 4);
	r = change(h, &a, name, on);
	err = errno;
	dotlock_release(&lock);
	arena_free(&a);
	errno = err;
	return r;
}
