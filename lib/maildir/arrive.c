/* SPDX-License-Identifier: ISC */
/* Bringing files into a folder.  Under the locks their lines are written to the
 * UID list and they get their names; both are synced when the locks are
 * released already, so that many sessions wait for the disk together and not in
 * turn.  A crash before that leaves lines without files, which harm nobody, or
 * files without lines, whose UIDs nobody was told: other sessions, too, sync
 * what they find there before they tell (uidlist_settle()). */
#include "maildir/arrive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "maildir/dotlock.h"
#include "maildir/keywords.h"
#include "maildir/look.h"
#include "maildir/mailbox_look.h"
#include "maildir/quota.h"
#include "maildir/uidlist.h"
#include "maildir/uidlist_tail.h"

#define MORE_MOST ((size_t)1 << 28)

struct target {
	int fd, cur, new;
	bool used_cur, used_new;
	struct uidlist_tail tail; /* fd -1: the list had to be written anew */
	uint32_t uidvalidity;
	struct index index;
	bool indexed; /* its lock is held, and it knows the UID list */
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
	return 0;
}

/* There is no list to append to yet, or it wants to be written anew. */
static int
number_anew(
    struct target *t, const struct home *h, struct arrival *list, size_t n)
{
	struct uidlist u;
	size_t from;
	int r, err;

	uidlist_init(&u);
	r = uidlist_load(&u, t->fd);
	if (r >= 0 && (!u.uidvalidity || n > UIDLIST_UID_MAX - u.uidnext))
		r = look_begin_list(&u, h);
	from = u.n;
	for (size_t i = 0; r >= 0 && i < n; i++)
		list[i].uid = uidlist_add(&u, str_z(list[i].name));
	if (r >= 0)
		r = uidlist_save(&u, t->fd, from);
	t->uidvalidity = u.uidvalidity;
	err = errno;
	uidlist_free(&u);
	errno = err;
	return r < 0 ? -1 : 0;
}

static int
number(struct target *t, const struct home *h, struct arrival *list, size_t n)
{
	struct index_head *head = &t->index.head;
	struct buf lines;
	int r = uidlist_tail_open(&t->tail, t->fd);

	if (r < 0)
		return -1;
	if (r == 0 || n > UIDLIST_UID_MAX - t->tail.uidnext) {
		uidlist_tail_close(&t->tail);
		t->indexed = false;
		return number_anew(t, h, list, n);
	}
	t->indexed = t->indexed && uidlist_fresh(&head->list, t->fd) &&
	             head->uidnext == t->tail.uidnext;
	t->uidvalidity = t->tail.uidvalidity;
	buf_init(&lines, n * NAME_SIZE + NAME_SIZE);
	for (size_t i = 0; i < n; i++)
		list[i].uid =
		    uidlist_tail_line(&t->tail, &lines, str_z(list[i].name));
	r = uidlist_tail_write(&t->tail, &lines);
	buf_free(&lines);
	return r;
}

static bool
append(struct index *x, const struct arrival *a)
{
	struct name n = {
	    .base = str_z(a->name), .flags = a->flags, .letters = a->letters};
	bool fresh = !a->flags && !a->letters;
	struct index_record rec = {.uid = a->uid,
	    .flags = a->like.flags & INDEX_MEASURED,
	    .keywords = a->more,
	    .size = a->like.size,
	    .wire_more = a->like.wire_more,
	    .date_s = a->like.date_s,
	    .saved_s = name_saved(str_z(a->name), now_wall_s())};
	char name[NAME_SIZE];

	if (!fresh && name_make(name, &n) < 0)
		return false;
	if (fresh)
		rec.flags |= INDEX_IN_NEW;
	return index_append(
	    x, &rec, fresh ? str_z(a->name) : str_z(name), STR(""));
}

