/* SPDX-License-Identifier: ISC */
/* The file dovecot-uidlist. */
#define _GNU_SOURCE
#include "maildir/uidlist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/num.h"
#include "base/now.h"
#include "base/scan.h"
#include "io/file.h"
#include "maildir/courier.h"
#include "maildir/name.h"

#define TEXT_MAX ((size_t)1 << 30)
#define MEMORY ARENA_GIGA(8)
#define HEADER_MOST 100 /* octets, without what it kept */
#define AHEAD 8         /* entries */
#define LINE_MORE 15    /* beside the fields and the base */
#define MORE 65536      /* it grew while it was read */
#define YOUNG_NS 2000000000

void
uidlist_init(struct uidlist *u)
{
	*u = (struct uidlist){.uidnext = 1};
	arena_init_large(&u->memory, MEMORY);
}

void
uidlist_free(struct uidlist *u)
{
	arena_free(&u->memory);
	uidlist_init(u);
}

static void
grow(struct uidlist *u, size_t room)
{
	u->list = arena_grow(&u->memory, u->list, u->n * sizeof(*u->list),
	    room * sizeof(*u->list));
	u->room = room;
}

void
uidlist_expect(struct uidlist *u, size_t n)
{
	if (n > u->room - u->n)
		grow(u, u->n + n);
}

static void
push(struct uidlist *u, struct uidlist_entry e)
{
	if (u->n == u->room)
		grow(u, u->room ? u->room * 2 : 64);
	u->list[u->n++] = e;
	if (e.uid >= u->uidnext)
		u->uidnext = e.uid + 1;
}

/* "V123": a number of 1 to UID_MAX. */
static bool
number(struct str text, uint32_t most, uint32_t *v)
{
	uint64_t wide;

	if (num_scan(text, most, &wide) < 0 || wide == 0)
		return false;
	*v = (uint32_t)wide;
	return true;
}

/* "1 <uidvalidity> <next uid>" */
static bool
header1(struct uidlist *u, struct str line)
{
	struct str validity, next;

	return str_cut(&line, ' ', &validity) && str_cut(&line, ' ', &next) &&
	       number(validity, UINT32_MAX, &u->uidvalidity) &&
	       number(next, UIDLIST_UID_MAX, &u->uidnext);
}

/* "3 V<uidvalidity> N<next uid> …" */
static bool
header3(struct uidlist *u, struct str line)
{
	struct str field;

	while (str_cut(&line, ' ', &field)) {
		struct str value = str_from(field, 1);

		if (field.n && field.p[0] == 'V') {
			if (!number(value, UINT32_MAX, &u->uidvalidity))
				return false;
		} else if (field.n && field.p[0] == 'N') {
			if (!number(value, UIDLIST_UID_MAX, &u->uidnext))
				return false;
		} else if (field.n) {
			/* Ours and Dovecot's order puts all others last. */
			size_t left = line.p ? line.n + 1 : 0;

			u->header = str_make(field.p, field.n + left);
			break;
		}
	}
	return u->uidvalidity != 0;
}

static bool
header(struct uidlist *u, struct str line)
{
	struct str version;

	if (!str_cut(&line, ' ', &version) || !line.p)
		return false;
	if (str_eq(version, STR("1"))) {
		u->rewrite = true;
		return header1(u, line);
	}
	return str_eq(version, STR("3")) && header3(u, line);
}

/* "<letter><value> …" up to " :" or, without any, ":"; version 1 has none. */
static bool
fields(struct scan *s, struct str *out)
{
	const char *start = s->p;

	*out = str_make(start, 0);
	while (!scan_try(s, ':')) {
		if (scan_peek(s) < 'A' || scan_peek(s) > 'Z')
			return false;
		scan_until(s, ' ');
		*out = str_make(start, (size_t)(s->p - start));
		if (!scan_need(s, ' ', "no name"))
			return false;
	}
	return true;
}

