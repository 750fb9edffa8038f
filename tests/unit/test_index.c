/* SPDX-License-Identifier: ISC */
/* The index of a folder: what it says when all is well, that any damage is
 * found, and that a mailbox is the same with it, without it, and with a
 * damaged one, whatever happens. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "maildir/deliver.h"
#include "maildir/folder.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"
#include "tap.h"

static char root[] = "/tmp/yubin-index.XXXXXX";
static int dir;

/* --------------------------------------------------------- the file itself */

/* An index of n messages, UIDs 10, 20, …, the third one dead. */
static void
make(struct index *x, uint32_t n)
{
	struct index_build b;

	index_build_init(&b, 0);
	b.head.uidvalidity = 7;
	b.head.uidnext = 10 * n + 1;
	for (uint32_t i = 1; i <= n; i++) {
		struct index_record rec = {.uid = 10 * i, .modseq = i};
		char name[64];

		snprintf(
		    name, sizeof(name), "%u.m,S=4:2,%s", i, i % 2 ? "S" : "Ta");
		if (i == 3)
			rec.flags = INDEX_DEAD;
		index_build_add(&b, &rec, str_z(name), STR(""));
	}
	index_build_finish(&b, x, dir, INDEX, false);
	index_build_free(&b);
}

static void
test_records(void)
{
	struct index x, y;
	struct index_record rec;
	char name[NAME_SIZE];
	uint32_t dead[1];

	make(&x, 5);
	CHECK(x.fd >= 0, "it is a file");
	CHECK_NUM(index_open(&y, dir, INDEX), 1, "opened by another");
	CHECK(y.head.count == 5 && y.head.dead == 1 && y.head.unseen == 2 &&
		  y.head.deleted == 2,
	    "counted: unseen and deleted ones live");
	CHECK(index_get(&y, 1, &rec) && rec.uid == 20 &&
		  (rec.flags & 0xff) == FLAG_DELETED && rec.keywords == 1,
	    "flags and keyword of the name");
	CHECK(index_name(&y, &rec, name), "its name");
	CHECK_STR(str_z(name), STR("2.m,S=4:2,Ta"), "as it was");
	CHECK_NUM(index_find(&y, 21), 2, "the first above a UID");
	CHECK_NUM(index_find(&y, 51), 5, "none");
	CHECK_NUM(index_lock(&y), 1, "locked");
	CHECK(index_dead(&y, dead) && dead[0] == 2, "the dead one");
	index_next_modseq(&y);
	CHECK(index_set_name(&y, &rec, STR("2.m,S=4:2,PS")), "renamed");
	index_put(&y, 1, &rec, true);
	rec = (struct index_record){.uid = 60};
	CHECK(index_append(&y, &rec, STR("6.m"), STR("uidl")), "appended");
	index_unlock(&y);
	CHECK(index_look(&x) && x.head.count == 6 && x.head.changes == 1 &&
		  x.head.unseen == 2 && x.head.deleted == 1,
	    "the first one sees it: one seen, one more unseen");
	CHECK(index_get(&x, 1, &rec) && index_name(&x, &rec, name) &&
		  rec.modseq == x.head.modseq,
	    "its modseq is the highest");
	CHECK_STR(str_z(name), STR("2.m,S=4:2,PS"), "a flag nobody knows");
	CHECK(index_get(&x, 5, &rec) && index_name(&x, &rec, name), "new one");
	CHECK_STR(str_z(name), STR("6.m"), "a bare name");
	index_uidl(&x, &rec, name);
	CHECK_STR(str_z(name), STR("uidl"), "its unique-id");
	index_close(&y);
	index_close(&x);
}

/* How many of the indexes that it makes are no file, or not whole. */
static int
make_many(void)
{
	int wrong = 0;

	for (int i = 0; i < 1000; i++) {
		struct index x, y;
		struct index_record rec;

		make(&x, 50);
		wrong += x.fd < 0;
		if (index_open(&y, dir, INDEX) == 1) {
			wrong += y.head.count != 50 || !index_get(&y, 49, &rec);
			index_close(&y);
		}
		index_close(&x);
		usleep((useconds_t)(rand() % 500));
	}
	return wrong;
}

/* Two make the same index: neither takes the other's file away.  Who finds it
 * in the making each time has none in the end, so a few may be missing. */
static void
test_two_makers(void)
{
	int status = 0, wrong;
	pid_t pid = fork();

	srand(pid == 0);
	wrong = make_many();
	if (pid == 0)
		_exit(wrong > 2);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0 && wrong <= 2,
	    "files, and whole ones");
}