static bool
is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Tell the folder's index, so that nobody needs to look for them. */
static void
enter(struct target *t, const struct arrival *list, size_t n, bool lax,
    int64_t before)
{
	struct index *x = &t->index;

	if (!t->indexed)
		return;
	index_next_modseq(x);
	for (size_t i = 0; i < n; i++) {
		if (list[i].uid && !append(x, &list[i])) {
			x->head.cur_mtime_ns = 0; /* have it made anew */
			return;
		}
	}
	x->head.list = t->tail.stamp;
	x->head.uidnext = t->tail.uidnext;
	/* What moves within the folder has another record, which is to die. */
	if (lax && n &&
	    (is_same(list[0].from, t->cur) || is_same(list[0].from, t->new)))
		return;
	if (t->used_cur)
		mailbox_index_touched(
		    x, t->cur, files_grain_ns(t->cur), before);
}

/* Keywords that have no letter. */
static int
add_more(const struct target *t, const struct arrival *list, size_t n)
{
	struct buf lines;
	int r = 0;

	buf_init(&lines, MORE_MOST);
	for (size_t i = 0; i < n; i++)
		if (list[i].uid && list[i].more)
			keywords_more_line(
			    &lines, str_z(list[i].name), list[i].more);
	if (lines.n > 0)
		r = keywords_more_add(t->fd, buf_slice(&lines));
	buf_free(&lines);
	return r;
}

static int
arrive_locked(struct target *t, const struct home *h, struct arrival *list,
    size_t n, bool lax)
{
	int64_t before = files_mtime_ns(t->cur);

	/* The keywords before anybody sees the messages. */
	if (number(t, h, list, n) < 0 || add_more(t, list, n) < 0 ||
	    place_all(t, list, n, lax) < 0)
		return -1;
	enter(t, list, n, lax, before);
	return 0;
}

/* The lock of the index is always taken before that of the UID list. */
static int
with_locks(struct target *t, const struct home *h, struct arrival *list,
    size_t n, bool lax)
{
	struct dotlock lock;
	char name[HOME_INDEX];
	int r, err, dir = home_index(h, t->fd, t->cur, name);

	t->indexed =
	    index_open(&t->index, dir, name) == 1 && index_lock(&t->index) == 1;
	r = dotlock_take(&lock, t->fd, UIDLIST_LOCK);
	if (r == 0)
		r = arrive_locked(t, h, list, n, lax);
	err = errno;
	dotlock_release(&lock);
	index_close(&t->index);
	errno = err;
	return r;
}

/* What has no room is refused; what moves has its place already. */
static int
make_room(const struct home *h, const struct arrival *list, size_t n)
{
	uint64_t all = 0, size;

	for (size_t i = 0; quota_on(h->quota) && i < n; i++)
		if (name_size(str_z(list[i].name), 'S', &size))
			all += size;
	if (quota_room(h->quota, all, n) != 0)
		return 0;
	errno = EDQUOT;
	return fail("store in ", h->path);
}

static int
sync_all(const struct target *t)
{
	if (uidlist_tail_sync(&t->tail) < 0)
		return -1;
	if ((t->used_cur && fsync(t->cur) < 0) ||
	    (t->used_new && fsync(t->new) < 0))
		return fail("sync ", "the folder");
	return 0;
}

static int
arrive_in(struct target *t, const struct home *h, struct arrival *list,
    size_t n, bool lax)
{
	t->cur = openat(t->fd, "cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	t->new = openat(t->fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->cur < 0 || t->new < 0)
		return fail("open ", "cur");
	if (look_first(h, t->fd) < 0)
		return -1;
	if (!lax && make_room(h, list, n) < 0)
		return -1;
	if (with_locks(t, h, list, n, lax) < 0)
		return -1;
	if (sync_all(t) == 0)
		return 0;
	put_all_back(t, list, n);
	return -1;
}

int
arrive(const struct home *h, int fd, struct arrival *list, size_t n, bool lax,
    uint32_t *uidvalidity)
{
	struct target t = {.fd = fd, .cur = -1, .new = -1, .tail.fd = -1};
	int r = arrive_in(&t, h, list, n, lax), err = errno;

	*uidvalidity = t.uidvalidity;
	uidlist_tail_close(&t.tail);
	if (t.cur >= 0)
		close(t.cur);
	if (t.new >= 0)
		close(t.new);
	for (size_t i = 0; r == 0 && !lax && i < n; i++)
		quota_note(h->quota, str_z(list[i].name), 1);
	errno = err;
	return r;
}
