/* SPDX-License-Identifier: ISC */
/* Into Maildirs.  Several recipients of a message whose Maildirs are on one
 * file system share one file, a hard link for each; so the file names none of
 * them.
 *
 * What an earlier try has left counts when it holds what would be written;
 * otherwise a crash has torn it, and the message takes its place. */
#include "local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "conf/settings.h"
#include "maildir/deliver.h"
#include "users/allowance.h"

#define TRIES 3 /* while sessions rename what we look at */

struct result
store_failed(struct local *l, int err)
{
	l->crowded |= err == EMFILE || err == ENFILE;
	log_event("trouble", "id", l->id, "err", fail_last(), NULL);
	if (err == EDQUOT)
		return result_make(
		    RESULT_DEFERRED, "4.2.2", "the mailbox's quota is used up");
	if (err == ENOSPC)
		return result_make(
		    RESULT_DEFERRED, "4.3.1", "no space left on this server");
	return result_make(
	    RESULT_DEFERRED, "4.3.0", "the mailbox cannot be written now");
}

static struct result
stored(bool before)
{
	return result_make(
	    RESULT_DONE, "2.0.0", before ? "was stored before" : "stored");
}

/* Seconds since 1970 in the first eleven digits of an id. */
static uint64_t
seconds_of(const char *id)
{
	uint64_t v = 0;

	for (int i = 0; i < 11; i++)
		v = v * 32 +
		    (uint64_t)(id[i] <= '9' ? id[i] - '0' : id[i] - 'a' + 10);
	return v / 1000000;
}

static void
file_name(const struct local *l, const struct target *t, char to[LOCAL_NAME])
{
	snprintf(to, LOCAL_NAME, "%llu.Q%sR%u.%.150s",
	    (unsigned long long)seconds_of(l->id), l->id, t->number,
	    l->hostname);
}

static bool
syncs(const struct local *l)
{
	return !l->unsynced || l->rewrite;
}

/* The whole text, in front of it the lines for this recipient. */
static int
feed(struct local *l, const struct target *t, enum front kind,
    struct newfile *to)
{
	uint64_t at = 0;
	struct str part;
	int r;

	l->recipient = t->recipient;
	part = message_front(l, kind);
	do {
		newfile_data(to, part.p, part.n);
		r = message_next(&l->m, &at, &part);
	} while (r == 1);
	return r;
}

/* ---------------------------------------------------------------- quota */

struct quota_limit
store_limit(struct local *l, const struct action *a)
{
	struct quota_limit limit = {0};
	struct allowance allowed;

	if (a->kind != ACTION_MAILDIR)
		return limit;
	if (allowance_of(&a->user, &allowed) < 0)
		log_event("quota", "id", l->id, "user", log_str(a->user.name),
		    "err", fail_last(), NULL);
	return (struct quota_limit){allowed.storage, allowed.messages, true};
}

/* Whether there is no room for the message: the result is set. */
static bool
is_full(struct local *l, struct target *t)
{
	struct home h = {.fd = t->fd};
	struct quota q;

	quota_open(&q, &h, &t->limit);
	if (quota_room(&q, message_size(&l->m), 1) != 0)
		return false;
	if (settings_flag("QUOTA_BOUNCE"))
		t->result = result_make(RESULT_FAILED, "5.2.2",
		    "the mailbox is full: its quota is used up");
	else
		t->result = result_make(RESULT_DEFERRED, "4.2.2",
		    "the mailbox is full: its quota is used up");
	return true;
}

static void
count(const struct target *t, const char *name)
{
	struct home h = {.fd = t->fd};
	struct quota q;

	quota_open(&q, &h, &t->limit);
	quota_note(&q, str_z(name), 1);
	quota_flush(&q);
}

/* ------------------------------------------------- what was there before */

static const enum front kinds[] = {FRONT_STORED, FRONT_SHARED};

/* Find what was left, in either form. */
static int
find_earlier(struct local *l, const struct target *t, const char *base,
    struct earlier *e)
{
	char names[2][NAME_SIZE];
	static struct newfile f;

	for (int i = 0; i < 2; i++) {
		newfile_count(&f);
		if (feed(l, t, kinds[i], &f) < 0 ||
		    newfile_count_end(&f, base, names[i]) < 0)
			return -1;
	}
	return earlier_find(&l->lists, t->fd, base, names, 2, e);
}

/* Whether the file holds the message, in either form.  1, 0, -1 failed. */
static int
holds(struct local *l, const struct target *t, const char *path)
{
	struct newfile f;
	int same = 0;

	for (int i = 0; same == 0 && i < 2; i++) {
		int r;

		if (newfile_compare(&f, t->fd, path) < 0)
			return errno == ENOENT ? 0 : -1;
		r = feed(l, t, kinds[i], &f);
		same = newfile_same(&f);
		if (r < 0)
			return -1;
	}
	return same;
}

/* Write the message in this form and let it take the place of the file, where
 * its name fits or when it must.  1, 0 the file has gone, -1 failed, 2 does not
 * fit. */
static int
replace_by(struct local *l, const struct target *t, const char *path,
    enum front kind, bool must)
{
	char base[LOCAL_NAME];
	struct deliver d;
	int r, err;

	file_name(l, t, base);
	if (deliver_into(&d, t->fd, base) < 0)
		return -1;
	d.file.unsynced = !syncs(l);
	r = feed(l, t, kind, &d.file);
	if (r == 0)
		r = deliver_finish(&d);
	if (r == 0)
		r = must || deliver_fits(&d, path) ? deliver_replace(&d, path)
		                                   : 2;
	err = errno;
	deliver_close(&d);
	errno = err;
	return r;
}

