/* SPDX-License-Identifier: ISC */
/* The file maildirsize. */
#define _GNU_SOURCE
#include "maildir/quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/num.h"
#include "base/now.h"
#include "io/dir.h"
#include "io/file.h"
#include "maildir/folder_disk.h"
#include "maildir/home.h"
#include "maildir/name.h"

#define FILE_NAME "maildirsize"
#define NUMBER_MAX ((uint64_t)1 << 60)
#define COUNTS 3 /* tries while others change things */
#define ARENA_MAX ((size_t)64 << 20)

int
quota_parse(struct str text, struct quota_limit *l)
{
	struct str item;
	uint64_t v;

	*l = (struct quota_limit){.told = text.n > 0};
	while (text.n && str_cut(&text, ',', &item)) {
		item = str_trim(item);
		/* Other letters are for what may be counted one day. */
		if (item.n < 2 || !ascii_isupper(item.p[item.n - 1]) ||
		    num_scan(str_to(item, item.n - 1), NUMBER_MAX, &v) < 0) {
			errno = EINVAL;
			return -1;
		}
		if (item.p[item.n - 1] == 'S')
			l->storage = v;
		else if (item.p[item.n - 1] == 'C')
			l->messages = v;
	}
	return 0;
}

bool
quota_on(const struct quota *q)
{
	return q && (q->limit.storage || q->limit.messages);
}

/* --------------------------------------------------------------- reading */

struct record {
	struct quota_limit limit;
	int64_t bytes, count;
	int64_t mtime_s;
};

/* A number that may be negative, with blanks in front. */
static bool
signed_number(struct str *line, int64_t *v)
{
	struct str s = str_trim(*line), digits;
	bool minus = s.n && s.p[0] == '-';
	uint64_t u;

	s = str_from(s, minus);
	digits = str_to(s, str_find(s, ' '));
	*line = str_from(s, digits.n);
	if (num_scan(digits, NUMBER_MAX, &u) < 0)
		return false;
	*v = minus ? -(int64_t)u : (int64_t)u;
	return true;
}

/* A half-written line, or one of another program that we do not understand,
 * makes all of it worthless. */
static bool
parse(struct str text, struct record *r)
{
	struct str line;
	int64_t bytes, count;

	*r = (struct record){0};
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return false;
	text.n--;
	if (!str_cut(&text, '\n', &line) || quota_parse(line, &r->limit) < 0 ||
	    !text.p)
		return false;
	while (str_cut(&text, '\n', &line)) {
		if (!signed_number(&line, &bytes) ||
		    !signed_number(&line, &count))
			return false;
		r->bytes += bytes;
		r->count += count;
		if (r->bytes > (int64_t)NUMBER_MAX ||
		    r->bytes < -(int64_t)NUMBER_MAX)
			return false;
	}
	return r->bytes >= 0 && r->count >= 0;
}

/* False: it must be made anew. */
static bool
read_record(const struct home *h, struct record *r)
{
	char text[QUOTA_FILE_MAX];
	struct stat st;
	ssize_t n = -1;
	int fd = openat(h->fd, FILE_NAME, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0)
		n = file_read_at(fd, text, sizeof(text), 0);
	close(fd);
	if (n < 0 || n == QUOTA_FILE_MAX ||
	    !parse(str_make(text, (size_t)n), r))
		return false;
	r->mtime_s = (int64_t)st.st_mtime;
	return true;
}

/* -------------------------------------------------------------- counting */

static int
count_file(int dirfd, const char *name, struct quota_used *u)
{
	struct str s = str_z(name);
	struct stat st;
	uint64_t size;

	if (!name_usable(s))
		return 0;
	if (!name_size(str_to(s, name_base(s)), 'S', &size)) {
		if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT ? 0 : -1;
		if (!S_ISREG(st.st_mode))
			return 0;
		size = (uint64_t)st.st_size;
	}
	u->storage += size;
	u->messages++;
	return 0;
}

/* One cur or new; *newest: the time of its last change. */
static int
count_dir(const struct home *h, const char *path, struct quota_used *u,
    int64_t *newest)
{
	int fd = openat(h->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;
	struct stat st;
	DIR *dir;
	int r = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -1;
	}
	if (fstat(fd, &st) == 0) {
		int64_t ns = (int64_t)st.st_mtim.tv_sec * 1000000000 +
		             st.st_mtim.tv_nsec;

		*newest = ns > *newest ? ns : *newest;
	}
	while (r == 0 && u && (e = readdir(dir)))
		r = count_file(fd, e->d_name, u);
	closedir(dir);
	return r;
}

/* u NULL: only when something was last changed. */
static int
count_all(const struct home *h, struct quota_used *u, int64_t *newest)
{
	char path[NAME_MAX + 8], **names;
	struct arena a;
	size_t n;
	int r;

	arena_init(&a, ARENA_MAX);
	r = dir_list(h->fd, ".", 1, FOLDERS_MAX, &a, &names, &n);
	*newest = 0;
	if (u)
		*u = (struct quota_used){0};
	for (size_t i = 0; r == 0 && i <= n; i++) {
		const char *dir = i < n ? names[i] : ".";

		if (i < n && (dir[0] != '.' || dir[1] == '.'))
			continue;
		snprintf(path, sizeof(path), "%s/cur", dir);
		r = count_dir(h, path, u, newest);
		snprintf(path, sizeof(path), "%s/new", dir);
		if (r == 0)
			r = count_dir(h, path, u, newest);
	}
	arena_free(&a);
	return r;
}

