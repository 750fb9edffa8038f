/* SPDX-License-Identifier: ISC */
/* Penalties as files.  Their octet 0 is the lock on the record, octets 1 to
 * SLOW_TRIES are the places of the tries under way (io/lock.h); the account's
 * file in logins/ has such places too. */
#define _GNU_SOURCE
#include "users/slow.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/crc32c.h"
#include "base/now.h"
#include "base/scan.h"
#include "io/dir.h"
#include "io/file.h"
#include "io/lock.h"
#include "users/login_name.h"
#include "users/logins.h"

#define FORGET_S 900
#define SWEEP_S 3600
#define SWEEP_MAX 100000

struct record {
	uint64_t failures;
	uint64_t next_s; /* when the next try may start */
	uint64_t last_s; /* of the last failure */
};

static uint64_t
delay_of(uint64_t failures, int most)
{
	static const uint64_t steps[] = {0, 2, 4, 8, 15};
	uint64_t step = steps[failures < 4 ? failures : 4];

	return step < (uint64_t)most ? step : (uint64_t)most;
}

/* Readable for ordinary names, and one file for each other one; behind it where
 * from, when the account is known there. */
static void
account_name(char to[SLOW_NAME], struct str account, const char *from)
{
	size_t n = 0;
	bool plain = account.n < 100;
	unsigned long crc = crc32c(0, account.p, account.n);
	char name[100], odd[16] = "";

	for (size_t i = 0; i < account.n && n < 90; i++) {
		char c = ascii_lower(account.p[i]);

		if (ascii_isalnum(c) || (c && strchr("@._+-*", c)))
			name[n++] = c;
		else
			plain = false;
	}
	name[n] = '\0';
	if (!plain)
		snprintf(odd, sizeof(odd), ",%08lx", crc);
	snprintf(
	    to, SLOW_NAME, "user-%s%s%s%s", name, odd, *from ? "," : "", from);
}

/* The files that this try is about: an account is one, however its name was
 * typed, and so is a master, whosever mailbox he tries to open. */
static void
find_names(
    struct slow *s, const char *root, const char *source, struct str typed)
{
	char from[LOGINS_SOURCE];
	struct login_name name;
	struct str who = typed;
	struct arena a;
	struct buf b;

	arena_init(&a, 64u << 20);
	buf_init(&b, 1024);
	s->known_fd = -1;
	if (logins_source(from, source))
		snprintf(s->source, sizeof(s->source), "from-%s", from);
	if (login_name_split(root, typed, &a, &name) > 0) {
		if (name.master.p) {
			buf_chr(&b, '*');
			buf_str(&b, name.master);
		} else {
			buf_str(&b, name.local);
			buf_chr(&b, '@');
			buf_str(&b, name.domain);
			if (logins_known(root, name.local, name.domain, source))
				s->known_fd =
				    logins_open(root, name.local, name.domain);
		}
		if (!b.over)
			who = buf_slice(&b);
	}
	account_name(s->account, who, s->known_fd >= 0 ? from : "");
	buf_free(&b);
	arena_free(&a);
}

static struct record
record_read(int fd)
{
	struct record r = {0, 0, 0};
	char text[80];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	struct scan s = scan_make(str_make(text, n > 0 ? (size_t)n : 0));
	uint64_t now = (uint64_t)now_wall_s();

	scan_num(&s, UINT32_MAX, &r.failures);
	scan_blanks(&s);
	scan_num(&s, INT64_MAX, &r.next_s);
	scan_blanks(&s);
	scan_num(&s, INT64_MAX, &r.last_s);
	/* A clock that was wrong must not lock anybody out. */
	if (s.bad || r.last_s + FORGET_S < now || r.last_s > now + FORGET_S)
		r = (struct record){0, 0, 0};
	return r;
}

static void
record_write(int fd, const struct record *r)
{
	char text[80];
	int n = snprintf(text, sizeof(text),
	    "%010" PRIu64 " %020" PRIu64 " %020" PRIu64 "\n", r->failures,
	    r->next_s, r->last_s);

	if (pwrite(fd, text, (size_t)n, 0) != n)
		errno = 0; /* a lost penalty is no reason to refuse mail */
}

