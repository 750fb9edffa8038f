/* SPDX-License-Identifier: ISC */
/* The ids of mailboxes: field G of the first line of dovecot-uidlist. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/dotlock.h"
#include "maildir/folder.h"
#include "maildir/look.h"
#include "maildir/uidlist.h"

#define LINE_MAX_N 1000
#define DIGITS (FOLDER_ID_SIZE - 1)

/* Take the field out of blank-divided ones. */
static bool
find_field(struct str fields, char id[FOLDER_ID_SIZE])
{
	struct str field;

	while (str_cut(&fields, ' ', &field)) {
		if (field.n != DIGITS + 1 || field.p[0] != 'G')
			continue;
		field = str_from(field, 1);
		if (strspn(field.p, "0123456789abcdefABCDEF") < field.n)
			continue;
		str_copy(id, FOLDER_ID_SIZE, field);
		return true;
	}
	return false;
}

/* 1 found, 0 not, -1 failed. */
static int
read_id(int dirfd, char id[FOLDER_ID_SIZE])
{
	char text[LINE_MAX_N + 1];
	struct str line;
	int fd = openat(dirfd, UIDLIST, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail("open ", UIDLIST);
	n = file_read_at(fd, text, LINE_MAX_N, 0);
	close(fd);
	if (n < 0)
		return fail("read ", UIDLIST);
	text[n] = '\0';
	line = str_make(text, (size_t)n);
	return find_field(str_to(line, str_find(line, '\n')), id);
}

/* Give the mailbox an id, keeping whatever else its list says. */
static int
make_id(const struct home *h, int dirfd, char id[FOLDER_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char octets[DIGITS / 2];
	struct uidlist u;
	struct buf header;
	int r;

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return fail("getrandom", NULL);
	for (size_t i = 0; i < DIGITS; i++)
		id[i] = digits[octets[i / 2] >> (i % 2 ? 0 : 4) & 0xf];
	id[DIGITS] = '\0';
	uidlist_init(&u);
	buf_init(&header, 2 * LINE_MAX_N);
	r = uidlist_load(&u, dirfd);
	if (r == 0)
		r = look_begin_list(&u, h);
	if (r >= 0) {
		buf_fmt(&header, "G%s", id);
		if (u.header.n)
			buf_chr(&header, ' ');
		buf_str(&header, u.header);
		u.header = buf_slice(&header);
		u.rewrite = true;
		r = uidlist_save(&u, dirfd, 0);
	}
	uidlist_free(&u);
	buf_free(&header);
	return r < 0 ? -1 : 1;
}

int
folder_id_at(const struct home *h, int dirfd, char id[FOLDER_ID_SIZE])
{
	struct dotlock lock;
	int err, r = read_id(dirfd, id);

	if (r != 0)
		return r;
	if (look_first(h, dirfd) < 0)
		return -1;
	if (dotlock_take(&lock, dirfd, UIDLIST_LOCK) < 0)
		return -1;
	r = read_id(dirfd, id);
	if (r == 0)
		r = make_id(h, dirfd, id);
	err = errno;
	dotlock_release(&lock);
	errno = err;
	return r;
}

int
folder_id(const struct home *h, struct str name, char id[FOLDER_ID_SIZE])
{
	int fd, err, r = home_folder_open(h, name, &fd);

	if (r <= 0)
		return r;
	r = folder_id_at(h, fd, id);
	err = errno;
	close(fd);
	errno = err;
	return r;
}