/* A new file, not synced: when power fails it is wrong or empty, and made
 * anew. */
static int
write_record(const struct quota *q, const struct quota_used *u)
{
	char unique[NAME_SIZE], path[NAME_SIZE + 4];
	struct buf b;
	int fd, r;

	name_unique(unique);
	snprintf(path, sizeof(path), "tmp/%s", unique);
	buf_init(&b, 200);
	buf_fmt(&b, "%lluS", (unsigned long long)q->limit.storage);
	if (q->limit.messages)
		buf_fmt(&b, ",%lluC", (unsigned long long)q->limit.messages);
	buf_fmt(&b, "\n%llu %llu\n", (unsigned long long)u->storage,
	    (unsigned long long)u->messages);
	fd = openat(
	    q->home->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? -1 : file_write(fd, b.p, b.n);
	if (fd >= 0 && close(fd) < 0)
		r = -1;
	if (r == 0)
		r = renameat(q->home->fd, path, q->home->fd, FILE_NAME);
	if (r < 0 && fd >= 0)
		unlinkat(q->home->fd, path, 0);
	buf_free(&b);
	return r;
}

/* That the file cannot be written is no reason not to know. */
static int
recount(struct quota *q, struct quota_used *u)
{
	int64_t before, after;

	for (int i = 0; i < COUNTS; i++) {
		if (count_all(q->home, u, &before) < 0 ||
		    count_all(q->home, NULL, &after) < 0)
			return fail("count ", q->home->path);
		if (before == after)
			break;
	}
	q->bytes = q->count = 0;
	q->unsure = false;
	if (!q->looks && write_record(q, u) < 0)
		fail("write ", FILE_NAME);
	return 0;
}

static bool
stale(const struct quota *q, const struct record *r)
{
	int64_t newest;

	return now_wall_s() - r->mtime_s > QUOTA_STALE_S &&
	       count_all(q->home, NULL, &newest) == 0 &&
	       newest / 1000000000 >= r->mtime_s;
}

/* What the file says.  False: nothing useful. */
static bool
known(struct quota *q, struct record *r)
{
	quota_flush(q);
	return read_record(q->home, r) &&
	       r->limit.storage == q->limit.storage &&
	       r->limit.messages == q->limit.messages;
}

/* ---------------------------------------------------------------- public */

void
quota_open(struct quota *q, const struct home *h, const struct quota_limit *l)
{
	struct record r;

	*q = (struct quota){.home = h, .limit = *l};
	if (!l->told && read_record(h, &r))
		q->limit = r.limit;
}

int
quota_use(struct quota *q, struct quota_used *used)
{
	struct record r;

	if (!known(q, &r) || stale(q, &r))
		return recount(q, used);
	*used = (struct quota_used){(uint64_t)r.bytes, (uint64_t)r.count};
	return 0;
}

static bool
fits(const struct quota *q, const struct quota_used *u, uint64_t bytes,
    uint64_t count)
{
	return (!q->limit.storage || u->storage + bytes <= q->limit.storage) &&
	       (!q->limit.messages || u->messages + count <= q->limit.messages);
}

int
quota_room(struct quota *q, uint64_t bytes, uint64_t count)
{
	struct quota_used u;
	struct record r;

	if (!quota_on(q))
		return 1;
	if (known(q, &r)) {
		u = (struct quota_used){(uint64_t)r.bytes, (uint64_t)r.count};
		if (fits(q, &u, bytes, count))
			return 1;
	}
	if (recount(q, &u) < 0)
		return -1;
	return fits(q, &u, bytes, count);
}

void
quota_note(struct quota *q, struct str name, int by)
{
	uint64_t size;

	if (!q)
		return;
	if (name_size(str_to(name, name_base(name)), 'S', &size))
		q->bytes += by * (int64_t)size;
	else
		q->unsure = true;
	q->count += by;
}

void
quota_note_unknown(struct quota *q)
{
	if (q)
		q->unsure = true;
}

void
quota_flush(struct quota *q)
{
	char line[64];
	int fd, n;

	if (!q || (!q->bytes && !q->count && !q->unsure))
		return;
	/* Without a limit nobody keeps it up to date. */
	if (q->unsure || !quota_on(q)) {
		unlinkat(q->home->fd, FILE_NAME, 0);
		n = 0;
	} else {
		n = snprintf(line, sizeof(line), "%lld %lld\n",
		    (long long)q->bytes, (long long)q->count);
	}
	q->bytes = q->count = 0;
	q->unsure = false;
	fd = n ? openat(q->home->fd, FILE_NAME, O_WRONLY | O_APPEND | O_CLOEXEC)
	       : -1;
	if (fd < 0)
		return;
	if (file_write(fd, line, (size_t)n) < 0)
		unlinkat(q->home->fd, FILE_NAME, 0);
	close(fd);
}