static bool
entry(struct uidlist_entry *e, struct str line, bool v1)
{
	struct scan s = scan_make(line);
	struct str name;
	uint64_t uid;

	if (!scan_num(&s, UIDLIST_UID_MAX - 1, &uid) || uid == 0 ||
	    !scan_need(&s, ' ', "no name"))
		return false;
	e->fields = str_make(s.p, 0);
	if (!v1 && !fields(&s, &e->fields))
		return false;
	e->uid = (uint32_t)uid;
	name = scan_rest(&s);
	e->base = str_to(name, name_usable(name));
	return e->base.n > 0;
}

static size_t
lines(struct str text)
{
	size_t n = 0;
	struct str line;

	while (str_cut(&text, '\n', &line))
		n++;
	return n;
}

int
uidlist_parse(struct uidlist *u, struct str text)
{
	size_t lf = str_find(text, '\n');
	uint32_t last = 0;
	bool v1 = str_starts(text, STR("1 "));

	u->n = 0;
	u->uidvalidity = 0;
	u->uidnext = 1;
	u->header = STR("");
	u->rewrite = false;
	if (lf == text.n || !header(u, str_to(text, lf))) {
		u->uidvalidity = 0;
		return -1;
	}
	text = str_from(text, lf + 1);
	uidlist_expect(u, lines(text));
	while (text.n) {
		struct uidlist_entry e = {0};

		lf = str_find(text, '\n');
		if (lf == text.n) {
			u->rewrite = true;
			break;
		}
		if (entry(&e, str_to(text, lf), v1) && e.uid > last) {
			push(u, e);
			last = e.uid;
		} else {
			u->rewrite = true;
		}
		text = str_from(text, lf + 1);
	}
	return 0;
}

static int64_t
mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

void
uidlist_stamp(struct uidlist_stamp *stamp, const struct stat *st)
{
	*stamp = (struct uidlist_stamp){.dev = st->st_dev,
	    .ino = st->st_ino,
	    .size = (uint64_t)st->st_size,
	    .mtime_ns = mtime_ns(st)};
}

/* What another process wrote just now may not be durable yet. */
static bool
young(const struct uidlist_stamp *stamp)
{
	return now_wall_us() * 1000 - stamp->mtime_ns < YOUNG_NS;
}

/* Read the open file. */
static int
read_text(struct uidlist *u, int fd, struct str *text)
{
	struct stat st;
	char *p = NULL;
	size_t n = 0, room;

	if (fstat(fd, &st) < 0)
		return -1;
	uidlist_stamp(&u->stamp, &st);
	room = (size_t)st.st_size + 1;
	for (;; room += MORE) {
		ssize_t got;

		if (room > TEXT_MAX) {
			errno = EFBIG;
			return -1;
		}
		p = arena_grow(&u->memory, p, n, room);
		got = file_read_at(fd, p + n, room - n, FILE_HERE);
		/* Half a list would be taken for a damaged one. */
		if (got < 0)
			return -1;
		n += (size_t)got;
		if (n < room)
			break;
	}
	u->stamp.size = n;
	*text = str_make(p, n);
	/* We are going to tell clients about it. */
	return young(&u->stamp) ? fdatasync(fd) : 0;
}

int
uidlist_load(struct uidlist *u, int dirfd)
{
	struct str text;
	int fd, err = 0;

	uidlist_free(u);
	fd = openat(dirfd, UIDLIST, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		fd = openat(dirfd, COURIER_UIDS, O_RDONLY | O_CLOEXEC);
		u->courier = fd >= 0;
	}
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("open ", UIDLIST);
	if (read_text(u, fd, &text) < 0)
		err = errno;
	close(fd);
	errno = err;
	if (err)
		return fail("read ", UIDLIST);
	return uidlist_parse(u, text) == 0;
}