/* The sizes in the name tell which form it had. */
static int
replace(struct local *l, const struct target *t, const char *path)
{
	int r = replace_by(l, t, path, FRONT_STORED, false);

	if (r == 2)
		r = replace_by(l, t, path, FRONT_SHARED, false);
	if (r == 2)
		r = replace_by(l, t, path, FRONT_STORED, true);
	return r;
}

/* 1 the message is there as it should be: the result is set; 0 nothing is
 * there; -1 failed. */
static int
settle_once(struct local *l, struct target *t)
{
	char base[LOCAL_NAME];
	struct earlier e;
	int r;

	file_name(l, t, base);
	if (find_earlier(l, t, base, &e) < 0)
		return -1;
	for (size_t i = 0; i < e.n && !l->rewrite; i++) {
		r = holds(l, t, e.path[i]);
		if (r < 0)
			return -1;
		if (r == 0 ||
		    (syncs(l) && (r = earlier_sync(t->fd, e.path[i])) == 0))
			continue;
		t->result = stored(true);
		return r;
	}
	for (size_t i = 0; i < e.n; i++) {
		r = replace(l, t, e.path[i]);
		t->result = stored(false);
		if (r != 0)
			return r;
	}
	return e.n == 0 ? 0 : -2;
}

static int
settle(struct local *l, struct target *t)
{
	for (int i = 0; i < TRIES; i++) {
		int r = settle_once(l, t);

		if (r != -2)
			return r;
	}
	return fail_text(EBUSY, "the mailbox changes all the time");
}

/* -------------------------------------------------------------- one file */

/* 1 stored, 0 its name is taken, -1 failed. */
static int
write_one(struct local *l, const struct target *t)
{
	char base[LOCAL_NAME];
	struct deliver d;
	int r, err;

	file_name(l, t, base);
	if (deliver_into(&d, t->fd, base) < 0)
		return -1;
	d.file.unsynced = !syncs(l);
	r = feed(l, t, FRONT_STORED, &d.file);
	if (r == 0)
		r = deliver_commit(&d);
	if (r > 0)
		count(t, d.final);
	err = errno;
	deliver_close(&d);
	errno = err;
	return r;
}

/* When the name is taken: whatever has it. */
static void
store_one(struct local *l, struct target *t)
{
	int r = 0;

	t->result = stored(false);
	for (int i = 0; i < TRIES && r == 0; i++) {
		r = write_one(l, t);
		if (r == 0)
			r = settle(l, t);
	}
	if (r == 0)
		r = fail_text(EBUSY, "the mailbox changes all the time");
	if (r < 0)
		t->result = store_failed(l, errno);
}

/* ---------------------------------------------------------- several links */

static void
link_to(struct local *l, struct deliver *d, struct target *t)
{
	char base[LOCAL_NAME];
	int r;

	file_name(l, t, base);
	r = deliver_link(d, t->fd, base);
	if (r > 0)
		count(t, d->final);
	if (r > 0)
		t->result = stored(false);
	else if (r == 0 || deliver_unlinkable(errno))
		store_one(l, t);
	else
		t->result = store_failed(l, errno);
}

/* The file for all: complete, and still in tmp/ of *first.  Targets whose
 * Maildir takes no file are left behind with their results. */
static int
write_shared(struct local *l, struct deliver *d, struct target **v, size_t n,
    size_t *first)
{
	char base[LOCAL_NAME];

	for (*first = 0; *first < n; ++*first) {
		file_name(l, v[*first], base);
		if (deliver_into(d, v[*first]->fd, base) == 0)
			break;
		v[*first]->result = store_failed(l, errno);
	}
	if (*first == n)
		return 0;
	d->file.unsynced = !syncs(l);
	if (feed(l, v[*first], FRONT_SHARED, &d->file) == 0 &&
	    deliver_finish(d) == 0)
		return 0;
	for (size_t i = *first; i < n; i++)
		v[i]->result = store_failed(l, errno);
	*first = n;
	return -1;
}

static void
store_shared(struct local *l, struct target **v, size_t n)
{
	static struct deliver d;
	size_t first;
	int r;

	write_shared(l, &d, v, n, &first);
	if (first == n) {
		deliver_close(&d);
		return;
	}
	for (size_t i = first + 1; i < n; i++)
		link_to(l, &d, v[i]);
	r = deliver_commit(&d);
	if (r > 0)
		count(v[first], d.final);
	v[first]->result = r < 0 ? store_failed(l, errno) : stored(false);
	deliver_close(&d);
	if (r == 0)
		store_one(l, v[first]);
}

void
store(struct local *l, struct target *v, size_t n)
{
	struct target **fresh =
	    arena_array(l->arena, n, sizeof(struct target *));
	size_t nfresh = 0;

	for (size_t i = 0; i < n; i++) {
		struct target *t = &v[i];
		int r = 0;

		if (message_loops(&l->m, t->recipient)) {
			t->result = result_make(RESULT_FAILED, "5.4.6",
			    "mail loop: it was delivered to this address "
			    "before");
			continue;
		}
		if (t->again || l->rewrite)
			r = settle(l, t);
		if (r < 0)
			t->result = store_failed(l, errno);
		if (r == 0 && !is_full(l, t))
			fresh[nfresh++] = t;
	}
	if (nfresh == 1)
		store_one(l, fresh[0]);
	if (nfresh > 1)
		store_shared(l, fresh, nfresh);
}
