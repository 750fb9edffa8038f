/* SPDX-License-Identifier: ISC */
/* The end of dovecot-uidlist. */
#include "maildir/uidlist_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/uidlist.h"

/* A line is shorter than half of it: a file name and some fields. */
#define PART 4096

/* The header and the last lines, as if they were a whole list. */
static int
read_ends(int fd, uint64_t size, struct buf *b)
{
	char part[PART];
	uint64_t at = size > PART ? size - PART : 0;
	ssize_t n = file_read_at(fd, part, PART, 0);
	struct str text;

	if (n < 0)
		return -1;
	text = str_make(part, (size_t)n);
	if (at == 0) {
		buf_str(b, text);
		return 0;
	}
	buf_str(b, str_to(text, str_find(text, '\n') + 1));
	n = file_read_at(fd, part, PART, at);
	if (n < 0)
		return -1;
	text = str_make(part, (size_t)n);
	buf_str(b, str_from(text, str_find(text, '\n') + 1));
	return 0;
}

static int
look(struct uidlist_tail *t)
{
	struct buf b;
	struct stat st;
	struct uidlist u;
	int r = 0;

	buf_init(&b, (size_t)2 * PART);
	uidlist_init(&u);
	if (fstat(t->fd, &st) < 0 ||
	    read_ends(t->fd, (uint64_t)st.st_size, &b) < 0)
		r = -1;
	else if (uidlist_parse(&u, buf_slice(&b)) == 0 && !u.rewrite &&
		 (u.n > 0 || st.st_size < PART))
		r = 1;
	t->uidvalidity = u.uidvalidity;
	t->uidnext = u.uidnext;
	uidlist_free(&u);
	buf_free(&b);
	return r;
}

int
uidlist_tail_open(struct uidlist_tail *t, int dirfd)
{
	int r;

	*t = (struct uidlist_tail){
	    .fd = openat(dirfd, UIDLIST, O_RDWR | O_APPEND | O_CLOEXEC)};
	if (t->fd < 0)
		return errno == ENOENT ? 0 : fail("open ", UIDLIST);
	r = look(t);
	if (r < 0)
		fail("read ", UIDLIST);
	if (r <= 0)
		uidlist_tail_close(t);
	return r;
}

uint32_t
uidlist_tail_line(struct uidlist_tail *t, struct buf *lines, struct str base)
{
	buf_num(lines, t->uidnext);
	buf_z(lines, " :");
	buf_str(lines, base);
	buf_chr(lines, '\n');
	return t->uidnext++;
}

int
uidlist_tail_write(struct uidlist_tail *t, const struct buf *lines)
{
	struct stat st;

	if (lines->over)
		errno = EFBIG;
	else if (file_write(t->fd, lines->p, lines->n) == 0 &&
		 fstat(t->fd, &st) == 0) {
		uidlist_stamp(&t->stamp, &st);
		return 0;
	}
	return fail("write ", UIDLIST);
}

int
uidlist_tail_sync(const struct uidlist_tail *t)
{
	return t->fd >= 0 && fdatasync(t->fd) < 0 ? fail("sync ", UIDLIST) : 0;
}

void
uidlist_tail_close(struct uidlist_tail *t)
{
	int err = errno;

	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	errno = err;
}
