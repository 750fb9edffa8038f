/* SPDX-License-Identifier: ISC */
/* Last logins. */
#define _GNU_SOURCE
#include "users/logins.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/now.h"
#include "base/num.h"
#include "io/file.h"
#include "io/lock.h"
#include "msg/date.h"
#include "users/domain.h"
#include "users/line.h"
#include "users/user.h"

#define FIELD_MAX 100

bool
logins_source(char to[LOGINS_SOURCE], const char *source)
{
	unsigned char six[16];
	struct in_addr four;
	char text[INET6_ADDRSTRLEN];

	to[0] = '\0';
	if (inet_pton(AF_INET, source, &four) == 1) {
		snprintf(to, LOGINS_SOURCE, "%s", source);
	} else if (inet_pton(AF_INET6, source, six) == 1) {
		memset(six + 8, 0, 8);
		inet_ntop(AF_INET6, six, text, sizeof(text));
		snprintf(to, LOGINS_SOURCE, "%s-64", text);
	}
	return to[0] != '\0';
}

/* The file of the account, or only the folder of the domain. */
static int
path_of(char to[4096], const char *root, struct str local, struct str domain,
    bool folder)
{
	char low[DOMAIN_MAX + USER_NAME_MAX + 2];
	size_t n = 0;
	int r;

	if (!domain_valid(domain) || !user_name_valid(local))
		return -1;
	for (size_t i = 0; i < domain.n; i++)
		low[n++] = ascii_lower(domain.p[i]);
	if (!folder)
		low[n++] = '/';
	for (size_t i = 0; i < local.n && !folder; i++)
		low[n++] = ascii_lower(local.p[i]);
	low[n] = '\0';
	r = snprintf(to, 4096, "%s/logins/%s", root, low);
	return r < 0 || r >= 4096 ? -1 : 0;
}

int
logins_open(const char *root, struct str local, struct str domain)
{
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
	char path[4096], folder[4096];
	int fd;

	if (path_of(path, root, local, domain, false) < 0)
		return -1;
	fd = open(path, flags, 0600);
	if (fd < 0 && errno == ENOENT &&
	    path_of(folder, root, local, domain, true) == 0 &&
	    (mkdir(folder, 0700) == 0 || errno == EEXIST))
		fd = open(path, flags, 0600);
	return fd;
}

static bool
parse(struct str text, struct login_line *l)
{
	struct str time;
	uint64_t t;

	if (!str_cut(&text, ' ', &time) ||
	    num_scan(time, DATE_LAST_S, &t) < 0 ||
	    !str_cut(&text, ' ', &l->service) ||
	    !str_cut(&text, ' ', &l->source) || !str_cut(&text, ' ', &l->tls) ||
	    !str_cut(&text, ' ', &l->mech) || !text.p)
		return false;
	l->time = (int64_t)t;
	l->how = text;
	return true;
}

/* One word of a line: no blank, no control character, not empty. */
static void
put_word(struct buf *b, struct str s, bool last)
{
	size_t before = b->n;

	for (size_t i = 0; i < s.n && i < FIELD_MAX; i++) {
		bool bad = ascii_iscntrl(s.p[i]) || (s.p[i] == ' ' && !last);

		buf_chr(b, bad ? '_' : s.p[i]);
	}
	if (b->n == before)
		buf_chr(b, '-');
	buf_chr(b, last ? '\n' : ' ');
}

static void
put_line(struct buf *b, const struct login_line *l)
{
	buf_num(b, (uint64_t)l->time);
	buf_chr(b, ' ');
	put_word(b, l->service, false);
	put_word(b, l->source, false);
	put_word(b, l->tls, false);
	put_word(b, l->mech, false);
	put_word(b, l->how, true);
}

/* Whether a line above, of those from `text` up to `end`, has this how. */
static bool
seen(struct str text, const char *end, struct str how)
{
	struct login_line l;
	struct str line;

	while (
	    text.p && text.p < end && line_next(&text, &line) && line.p < end)
		if (parse(line, &l) && str_eq(l.how, how))
			return true;
	return false;
}