/* Whether a page of the mapping is ours now: /proc/self/pagemap, bit 63. */
static bool
has_memory(const struct index *x)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);
	off_t at = (off_t)((uintptr_t)x->map / (uintptr_t)getpagesize() * 8);

	CHECK(fd >= 0 && pread(fd, &entry, 8, at) == 8, "the map of pages");
	close(fd);
	return entry >> 63;
}

static void
test_rest(void)
{
	struct index_record rec;
	struct index x, alone;
	int files = dir;

	make(&x, 5);
	CHECK_NUM(index_lock(&x), 1, "locked");
	rec = (struct index_record){.uid = 60};
	CHECK(index_append(&x, &rec, STR("6.m"), STR("")), "appended");
	index_unlock(&x);
	CHECK(has_memory(&x), "looked at");
	index_rest(&x);
	CHECK(!has_memory(&x), "given back");
	CHECK(index_look(&x) && x.head.count == 6 && index_get(&x, 5, &rec) &&
		  rec.uid == 60,
	    "and all is there, what was just written too");
	index_close(&x);
	dir = -1;
	make(&alone, 5);
	dir = files;
	CHECK(alone.fd < 0, "no file");
	index_rest(&alone);
	CHECK(index_get(&alone, 4, &rec) && rec.uid == 50, "nothing is lost");
	index_close(&alone);
}

static void
count_change(void *arg, uint32_t r)
{
	uint32_t *sum = arg;

	*sum += r;
}

static void
test_ring(void)
{
	struct index x;
	struct index_record rec;
	uint32_t sum = 0;

	make(&x, 5);
	CHECK_NUM(index_lock(&x), 1, "locked");
	for (int i = 0; i < INDEX_RING; i++) {
		index_next_modseq(&x);
		index_get(&x, (uint32_t)i % 5, &rec);
		index_put(&x, (uint32_t)i % 5, &rec, true);
	}
	CHECK(index_changed(&x, x.head.changes - 4, &sum, count_change) &&
		  sum == 2 + 3 + 4 + 0,
	    "the last four changes");
	CHECK(index_changed(&x, 0, &sum, count_change), "all that fit");
	index_put(&x, 0, &rec, true);
	CHECK(!index_changed(&x, 0, &sum, count_change), "one too many");
	index_unlock(&x);
	index_close(&x);
}

static void
test_modseq(void)
{
	struct index x = {0};
	uint64_t first = index_next_modseq(&x);

	CHECK(first > 1577836800000000, "modseqs are above any of an index "
					"lost before: the time");
	x.head.modseq = UINT64_C(1) << 62;
	CHECK(index_next_modseq(&x) == (UINT64_C(1) << 62) + 1,
	    "and never go back when the clock does");
}

/* Write junk at a place of the file. */
static void
scribble(long at, size_t n, unsigned seed)
{
	int fd = openat(dir, INDEX, O_RDWR);
	unsigned char junk[4096];

	srandom(seed);
	for (size_t i = 0; i < n; i++)
		junk[i] = (unsigned char)random();
	if (fd < 0 || pwrite(fd, junk, n, at) != (ssize_t)n)
		abort();
	close(fd);
}

/* Whether everything in it can be read. */
static bool
whole(struct index *x)
{
	uint32_t dead[64];

	if (index_lock(x) != 1)
		return false;
	for (uint32_t r = 0; r < x->head.count; r++) {
		struct index_record rec;
		char name[NAME_SIZE];

		if (!index_get(x, r, &rec) || !index_base(x, &rec, name))
			break;
	}
	if (!x->bad && x->head.dead <= 64)
		index_dead(x, dead);
	index_unlock(x);
	return !x->bad;
}

static void
test_damage(void)
{
	static const struct {
		long at;
		const char *what;
	} t[] = {{0, "magic"}, {40, "head"}, {4096, "the bits of the dead"},
	    {4096 + 16, "first record"}, {4096 + 16 + 4 * 80, "last record"},
	    {4096 + 16 + 70 * 80 - 40 * 8, "name"}};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct index x, y;

		make(&x, 5);
		CHECK(whole(&x), "whole");
		if (i == 5)
			scribble((long)(x.mapped - 8192 - 20), 8, 1);
		else
			scribble(t[i].at, 8, 1);
		CHECK(!whole(&x), t[i].what);
		CHECK(index_open(&y, dir, INDEX) == 0 || !whole(&y),
		    "and by who opens it");
		index_close(&y);
		index_close(&x);
	}
}

