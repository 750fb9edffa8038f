/* SPDX-License-Identifier: ISC */
/* The files dovecot-keywords and yubin-keywords. */
#define _GNU_SOURCE
#include "maildir/keywords.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/now.h"
#include "base/num.h"
#include "io/file.h"
#include "maildir/dotlock.h"

#define NAME_MOST 200
#define TEXT_MOST 65536
#define MORE_MOST ((size_t)1 << 28)
#define LOCK KEYWORDS ".lock"
#define QUIET_S 60

bool
keywords_valid(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (ascii_iscntrl(name.p[i]) || ascii_ishigh(name.p[i]) ||
		    strchr(" (){%*\"\\]", name.p[i]))
			return false;
	return name.n > 0 && name.n <= NAME_MOST;
}

int
keywords_find(const char *const names[KEYWORDS_N], struct str name)
{
	for (int i = 0; i < KEYWORDS_N; i++)
		if (names[i] && str_ieq(str_z(names[i]), name))
			return i;
	return -1;
}

/* The names of from up to below to. */
static void
parse(struct str text, struct arena *a, const char *names[KEYWORDS_N], int from,
    int to)
{
	struct str line;

	while (str_cut(&text, '\n', &line)) {
		struct str index;
		uint64_t i;

		if (!str_cut(&line, ' ', &index) || !line.p ||
		    num_scan(index, (uint64_t)to - 1, &i) < 0 ||
		    (int)i < from || !keywords_valid(line) || names[i] ||
		    keywords_find(names, line) >= 0)
			continue;
		names[i] = arena_z(a, line);
	}
}

void
keywords_parse(struct str text, struct arena *a, const char *names[KEYWORDS_N])
{
	memset((void *)names, 0, KEYWORDS_N * sizeof(*names));
	parse(text, a, names, 0, KEYWORDS_LETTERS);
}

static int
load_one(int dirfd, const char *file, size_t most, struct arena *a,
    const char *names[KEYWORDS_N], int from, int to)
{
	struct buf b;
	int r;

	buf_init(&b, most);
	r = file_read(dirfd, file, &b);
	if (r == 0)
		parse(buf_slice(&b), a, names, from, to);
	else if (errno == ENOENT || errno == EFBIG)
		r = 0;
	buf_free(&b);
	return r;
}

int
keywords_load(int dirfd, struct arena *a, const char *names[KEYWORDS_N])
{
	const char *found[KEYWORDS_N] = {NULL};

	if (load_one(
		dirfd, KEYWORDS, TEXT_MOST, a, found, 0, KEYWORDS_LETTERS) < 0)
		return -1;
	/* The others are given only when there is no letter left. */
	if (found[KEYWORDS_LETTERS - 1] &&
	    load_one(dirfd, KEYWORDS_MORE, MORE_MOST, a, found,
		KEYWORDS_LETTERS, KEYWORDS_N) < 0)
		return -1;
	memcpy((void *)names, found, sizeof(found));
	return 0;
}

static int
save(int dirfd, const char *const names[KEYWORDS_N])
{
	struct buf b;
	int r;

	buf_init(&b, TEXT_MOST);
	for (int i = 0; i < KEYWORDS_LETTERS; i++)
		if (names[i])
			buf_fmt(&b, "%d %s\n", i, names[i]);
	r = file_replace(dirfd, KEYWORDS, buf_slice(&b), 0600);
	buf_free(&b);
	return r;
}

