/* SPDX-License-Identifier: ISC */
/* yubin maildir stats: counts, sizes, ages and keywords, read from the names
 * of files and yubin-keywords; nothing is written. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "base/json.h"
#include "examine.h"
#include "io/dir.h"
#include "maildir/files.h"
#include "maildir/keywords.h"
#include "maildir/name.h"
#include "maildir/uidlist.h"
#include "msg/flags.h"
#include "show.h"

#define MEMORY ((size_t)2 << 30)

struct stats {
	size_t messages, unseen, flagged, deleted;
	uint64_t octets;
	int64_t oldest_s, newest_s; /* 0 without messages */
	size_t keyworded[KEYWORDS_N];
	const char *keywords[KEYWORDS_N];
	uint32_t uidvalidity, uidnext; /* 0 without a list */
};

/* One message; one that is gone meanwhile is passed over. */
static void
count(struct stats *t, int fd, const char *file)
{
	struct name name = name_parse(str_z(file));
	struct stat st;
	int64_t mtime_s;

	if (!name_usable(str_z(file)) ||
	    fstatat(fd, file, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return;
	mtime_s = (int64_t)st.st_mtime;
	t->messages++;
	t->octets += (uint64_t)st.st_size;
	t->unseen += !(name.flags & FLAG_SEEN);
	t->flagged += (name.flags & FLAG_FLAGGED) != 0;
	t->deleted += (name.flags & FLAG_DELETED) != 0;
	for (int i = 0; i < KEYWORDS_LETTERS; i++)
		t->keyworded[i] += name.letters >> i & 1;
	if (t->messages == 1 || mtime_s < t->oldest_s)
		t->oldest_s = mtime_s;
	if (t->messages == 1 || mtime_s > t->newest_s)
		t->newest_s = mtime_s;
}

/* 0, also when there is no such directory; or -1. */
static int
count_dir(struct stats *t, int folder, const char *dir)
{
	int fd = store_dir(folder, dir);
	struct arena a;
	char **names;
	size_t n;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail("open ", dir);
	arena_init(&a, MEMORY);
	r = dir_list(fd, ".", 0, STORE_FILES_MAX, &a, &names, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		count(t, fd, names[i]);
	arena_free(&a);
	close(fd);
	return r;
}

static void
note_more(void *arg, struct str base, uint64_t bits)
{
	struct file *file = files_find(arg, base);

	if (file)
		file->keywords = bits;
}

/* Keywords that have no letter, when there are any.  0 or -1. */
static int
count_more(struct stats *t, int folder)
{
	int cur = -1, new = -1, r = -1;
	struct arena a;
	struct files f;

	if (!t->keywords[KEYWORDS_LETTERS])
		return 0;
	arena_init_large(&a, MEMORY);
	files_init(&f, &a);
	cur = store_dir(folder, "cur");
	new = store_dir(folder, "new");
	if (cur < 0 || new < 0)
		r = errno == ENOENT ? 0 : fail("open ", "cur");
	else if (files_scan(&f, cur, new, false) == 0)
		r = keywords_more(folder, &f, note_more);
	for (size_t k = 0; k < f.n; k++)
		for (int i = KEYWORDS_LETTERS; i < KEYWORDS_N; i++)
			t->keyworded[i] += f.list[k].keywords >> i & 1;
	arena_free(&a);
	if (cur >= 0)
		close(cur);
	if (new >= 0)
		close(new);
	return r < 0 ? -1 : 0;
}

static int
count_folder(struct stats *t, struct store *s, const struct store_folder *f)
{
	int fd = store_dir(s->home.fd, f->dir);
	struct uidlist u;
	int r;

	*t = (struct stats){0};
	if (fd < 0)
		return fail("open ", f->dir);
	uidlist_init(&u);
	r = keywords_load(fd, &s->a, t->keywords);
	if (r == 0 && uidlist_load(&u, fd) > 0) {
		t->uidvalidity = u.uidvalidity;
		t->uidnext = u.uidnext;
	}
	if (r == 0)
		r = count_dir(t, fd, "new");
	if (r == 0)
		r = count_dir(t, fd, "cur");
	if (r == 0)
		r = count_more(t, fd);
	uidlist_free(&u);
	close(fd);
	return r;
}

static void
add(struct stats *sum, const struct stats *t)
{
	if (t->messages && (!sum->messages || t->oldest_s < sum->oldest_s))
		sum->oldest_s = t->oldest_s;
	if (t->messages && (!sum->messages || t->newest_s > sum->newest_s))
		sum->newest_s = t->newest_s;
	sum->messages += t->messages;
	sum->unseen += t->unseen;
	sum->flagged += t->flagged;
	sum->deleted += t->deleted;
	sum->octets += t->octets;
}

/* ---------------------------------------------------------------- printing */

static void
day(char to[SHOW_TIME], const struct stats *t, int64_t s)
{
	show_time(to, s, false);
	to[10] = '\0';
	if (!t->messages)
		memcpy(to, "-", 2);
}

static void
print_row(const struct stats *t, struct str name)
{
	char oldest[SHOW_TIME], newest[SHOW_TIME];

	day(oldest, t, t->oldest_s);
	day(newest, t, t->newest_s);
	printf("%9zu %9zu %14llu  %-10s  %-10s  ", t->messages, t->unseen,
	    (unsigned long long)t->octets, oldest, newest);
	show_str(stdout, name);
	printf("\n");
}

static void
print_keywords(const struct stats *t)
{
	for (int i = 0; i < KEYWORDS_N; i++) {
		if (!t->keywords[i])
			continue;
		printf("%9zu  with the keyword ", t->keyworded[i]);
		show_str(stdout, str_z(t->keywords[i]));
		printf("\n");
	}
}

static void
print_json(const struct stats *t, struct str name)
{
	struct buf b;

	buf_init(&b, 65536);
	json_begin(&b, '{');
	json_key_str(&b, "folder", name);
	json_key_num(&b, "messages", (int64_t)t->messages);
	json_key_num(&b, "unseen", (int64_t)t->unseen);
	json_key_num(&b, "flagged", (int64_t)t->flagged);
	json_key_num(&b, "deleted", (int64_t)t->deleted);
	json_key_num(&b, "octets", (int64_t)t->octets);
	if (t->messages) {
		char stamp[SHOW_TIME];

		show_stamp(stamp, t->oldest_s * 1000000);
		json_key_str(&b, "oldest", str_z(stamp));
		show_stamp(stamp, t->newest_s * 1000000);
		json_key_str(&b, "newest", str_z(stamp));
	}
	if (t->uidvalidity) {
		json_key_num(&b, "uidvalidity", t->uidvalidity);
		json_key_num(&b, "uidnext", t->uidnext);
	}
	json_key(&b, STR("keywords"));
	json_begin(&b, '{');
	for (int i = 0; i < KEYWORDS_N; i++)
		if (t->keywords[i])
			json_key_num(
			    &b, t->keywords[i], (int64_t)t->keyworded[i]);
	json_end(&b, '}');
	json_end(&b, '}');
	show_json(&b);
	buf_free(&b);
}

int
stats_run(struct store *s, bool json)
{
	struct stats t, sum = {0};

	if (!json)
		printf(" messages    unseen         octets  oldest      newest"
		       "      folder\n");
	for (size_t i = 0; i < s->nfolders; i++) {
		if (count_folder(&t, s, &s->folders[i]) < 0)
			return failed(s->folders[i].dir);
		add(&sum, &t);
		if (json) {
			print_json(&t, s->folders[i].name);
			continue;
		}
		print_row(&t, s->folders[i].name);
		print_keywords(&t);
	}
	if (!json && s->nfolders > 1)
		print_row(&sum, STR("together"));
	return 0;
}
