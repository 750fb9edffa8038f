/* SPDX-License-Identifier: ISC */
/* Courier's keywords become letters in file names and, beyond the 26 that there
 * are, lines of yubin-keywords. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/num.h"
#include "io/dir.h"
#include "io/file.h"
#include "maildir/courier.h"
#include "maildir/keywords.h"
#include "maildir/name.h"

#define LIST COURIER_KEYWORDS "/:list"
#define MEMORY ((size_t)1 << 30)
#define TEXT_MAX ((size_t)256 << 20)
#define FILES_MAX 10000000
#define TRIES 4

/* What one place says about a message. */
struct note {
	struct str base;
	struct str words; /* lines; from :list (age 0) indices between blanks */
	uint64_t age;     /* the higher, the newer */
};

struct notes {
	struct arena a;
	struct note *list;
	size_t n;
	struct str *words; /* those at the beginning of :list */
	size_t nwords;
	/* The folder's letters. */
	int fd;
	bool dry;
	const char *letters[KEYWORDS_N];
	struct buf more; /* lines about those beyond the letters */
};

static int
by_base_and_age(const void *a, const void *b)
{
	const struct note *x = a, *y = b;
	int order = str_cmp(x->base, y->base);

	return order ? order : (x->age > y->age) - (x->age < y->age);
}

/* Append the file to b.  0 (also when there is none) or -1. */
static int
read_text(int fd, const char *path, struct buf *b)
{
	return file_read(fd, path, b) < 0 && errno != ENOENT
	           ? fail("read ", path)
	           : 0;
}

static size_t
count_lines(struct str text)
{
	struct str line;
	size_t n = 1;

	while (str_cut(&text, '\n', &line))
		n++;
	return n;
}

/* The notes of :list; n->list has room for them and `more`. */
static void
parse_list(struct notes *n, struct str text, size_t more)
{
	size_t lines = count_lines(text);
	struct str line, base;

	n->list = arena_array(&n->a, lines + more, sizeof(*n->list));
	n->words = arena_array(&n->a, lines, sizeof(*n->words));
	while (str_cut(&text, '\n', &line) && line.n)
		n->words[n->nwords++] = line;
	while (str_cut(&text, '\n', &line))
		if (str_cut(&line, ':', &base) && line.p && base.n)
			n->list[n->n++] =
			    (struct note){.base = base, .words = line};
}

/* "<base>" or ".<number>.<base>"; ".tmp.…" is neither. */
static bool
parse_name(struct note *note, struct str name)
{
	note->age = UINT64_MAX;
	note->base = name;
	if (str_starts(name, STR(".")))
		note->base =
		    str_from(name, str_find(str_from(name, 1), '.') + 2);
	if (note->base.n != name.n &&
	    num_scan(str_make(name.p + 1, name.n - note->base.n - 2),
		UINT64_MAX - 1, &note->age) < 0)
		return false;
	return note->base.n > 0 && note->base.p[0] != ':' && note->age > 0;
}

/* Read everything; texts live in the arena. */
static int
read_notes(struct notes *n, int fd)
{
	struct buf b;
	char **names, path[sizeof(COURIER_KEYWORDS) + 1 + NAME_SIZE];
	size_t count;
	int r;

	if (dir_list(
		fd, COURIER_KEYWORDS, 1, FILES_MAX, &n->a, &names, &count) < 0)
		return errno == ENOENT ? 0 : fail("list ", COURIER_KEYWORDS);
	buf_init(&b, TEXT_MAX);
	r = read_text(fd, LIST, &b);
	parse_list(n, arena_str(&n->a, buf_slice(&b)), count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct note note;

		if (!parse_name(&note, str_z(names[i])))
			continue;
		buf_reset(&b);
		snprintf(path, sizeof(path), COURIER_KEYWORDS "/%s", names[i]);
		r = read_text(fd, path, &b);
		note.words = arena_str(&n->a, buf_slice(&b));
		n->list[n->n++] = note;
	}
	buf_free(&b);
	if (n->n)
		qsort(n->list, n->n, sizeof(*n->list), by_base_and_age);
	return r;
}

/* The newest note about the message with this base, or NULL. */
static const struct note *
find(const struct notes *n, struct str base)
{
	size_t low = 0, high = n->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_cmp(n->list[middle].base, base) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && str_eq(n->list[low - 1].base, base) ? &n->list[low - 1]
	                                                  : NULL;
}