static int
append(int dirfd, struct str lines)
{
	int fd = openat(dirfd, KEYWORDS_MORE,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return fail("open ", KEYWORDS_MORE);
	r = file_write(fd, lines.p, lines.n);
	if (close(fd) < 0 || r < 0)
		return fail("write ", KEYWORDS_MORE);
	return 0;
}

/* A name beyond the letters. */
static int
save_more(int dirfd, int i, const char *name)
{
	struct buf b;
	int r;

	buf_init(&b, TEXT_MOST);
	buf_fmt(&b, "%d %s\n", i, name);
	r = append(dirfd, buf_slice(&b));
	buf_free(&b);
	return r;
}

bool
keywords_full(const char *const names[KEYWORDS_N])
{
	for (int i = 0; i < KEYWORDS_N; i++)
		if (!names[i])
			return false;
	return true;
}

/* Under the lock. */
static int
add(int dirfd, struct arena *a, const char *names[KEYWORDS_N], struct str name)
{
	int i, r;

	if (keywords_load(dirfd, a, names) < 0)
		return -1;
	i = keywords_find(names, name);
	if (i >= 0)
		return i;
	for (i = 0; i < KEYWORDS_N && names[i];)
		i++;
	if (i == KEYWORDS_N) {
		errno = ENOSPC;
		return -1;
	}
	names[i] = arena_z(a, name);
	r = i < KEYWORDS_LETTERS ? save(dirfd, names)
	                         : save_more(dirfd, i, names[i]);
	if (r < 0) {
		names[i] = NULL;
		return -1;
	}
	return i;
}

int
keywords_add(
    int dirfd, struct arena *a, const char *names[KEYWORDS_N], struct str name)
{
	struct dotlock lock;
	int i = keywords_find(names, name);

	if (i >= 0)
		return i;
	if (!keywords_valid(name)) {
		errno = EINVAL;
		return -1;
	}
	if (dotlock_take(&lock, dirfd, LOCK) < 0)
		return -1;
	i = add(dirfd, a, names, name);
	dotlock_release(&lock);
	return i;
}

/* ------------------------------------------------------ beyond the letters */

void
keywords_more_line(struct buf *b, struct str base, uint64_t bits)
{
	buf_fmt(b, "=%llx ", (unsigned long long)(bits >> KEYWORDS_LETTERS));
	buf_str(b, base);
	buf_chr(b, '\n');
}

/* A line of a message.  False: it is another. */
static bool
parse_line(struct str line, struct str *base, uint64_t *bits)
{
	struct str hex;

	if (!line.n || line.p[0] != '=' || !str_cut(&line, ' ', &hex) ||
	    !line.p || !line.n ||
	    num_scan_hex(
		str_from(hex, 1), UINT64_MAX >> KEYWORDS_LETTERS, bits) < 0)
		return false;
	*bits <<= KEYWORDS_LETTERS;
	*base = line;
	return true;
}

int
keywords_more(int dirfd, void *arg,
    void (*each)(void *arg, struct str base, uint64_t bits))
{
	struct buf b;
	struct str text, line, base;
	uint64_t bits;
	int r;

	buf_init(&b, MORE_MOST);
	r = file_read(dirfd, KEYWORDS_MORE, &b);
	text = buf_slice(&b);
	while (r == 0 && str_cut(&text, '\n', &line))
		if (parse_line(line, &base, &bits))
			each(arg, base, bits);
	buf_free(&b);
	if (r < 0)
		return errno == ENOENT || errno == EFBIG ? 0 : -1;
	return 1;
}

int
keywords_more_add(int dirfd, struct str lines)
{
	struct dotlock lock;
	int r;

	if (dotlock_take(&lock, dirfd, LOCK) < 0)
		return -1;
	r = append(dirfd, lines);
	dotlock_release(&lock);
	return r;
}

/* What is worth keeping of the text. */
static void
sift(struct str text, struct buf *kept, void *arg,
    bool (*keep)(void *arg, struct str base, uint64_t bits))
{
	struct str line, base;
	uint64_t bits;

	while (str_cut(&text, '\n', &line)) {
		if (parse_line(line, &base, &bits) && !keep(arg, base, bits))
			continue;
		if (!line.n)
			continue;
		buf_str(kept, line);
		buf_chr(kept, '\n');
	}
}

void
keywords_more_shrink(int dirfd, void *arg,
    bool (*keep)(void *arg, struct str base, uint64_t bits))
{
	struct dotlock lock;
	struct buf b, kept;
	struct stat st;

	if (dotlock_take(&lock, dirfd, LOCK) < 0)
		return;
	buf_init(&b, MORE_MOST);
	buf_init(&kept, MORE_MOST);
	if (fstatat(dirfd, KEYWORDS_MORE, &st, 0) == 0 &&
	    now_wall_s() - (int64_t)st.st_mtime > QUIET_S &&
	    file_read(dirfd, KEYWORDS_MORE, &b) == 0) {
		sift(buf_slice(&b), &kept, arg, keep);
		if (!kept.over)
			(void)!file_replace(
			    dirfd, KEYWORDS_MORE, buf_slice(&kept), 0600);
	}
	buf_free(&b);
	buf_free(&kept);
	dotlock_release(&lock);
}
