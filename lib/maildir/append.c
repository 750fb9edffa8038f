/* SPDX-License-Identifier: ISC */
/* Adding messages to a mailbox with UIDs at once. */
#include "maildir/append.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "maildir/arrive.h"
#include "maildir/keywords.h"
#include "msg/flags.h"

static int
stick(struct append *a)
{
	if (!a->err)
		a->err = errno ? errno : EIO;
	errno = a->err;
	return -1;
}

int
append_open(struct append *a, const struct home *h, struct str name)
{
	*a = (struct append){.home = h, .fd = -1};
	return home_folder_open(h, name, &a->fd);
}

/* The bits of the keywords in this folder; those for which there is none
 * left, or which cannot be one, are left out.  Returns 0 or -1. */
static int
bits_of(int fd, const struct str *keywords, size_t n, uint64_t *bits)
{
	const char *words[KEYWORDS_N];
	struct arena arena;
	int r, err;

	*bits = 0;
	if (n == 0)
		return 0;
	arena_init(&arena, (size_t)1 << 24);
	r = keywords_load(fd, &arena, words);
	for (size_t i = 0; i < n && r == 0; i++) {
		int at = keywords_add(fd, &arena, words, keywords[i]);

		if (at >= 0)
			*bits |= UINT64_C(1) << at;
		else if (errno != EINVAL && !keywords_full(words))
			r = -1;
	}
	err = errno;
	arena_free(&arena);
	errno = err;
	return r;
}

static struct arrival *
next_item(struct append *a)
{
	/* Powers of two: room is used up exactly when n is one. */
	if (a->n == 0 || (a->n & (a->n - 1)) == 0) {
		size_t room = a->n ? a->n * 2 : 1;
		struct arrival *more = realloc(a->items, room * sizeof(*more));

		if (!more)
			oom();
		a->items = more;
	}
	a->items[a->n] = (struct arrival){.from = a->fd};
	return &a->items[a->n];
}

int
append_begin(struct append *a, uint32_t flags, const struct str *keywords,
    size_t n, int64_t date_s)
{
	struct arrival *item;
	uint64_t bits;

	if (a->err)
		return stick(a);
	item = next_item(a);
	item->flags = flags & FLAG_SETTABLE;
	if (bits_of(a->fd, keywords, n, &bits) < 0)
		return stick(a);
	item->letters = (uint32_t)(bits & KEYWORDS_LETTER_BITS);
	item->more = bits & ~KEYWORDS_LETTER_BITS;
	a->date_s = date_s;
	a->open = true;
	return newfile_begin(&a->file, a->fd, NULL) < 0 ? stick(a) : 0;
}

void
append_data(struct append *a, const void *p, size_t n)
{
	if (a->open)
		newfile_data(&a->file, p, n);
}

int
append_end(struct append *a)
{
	struct arrival *item = &a->items[a->n];

	if (a->err)
		return stick(a);
	snprintf(item->old, sizeof(item->old), "tmp/%.200s", a->file.base);
	a->open = false;
	if (newfile_end(&a->file, a->date_s, item->name) < 0)
		return stick(a);
	a->n++;
	return 0;
}

int
append_commit(struct append *a)
{
	if (a->err)
		return stick(a);
	if (arrive(a->home, a->fd, a->items, a->n, false, &a->uidvalidity) < 0)
		return stick(a);
	a->uid_list = calloc(a->n + 1, sizeof(*a->uid_list));
	if (!a->uid_list)
		oom();
	for (size_t i = 0; i < a->n; i++)
		a->uid_list[i] = a->items[i].uid;
	a->uids = a->uid_list;
	a->committed = true;
	return 0;
}

void
append_close(struct append *a)
{
	if (a->open)
		newfile_abort(&a->file);
	for (size_t i = 0; !a->committed && i < a->n; i++)
		unlinkat(a->fd, a->items[i].old, 0);
	if (a->fd >= 0)
		close(a->fd);
	free(a->items);
	free(a->uid_list);
	*a = (struct append){.fd = -1};
}