/* The keyword's index; -1 with ENOSPC or EINVAL: it has none; else failed. */
static int
letter(struct notes *n, struct str word)
{
	int i = keywords_find(n->letters, word);

	if (i >= 0 || !n->dry)
		return i >= 0 ? i
		              : keywords_add(n->fd, &n->a, n->letters, word);
	errno = keywords_valid(word) ? ENOSPC : EINVAL;
	for (i = 0; errno == ENOSPC && i < KEYWORDS_N; i++)
		if (!n->letters[i]) {
			n->letters[i] = arena_z(&n->a, word);
			return i;
		}
	return -1;
}

/* The keywords a note stands for.  0 or -1. */
static int
keywords_of(struct notes *n, const struct note *note, uint64_t *set,
    struct courier_kept *kept)
{
	struct str rest = note->words, word;

	*set = 0;
	while (str_cut(&rest, note->age ? '\n' : ' ', &word)) {
		uint64_t index;
		int i;

		if (!note->age && n->nwords &&
		    num_scan(word, n->nwords - 1, &index) == 0)
			word = n->words[index];
		else if (!note->age)
			continue;
		if (word.n == 0)
			continue;
		i = letter(n, word);
		if (i >= 0)
			*set |= UINT64_C(1) << i;
		else if (errno == ENOSPC || errno == EINVAL)
			kept->left++;
		else
			return -1;
	}
	return 0;
}

/* Returns 0; 1 the file was renamed or removed meanwhile; -1 failed. */
static int
mark(struct notes *n, int cur, const char *file, struct courier_kept *kept)
{
	struct name name = name_parse(str_z(file));
	const struct note *note = find(n, name.base);
	uint64_t set;
	uint32_t letters;
	char to[NAME_SIZE];

	if (!note)
		return 0;
	if (keywords_of(n, note, &set, kept) < 0)
		return -1;
	kept->messages += set != 0;
	if (set & ~KEYWORDS_LETTER_BITS)
		keywords_more_line(&n->more, name.base, set);
	letters = (uint32_t)(set & KEYWORDS_LETTER_BITS);
	if (n->dry || (letters & ~name.letters) == 0)
		return 0;
	name.letters |= letters;
	if (name_make(to, &name) < 0)
		return fail("name ", file);
	if (renameat(cur, file, cur, to) == 0)
		return 0;
	return errno == ENOENT ? 1 : fail("rename ", file);
}

/* Returns 0; 1 look again; -1 failed. */
static int
mark_all(struct notes *n, int cur, struct courier_kept *kept)
{
	struct arena a;
	char **names;
	size_t count;
	int r, again = 0;

	*kept = (struct courier_kept){0};
	buf_reset(&n->more);
	arena_init(&a, MEMORY);
	r = dir_list(cur, ".", 0, FILES_MAX, &a, &names, &count);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = name_usable(str_z(names[i])) ? mark(n, cur, names[i], kept)
		                                 : 0;
		again |= r;
	}
	arena_free(&a);
	return r < 0 ? -1 : again;
}

/* The names are on disk; write which messages have those without a letter. */
static int
save_more(struct notes *n)
{
	int fd, err = 0;

	if (n->more.over) {
		errno = EFBIG;
		return fail("write ", KEYWORDS_MORE);
	}
	if (n->more.n == 0)
		return 0;
	if (keywords_more_add(n->fd, buf_slice(&n->more)) < 0)
		return -1;
	fd = openat(n->fd, KEYWORDS_MORE, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fdatasync(fd) < 0)
		err = errno;
	if (fd >= 0)
		close(fd);
	errno = err;
	return err ? fail("sync ", KEYWORDS_MORE) : file_sync_dir(n->fd);
}

int
courier_keywords(int fd, int cur, bool dry, struct courier_kept *kept)
{
	struct notes n = {.fd = fd, .dry = dry};
	int r;

	*kept = (struct courier_kept){0};
	arena_init(&n.a, MEMORY);
	buf_init(&n.more, TEXT_MAX);
	r = read_notes(&n, fd);
	if (r == 0 && n.n)
		r = keywords_load(fd, &n.a, n.letters);
	if (r == 0 && n.n) {
		int tries = TRIES;

		do
			r = mark_all(&n, cur, kept);
		while (r == 1 && --tries > 0);
	}
	if (r >= 0 && n.n && !dry)
		r = save_more(&n);
	if (r >= 0 && n.n && !dry)
		r = file_sync_dir(cur);
	buf_free(&n.more);
	arena_free(&n.a);
	return r < 0 ? -1 : 0;
}