static int
open_file(int dirfd, const char *name)
{
	return openat(dirfd, name,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}

/* When this try may start, in seconds since 1970; 0 at once.  Counted as
 * taken, so that the next one comes a delay later. */
static uint64_t
reserve(int fd, int most)
{
	uint64_t now = (uint64_t)now_wall_s();
	struct record r;
	uint64_t start = 0;

	if (fd < 0 || lock_record(fd, true) < 0)
		return 0;
	r = record_read(fd);
	if (r.failures > 0) {
		start = r.next_s > now ? r.next_s : now;
		r.next_s = start + delay_of(r.failures, most);
		if (start <= now + SLOW_PATIENCE)
			record_write(fd, &r);
	}
	lock_record_end(fd);
	return start;
}

/* Files that nobody has written to for an hour, once in a while. */
static void
sweep(int dirfd)
{
	struct arena a;
	char **names;
	size_t n;
	struct stat st;

	arena_init(&a, 64u << 20);
	if (dir_list(dirfd, ".", 0, SWEEP_MAX, &a, &names, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (fstatat(dirfd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime + SWEEP_S < now_wall_s() &&
		    (strncmp(names[i], "from-", 5) == 0 ||
			strncmp(names[i], "user-", 5) == 0))
			unlinkat(dirfd, names[i], 0);
	arena_free(&a);
}

/* Whether the owner is known there and nothing has failed there of late.  As
 * long as that is not known of those under way, only a few go on. */
static bool
is_welcome(struct slow *s)
{
	uint64_t failures = 0;
	int fd;

	if (s->known_fd < 0 ||
	    lock_place(s->known_fd, SLOW_KNOWN, now_plus_s(10)) <= 0)
		return false;
	fd = openat(s->dirfd, s->account, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && lock_record(fd, false) == 0)
		failures = record_read(fd).failures;
	if (fd >= 0)
		close(fd);
	if (failures == 0)
		return true;
	close(s->known_fd);
	s->known_fd = -1;
	return false;
}

int
slow_enter(struct slow *s, const char *root, const char *source,
    struct str account, int most)
{
	char path[4096];
	uint64_t start, by_account, now;

	*s = (struct slow){
	    .dirfd = -1, .source_fd = -1, .account_fd = -1, .known_fd = -1};
	if (most == 0 || file_join(path, sizeof(path), root, "penalty") < 0)
		return 1;
	s->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dirfd < 0)
		return 1;
	find_names(s, root, source, account);
	if (is_welcome(s))
		return 1;
	s->account_fd = openat(s->dirfd, s->account, O_RDWR | O_CLOEXEC);
	if (s->source[0])
		s->source_fd = open_file(s->dirfd, s->source);
	if (s->source_fd >= 0 &&
	    lock_place(s->source_fd, SLOW_TRIES, now_plus_s(10)) == 0)
		return 0;
	start = reserve(s->source_fd, most);
	by_account = reserve(s->account_fd, most);
	if (by_account > start)
		start = by_account;
	now = (uint64_t)now_wall_s();
	if (start > now + SLOW_PATIENCE) {
		/* Sent away, but not at once: it would come right back. */
		poll(NULL, 0, (int)delay_of(1, most) * 1000);
		return 0;
	}
	if (start > now)
		poll(NULL, 0, (int)(start - now) * 1000);
	return 1;
}

static void
count_failure(int fd, int most)
{
	uint64_t now = (uint64_t)now_wall_s();
	struct record r;

	if (fd < 0 || lock_record(fd, true) < 0)
		return;
	r = record_read(fd);
	r.failures++;
	r.last_s = now;
	if (r.next_s < now + delay_of(r.failures, most))
		r.next_s = now + delay_of(r.failures, most);
	record_write(fd, &r);
	lock_record_end(fd);
}

void
slow_leave(struct slow *s, int result, int most)
{
	if (s->dirfd >= 0 && result > 0)
		unlinkat(s->dirfd, s->account, 0);
	if (s->dirfd >= 0 && result == 0) {
		if (s->account_fd < 0)
			s->account_fd = open_file(s->dirfd, s->account);
		if (s->source_fd < 0 && s->source[0])
			s->source_fd = open_file(s->dirfd, s->source);
		count_failure(s->source_fd, most);
		count_failure(s->account_fd, most);
		if (getpid() % 64 == 0)
			sweep(s->dirfd);
	}
	if (s->known_fd >= 0)
		close(s->known_fd);
	if (s->source_fd >= 0)
		close(s->source_fd);
	if (s->account_fd >= 0)
		close(s->account_fd);
	if (s->dirfd >= 0)
		close(s->dirfd);
}