int
uidlist_settle(const struct uidlist_stamp *stamp, int dirfd)
{
	int fd, r;

	if (!young(stamp))
		return 0;
	fd = openat(dirfd, UIDLIST, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("open ", UIDLIST);
	r = fdatasync(fd) < 0 ? fail("sync ", UIDLIST) : 0;
	close(fd);
	return r;
}

bool
uidlist_fresh(const struct uidlist_stamp *stamp, int dirfd)
{
	struct stat st;

	if (fstatat(dirfd, UIDLIST, &st, 0) < 0)
		return stamp->ino == 0;
	return stamp->dev == st.st_dev && stamp->ino == st.st_ino &&
	       stamp->size == (uint64_t)st.st_size &&
	       stamp->mtime_ns == mtime_ns(&st);
}

void
uidlist_continue(struct uidlist *u, uint32_t uidvalidity, uint32_t uidnext,
    const struct uidlist_stamp *stamp)
{
	uidlist_init(u);
	u->uidvalidity = uidvalidity;
	u->uidnext = uidnext;
	u->stamp = *stamp;
}

uint32_t
uidlist_add(struct uidlist *u, struct str base)
{
	uint32_t uid = u->uidnext;

	push(u, (struct uidlist_entry){
		    .uid = uid, .fields = STR(""), .base = base});
	return uid;
}

static void
print_entry(struct buf *b, const struct uidlist_entry *e)
{
	buf_num(b, e->uid);
	buf_chr(b, ' ');
	if (e->fields.n) {
		buf_str(b, e->fields);
		buf_chr(b, ' ');
	}
	buf_chr(b, ':');
	buf_str(b, e->base);
	buf_chr(b, '\n');
}

static void
print_header(struct buf *b, const struct uidlist *u)
{
	buf_fmt(b, "3 V%u N%u ", u->uidvalidity, u->uidnext);
	if (u->header.n) {
		buf_str(b, u->header);
	} else {
		uint64_t id[2];

		if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
			die(EXIT_TEMP);
		buf_fmt(b, "G%016llx%016llx", (unsigned long long)id[0],
		    (unsigned long long)id[1]);
	}
	buf_chr(b, '\n');
}

/* More octets than these entries and the header take. */
static size_t
text_most(const struct uidlist *u, size_t from)
{
	size_t n = HEADER_MOST + u->header.n;

	for (size_t i = from; i < u->n; i++)
		n += LINE_MORE + u->list[i].fields.n + u->list[i].base.n;
	return n < TEXT_MAX ? n : TEXT_MAX;
}

static int
append(int dirfd, struct str text)
{
	int fd = openat(dirfd, UIDLIST, O_WRONLY | O_APPEND | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return fail("open ", UIDLIST);
	if (file_write(fd, text.p, text.n) < 0 || fdatasync(fd) < 0)
		err = errno;
	if (close(fd) < 0 && !err)
		err = errno;
	errno = err;
	return err ? fail("write ", UIDLIST) : 0;
}

int
uidlist_save(struct uidlist *u, int dirfd, size_t from)
{
	struct buf b;
	struct stat st;
	size_t most;
	int r;

	if (!u->rewrite && from == u->n)
		return 0;
	if (u->rewrite)
		from = 0;
	most = text_most(u, from);
	buf_fixed(&b, arena_room(&u->memory, most), most);
	if (u->rewrite)
		print_header(&b, u);
	for (size_t i = from; i < u->n; i++) {
		uidlist_ahead(u, i);
		print_entry(&b, &u->list[i]);
	}
	if (b.over) {
		errno = EFBIG;
		r = fail("write ", UIDLIST);
	} else if (u->rewrite) {
		r = file_replace(dirfd, UIDLIST, buf_slice(&b), 0600);
	} else {
		r = append(dirfd, buf_slice(&b));
	}
	if (r == 0 && fstatat(dirfd, UIDLIST, &st, 0) == 0)
		uidlist_stamp(&u->stamp, &st);
	if (r == 0)
		u->rewrite = false;
	return r;
}

void
uidlist_ahead(const struct uidlist *u, size_t i)
{
	const struct uidlist_entry *e;

	if (i + AHEAD >= u->n)
		return;
	e = &u->list[i + AHEAD];
	__builtin_prefetch(e->base.p);
	__builtin_prefetch(e->base.p + e->base.n);
}

struct str
uidlist_field(const struct uidlist_entry *e, char letter)
{
	struct str rest = e->fields, field;

	while (str_cut(&rest, ' ', &field))
		if (field.n && field.p[0] == letter)
			return str_from(field, 1);
	return (struct str){NULL, 0};
}