static void
test_cut_off(void)
{
	struct index x, y;
	int fd;

	make(&x, 5);
	fd = openat(dir, INDEX, O_RDWR);
	CHECK(ftruncate(fd, 4096) == 0 && !whole(&x),
	    "cut off under a mapping: no signal kills us");
	CHECK_NUM(index_open(&y, dir, INDEX), 0, "too short");
	CHECK(ftruncate(fd, 0) == 0, "empty");
	CHECK(!index_look(&x), "nor then");
	index_close(&x);
	CHECK_NUM(index_open(&y, dir, INDEX), 0, "empty");
	close(fd);
	make(&x, 1);
	CHECK(!index_replaced(&x), "still there");
	CHECK(unlinkat(dir, INDEX, 0) == 0 && index_replaced(&x), "removed");
	CHECK(index_lock(&x) == 0 && !x.bad, "not to be changed any more");
	CHECK(symlinkat("/etc/passwd", dir, INDEX) == 0 &&
		  index_open(&y, dir, INDEX) == 0,
	    "links are not followed");
	unlinkat(dir, INDEX, 0);
	index_close(&x);
}

/* ------------------------------------------------- with, without, damaged */

enum kind { WITH, WITHOUT, DAMAGED, KINDS };

struct place {
	struct home home;
	struct mailbox m, other; /* two sessions */
	int fd;
};

static struct place places[KINDS];
static unsigned lost; /* views */

static void
place_open(struct place *p, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	if (home_open(&p->home, path, true) < 0 ||
	    folder_create(&p->home, STR("B"), STR("")) < 0 ||
	    mailbox_open(&p->m, &p->home, STR("INBOX"), false) != 1 ||
	    mailbox_open(&p->other, &p->home, STR("INBOX"), true) != 1)
		abort();
	p->fd = p->home.fd;
}

static void
trouble(enum kind kind, unsigned seed)
{
	struct stat st;
	int fd;

	if (kind == WITHOUT)
		unlinkat(places[kind].fd, INDEX, 0);
	if (kind != DAMAGED)
		return;
	fd = openat(places[kind].fd, INDEX, O_RDWR);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < 9000)
		return;
	if (seed % 7 == 0) {
		(void)!ftruncate(fd, seed % st.st_size);
	} else {
		uint64_t junk = seed * UINT64_C(0x9e3779b97f4a7c15);
		off_t at = (off_t)(junk >> 20) % 9000;

		(void)!pwrite(fd, &junk, sizeof(junk), at);
	}
	close(fd);
}

/* What others do: afterwards the directory has a time stamp of its own. */
static void
foreign(struct place *p, unsigned what, size_t i)
{
	char name[NAME_SIZE], to[NAME_SIZE];
	struct name n;
	int where, cur = openat(p->fd, "cur", O_RDONLY | O_DIRECTORY);

	if (mailbox_file(&p->m, i, name, &where)) {
		n = name_parse(str_z(name));
		n.flags ^= FLAG_FLAGGED;
		if (what % 2)
			unlinkat(cur, name, 0);
		else if (name_make(to, &n) == 0)
			renameat(cur, name, cur, to);
	}
	futimens(cur, NULL);
	close(cur);
}

static void
deliver_one(struct place *p, unsigned k)
{
	struct deliver d;
	char base[40];

	snprintf(base, sizeof(base), "%u.Q.h", 1000000000 + k);
	if (deliver_open(&d, &p->home, STR("INBOX"), base) != 1)
		abort();
	deliver_data(&d, "text\r\n", 6);
	if (deliver_commit(&d) != 1)
		abort();
	deliver_close(&d);
}

/* The k-th thing that happens, the same in every place. */
static void
act(struct place *p, unsigned k, unsigned what, size_t i)
{
	struct mailbox_copied pairs[1];
	uint32_t v;
	size_t n;

	switch (p->m.n ? what % 8 : 0) {
	case 0:
	case 1:
		deliver_one(p, k);
		break;
	case 2:
	case 3:
		mailbox_store(&p->m, &i, 1,
		    what & 16 ? STORE_ADD : STORE_REMOVE,
		    FLAG_SEEN | (what & 32 ? FLAG_DELETED : 0), 0);
		break;
	case 4:
		mailbox_expunge(&p->m, NULL);
		break;
	case 5:
		mailbox_copy(&p->m, &i, 1, STR("B"), what & 16, pairs, &n, &v);
		break;
	default:
		foreign(p, what / 16, i);
	}
}

struct view {
	size_t n, recent;
	uint32_t uids[512], flags[512];
};

static void
look(struct mailbox *m, struct view *v)
{
	v->n = m->n;
	v->recent = mailbox_recent(m);
	for (size_t i = 0; i < m->n && i < 512; i++) {
		struct mail mail;

		mailbox_mail(m, i, &mail);
		v->uids[i] = mail.uid;
		v->flags[i] = mail.flags | (mail.gone ? 0x100u : 0);
	}
}