/* The new text: the line, then the others but for the one it replaces.
 * False: that one is fresh, nothing is to be done. */
static bool
renew(struct buf *to, struct str old, const struct login_line *line)
{
	char room[6 * FIELD_MAX];
	struct login_line l, new;
	struct str rest, one;
	struct buf first;
	size_t n = 1;

	buf_fixed(&first, room, sizeof(room));
	put_line(&first, line);
	if (first.over || !parse(str_to(buf_slice(&first), first.n - 1), &new))
		return false;
	buf_str(to, buf_slice(&first));
	for (rest = old; line_next(&rest, &one);) {
		if (!parse(one, &l))
			continue;
		if (str_eq(l.service, new.service) &&
		    str_eq(l.source, new.source) && str_eq(l.how, new.how)) {
			if (l.time <= line->time &&
			    l.time + LOGINS_FRESH_S > line->time)
				return false;
			continue;
		}
		if (n++ < LOGINS_MAX || (str_starts(l.how, STR("app:")) &&
					    !seen(old, one.p, l.how)))
			put_line(to, &l);
	}
	return !to->over;
}

/* The file's lines, "" when they cannot be read. */
static struct str
read_all(int fd, struct arena *a)
{
	struct stat st;
	size_t size = fstat(fd, &st) < 0                  ? 0
	              : (size_t)st.st_size < LOGINS_FILE ? (size_t)st.st_size
	                                                 : LOGINS_FILE;
	char *text = arena_alloc(a, size);
	ssize_t n = file_read_at(fd, text, size, 0);

	return str_make(text, n < 0 ? 0 : (size_t)n);
}

void
logins_note(int fd, const struct login_line *line)
{
	struct arena a;
	struct str old;
	struct buf b;

	if (lock_record(fd, true) < 0)
		return;
	arena_init(&a, 2 * LOGINS_FILE);
	old = read_all(fd, &a);
	buf_init(&b, LOGINS_FILE);
	if (renew(&b, old, line) &&
	    pwrite(fd, b.p, b.n, 0) == (ssize_t)b.n && b.n < old.n &&
	    ftruncate(fd, (off_t)b.n) < 0)
		errno = 0; /* the rest is lines that are no longer true */
	buf_free(&b);
	arena_free(&a);
	lock_record_end(fd);
}

int
logins_read(const char *root, struct str local, struct str domain,
    struct arena *a, struct login_line **lines, size_t *n)
{
	char path[4096];
	struct str rest, line;
	size_t room = 0;
	int fd;

	*n = 0;
	*lines = NULL;
	if (path_of(path, root, local, domain, false) < 0)
		return fail_text(EINVAL, "not a valid user name");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("open ", path);
	lock_record(fd, false);
	rest = read_all(fd, a);
	close(fd);
	for (size_t i = 0; i < rest.n; i++)
		room += rest.p[i] == '\n';
	*lines = arena_array(a, room + 1, sizeof(**lines));
	while (*n < room && line_next(&rest, &line))
		if (parse(line, &(*lines)[*n]))
			(*n)++;
	return 0;
}

int
logins_forget(const char *root, struct str local, struct str domain)
{
	char path[4096];

	if (path_of(path, root, local, domain, false) < 0)
		return 0;
	if (unlink(path) < 0 && errno != ENOENT)
		return fail("remove ", path);
	return 0;
}

bool
logins_known(
    const char *root, struct str local, struct str domain, const char *source)
{
	char want[LOGINS_SOURCE], have[LOGINS_SOURCE], ip[LOGINS_SOURCE];
	struct login_line *lines;
	struct arena a;
	bool known = false;
	size_t n;

	if (!logins_source(want, source))
		return false;
	arena_init(&a, 1u << 20);
	if (logins_read(root, local, domain, &a, &lines, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n && !known; i++)
		known = lines[i].time + LOGINS_KNOWN_S > now_wall_s() &&
		        !str_starts(lines[i].how, STR("master:")) &&
		        str_copy(ip, sizeof(ip), lines[i].source) == 0 &&
		        logins_source(have, ip) && strcmp(have, want) == 0;
	arena_free(&a);
	return known;
}
