/* SPDX-License-Identifier: ISC */
/* The file dovecot-keywords. */
#include "maildir/keywords.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/num.h"
#include "io/file.h"
#include "maildir/dotlock.h"

#define NAME_MOST 200
#define TEXT_MOST 65536

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

void
keywords_parse(struct str text, struct arena *a, const char *names[KEYWORDS_N])
{
	struct str line;

	memset(names, 0, KEYWORDS_N * sizeof(*names));
	while (str_cut(&text, '\n', &line)) {
		struct str index;
		uint64_t i;

		if (!str_cut(&line, ' ', &index) || !line.p ||
		    num_scan(index, KEYWORDS_N - 1, &i) < 0 ||
		    !keywords_valid(line) || names[i] ||
		    keywords_find(names, line) >= 0)
			continue;
		names[i] = arena_z(a, line);
	}
}

int
keywords_load(int dirfd, struct arena *a, const char *names[KEYWORDS_N])
{
	struct buf b;
	int r;

	buf_init(&b, TEXT_MOST);
	r = file_read(dirfd, KEYWORDS, &b);
	if (r == 0 || errno == ENOENT || errno == EFBIG) {
		keywords_parse(buf_slice(&b), a, names);
		r = 0;
	}
	buf_free(&b);
	return r;
}

static int
save(int dirfd, const char *const names[KEYWORDS_N])
{
	struct buf b;
	int r;

	buf_init(&b, TEXT_MOST);
	for (int i = 0; i < KEYWORDS_N; i++)
		if (names[i])
			buf_fmt(&b, "%d %s\n", i, names[i]);
	r = file_replace(dirfd, KEYWORDS, buf_slice(&b), 0600);
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
	int i;

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
	if (save(dirfd, names) < 0) {
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
	if (dotlock_take(&lock, dirfd, KEYWORDS ".lock") < 0)
		return -1;
	i = add(dirfd, a, names, name);
	dotlock_release(&lock);
	return i;
}