static bool
same(const struct view *a, const struct view *b)
{
	return a->n == b->n && a->recent == b->recent &&
	       memcmp(a->uids, b->uids, a->n * sizeof(*a->uids)) == 0 &&
	       memcmp(a->flags, b->flags, a->n * sizeof(*a->flags)) == 0;
}

/* A client's list of UIDs, kept by what it is told. */
static void
follow(struct mailbox *m, const struct mailbox_changes *c, struct view *v)
{
	for (size_t i = 0; i < c->nexpunged; i++) {
		size_t at = c->expunged[i] - 1;

		v->n--;
		for (; at < v->n; at++)
			v->uids[at] = v->uids[at + 1];
	}
	while (v->n < m->n) {
		v->uids[v->n] = mailbox_uid(m, v->n);
		v->n++;
	}
}

static bool
client_agrees(struct mailbox *m, const struct view *v)
{
	for (size_t i = 0; i < m->n; i++)
		if (v->uids[i] != mailbox_uid(m, i))
			return false;
	return v->n == m->n;
}

/* One step in one place.  False: the client has been told wrong. */
static bool
step(struct place *p, enum kind kind, unsigned k, unsigned what, size_t i)
{
	static struct view client[KINDS];
	struct mailbox_changes c;

	act(p, k, what, i);
	trouble(kind, what);
	if (mailbox_sync(&p->m, k % 3 != 0, &c) < 0)
		return false;
	if (p->m.deleted) {
		/* Too much was damaged: the session ends, a new one comes. */
		mailbox_close(&p->m);
		if (mailbox_open(&p->m, &p->home, STR("INBOX"), false) != 1)
			return false;
		look(&p->m, &client[kind]);
		lost++;
		return true;
	}
	follow(&p->m, &c, &client[kind]);
	return client_agrees(&p->m, &client[kind]);
}

/* Whether the session in a damaged place sees what one does that starts with
 * no index. */
static bool
as_new(struct place *p)
{
	static struct view old, new;
	struct mailbox fresh;

	look(&p->m, &old);
	unlinkat(p->fd, INDEX, 0);
	if (mailbox_open(&fresh, &p->home, STR("INBOX"), true) != 1)
		return false;
	look(&fresh, &new);
	mailbox_close(&fresh);
	new.recent = old.recent;
	return same(&old, &new);
}

static void
test_same(void)
{
	bool told = true, equal = true, others = true;

	place_open(&places[WITH], "with");
	place_open(&places[WITHOUT], "without");
	place_open(&places[DAMAGED], "damaged");
	srandom(20261126);
	for (unsigned k = 0; k < 100 && told && equal; k++) {
		static struct view v[KINDS], o[KINDS];
		unsigned what = (unsigned)random();
		size_t n = places[0].m.n, i = n ? (size_t)random() % n : 0;

		for (enum kind j = WITH; j < KINDS; j++) {
			struct mailbox_changes c;

			told = told && step(&places[j], j, k, what, i);
			look(&places[j].m, &v[j]);
			if (mailbox_sync(&places[j].other, true, &c) < 0)
				others = false;
			if (places[j].other.deleted) {
				lost++;
				mailbox_close(&places[j].other);
				mailbox_open(&places[j].other, &places[j].home,
				    STR("INBOX"), true);
			}
			look(&places[j].other, &o[j]);
		}
		equal = same(&v[WITH], &v[WITHOUT]);
		if (k % 30 == 1)
			equal = equal && as_new(&places[DAMAGED]);
		others = others && o[WITH].n == o[WITHOUT].n;
		if (!told || !equal)
			printf("# step %u, %u, %zu\n", k, what, i);
	}
	CHECK(told, "a client that follows what it is told knows every UID");
	CHECK(equal, "the same messages and flags in all three");
	CHECK(others, "and in second sessions");
	CHECK(lost < 12, "few views are lost to damage");
	printf("# %u views lost\n", lost);
	for (enum kind j = WITH; j < KINDS; j++) {
		mailbox_close(&places[j].m);
		mailbox_close(&places[j].other);
		home_close(&places[j].home);
	}
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

int
main(void)
{
	if (!mkdtemp(root))
		return 1;
	dir = open(root, O_RDONLY | O_DIRECTORY);
	test_records();
	test_two_makers();
	test_rest();
	test_ring();
	test_modseq();
	test_damage();
	test_cut_off();
	test_same();
	close(dir);
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
