/* SPDX-License-Identifier: ISC */
/* Bringing files into a folder.  The UIDs are durable first: a crash before
 * the files are there leaves lines without files, which harm nobody. */
#include "maildir/arrive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/dotlock.h"
#include "maildir/look.h"
#include "maildir/uidlist.h"

struct target {
	int cur, new;
	bool used_cur, used_new;
};

static int
place(struct target *t, struct arrival *a)
{
	struct name n = {
	    .base = str_z(a->name), .flags = a->flags, .letters = a->letters};
	bool fresh = !a->flags && !a->letters;
	char to[NAME_SIZE];

	snprintf(to, sizeof(to), "%s", a->name);
	if (!fresh && name_make(to, &n) < 0)
		return -1;
	if (renameat(a->from, a->old, fresh ? t->new : t->cur, to) < 0)
		return -1;
	*(fresh ? &t->used_new : &t->used_cur) = true;
	return 0;
}

/* Put the file back where it was; who knows who has touched it since. */
static void
put_back(const struct target *t, const struct arrival *a)
{
	struct name n = {
	    .base = str_z(a->name), .flags = a->flags, .letters = a->letters};
	char to[NAME_SIZE];

	if (name_make(to, &n) < 0)
		return;
	if (renameat(t->new, a->name, a->from, a->old) < 0)
		(void)!renameat(t->cur, to, a->from, a->old);
}

/* Undo the first n. */
static void
put_all_back(const struct target *t, const struct arrival *list, size_t n)
{
	int err = errno;

	while (n-- > 0)
		if (list[n].uid)
			put_back(t, &list[n]);
	errno = err;
}

static int
place_all(struct target *t, struct arrival *list, size_t n, bool lax)
{
	for (size_t i = 0; i < n; i++) {
		if (place(t, &list[i]) == 0)
			continue;
		if (lax && errno == ENOENT) {
			list[i].uid = 0;
			continue;
		}
		fail("rename ", list[i].old);
		put_all_back(t, list, i);
		return -1;
	}
	if ((t->used_cur && file_sync_dir(t->cur) < 0) ||
	    (t->used_new && file_sync_dir(t->new) < 0)) {
		put_all_back(t, list, n);
		return -1;
	}
	return 0;
}

static int
number(const struct home *h, int fd, struct uidlist *u, struct arrival *list,
    size_t n)
{
	size_t from;

	if (uidlist_load(u, fd) < 0)
		return -1;
	if ((!u->uidvalidity || n > UIDLIST_UID_MAX - u->uidnext) &&
	    look_begin_list(u, h) < 0)
		return -1;
	from = u->n;
	for (size_t i = 0; i < n; i++)
		list[i].uid = uidlist_add(u, str_z(list[i].name));
	return uidlist_save(u, fd, from);
}

static int
arrive_locked(const struct home *h, int fd, struct arrival *list, size_t n,
    bool lax, uint32_t *uidvalidity)
{
	struct uidlist u;
	struct target t = {
	    .cur = openat(fd, "cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	    .new = openat(fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	int r, err;

	uidlist_init(&u);
	r = t.cur < 0 || t.new < 0 ? fail("open ", "cur") : 0;
	if (r == 0)
		r = number(h, fd, &u, list, n);
	*uidvalidity = u.uidvalidity;
	if (r == 0)
		r = place_all(&t, list, n, lax);
	err = errno;
	uidlist_free(&u);
	if (t.cur >= 0)
		close(t.cur);
	if (t.new >= 0)
		close(t.new);
	errno = err;
	return r;
}

int
arrive(const struct home *h, int fd, struct arrival *list, size_t n, bool lax,
    uint32_t *uidvalidity)
{
	struct dotlock lock;
	int r, err;

	if (dotlock_take(&lock, fd, UIDLIST_LOCK) < 0)
		return -1;
	r = arrive_locked(h, fd, list, n, lax, uidvalidity);
	err = errno;
	dotlock_release(&lock);
	errno = err;
	return r;
}
