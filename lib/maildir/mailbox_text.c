/* SPDX-License-Identifier: ISC */
/* Reading messages and measuring them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"

#define READ_MAX 262144 /* above this size, map instead of reading */
#define MISSES 10       /* renames by others in the way of one operation */

int
mailbox_dir(const struct mailbox *m, size_t i)
{
	return m->entries[i].in_new ? m->new : m->cur;
}

int
mailbox_missed(struct mailbox *m, size_t i)
{
	m->stale = true;
	if (mailbox_look(m) < 0)
		return -1;
	return !m->entries[i].gone;
}

void
mailbox_renamed(struct mailbox *m, size_t i, const char *name)
{
	m->entries[i].name = arena_z(&m->names, str_z(name));
	m->entries[i].in_new = false;
}

static int
open_message(int dirfd, const char *name, struct stat *st)
{
	/* O_NONBLOCK: what we listed as a file may be a FIFO by now. */
	int fd =
	    openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int err = 0;

	if (fd < 0)
		return -1;
	if (fstat(fd, st) < 0)
		err = errno;
	else if (!S_ISREG(st->st_mode))
		err = ENOENT;
	if (!err)
		return fd;
	close(fd);
	errno = err;
	return -1;
}

static int
read_text(int fd, size_t size, struct mailbox_text *t)
{
	ssize_t n;

	t->memory = malloc(size + 1);
	if (!t->memory)
		oom();
	n = file_read_at(fd, t->memory, size, FILE_HERE);
	if (n < 0) {
		free(t->memory);
		t->memory = NULL;
		return -1;
	}
	t->text = str_make(t->memory, (size_t)n);
	return 0;
}

static int
map_text(int fd, size_t size, struct mailbox_text *t)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return -1;
	t->memory = p;
	t->mapped = size;
	t->text = str_make(p, size);
	return 0;
}

static int
file_text(int dirfd, const char *name, struct mailbox_text *t)
{
	struct stat st;
	int fd = open_message(dirfd, name, &st);
	int r, err;

	*t = (struct mailbox_text){.text = STR("")};
	if (fd < 0)
		return -1;
	if ((uint64_t)st.st_size > SIZE_MAX / 2) {
		close(fd);
		errno = EFBIG;
		return -1;
	}
	r = (st.st_size > READ_MAX ? map_text : read_text)(
	    fd, (size_t)st.st_size, t);
	err = errno;
	close(fd);
	errno = err;
	return r;
}

int
mailbox_read(struct mailbox *m, size_t i, struct mailbox_text *t)
{
	for (int tries = 0; tries < MISSES; tries++) {
		int r;

		if (m->entries[i].gone)
			return 0;
		if (file_text(mailbox_dir(m, i), m->entries[i].name, t) == 0)
			return 1;
		if (errno != ENOENT && errno != ESTALE)
			return fail("open ", m->entries[i].name);
		r = mailbox_missed(m, i);
		if (r <= 0)
			return r;
	}
	errno = EAGAIN;
	return fail("open ", m->entries[i].name);
}

void
mailbox_read_end(struct mailbox_text *t)
{
	if (t->mapped)
		munmap(t->memory, t->mapped);
	else
		free(t->memory);
	*t = (struct mailbox_text){.text = STR("")};
}

/* Octets on the wire, where every line ends in CRLF. */
static uint64_t
wire_octets(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	uint64_t n = s.n;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		n += p == s.p || p[-1] != '\r';
		p++;
	}
	return n;
}

int
mailbox_file_sizes(int dirfd, const char *name, uint64_t wire_hint,
    uint64_t *size, uint64_t *wire, int64_t *date_s)
{
	struct name n = name_parse(str_z(name));
	struct mailbox_text t;
	struct stat st;
	uint64_t told;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	*size = (uint64_t)st.st_size;
	*date_s = (int64_t)st.st_mtime;
	/* A name that lies about one size is not trusted with the other. */
	told = *size;
	if ((!name_size(n.base, 'S', &told) || told == *size) &&
	    name_size(n.base, 'W', wire) && *wire >= *size)
		return 0;
	if (told == *size && wire_hint >= *size && wire_hint) {
		*wire = wire_hint;
		return 0;
	}
	if (file_text(dirfd, name, &t) < 0)
		return -1;
	*wire = wire_octets(t.text);
	mailbox_read_end(&t);
	return 0;
}

static int
measure(struct mailbox *m, size_t i)
{
	for (int tries = 0; tries < MISSES; tries++) {
		struct mailbox_entry *mail = &m->entries[i];
		int r;

		if (mail->measured)
			return 1;
		if (mail->gone)
			return 0;
		if (mailbox_file_sizes(mailbox_dir(m, i), mail->name,
			mail->wire_size, &mail->size, &mail->wire_size,
			&mail->date_s) == 0) {
			mail->measured = true;
			return 1;
		}
		if (errno != ENOENT && errno != ESTALE)
			return fail("stat ", mail->name);
		r = mailbox_missed(m, i);
		if (r <= 0)
			return r;
	}
	errno = EAGAIN;
	return fail("stat message", NULL);
}

int
mailbox_measure(struct mailbox *m, size_t i, struct mail *mail)
{
	int r = measure(m, i);

	mailbox_mail(m, i, mail);
	return r;
}

int
mailbox_status(
    const struct home *h, struct str name, bool size, struct mailbox_status *st)
{
	struct mailbox m;
	int r = mailbox_open(&m, h, name, true);

	if (r <= 0)
		return r;
	*st = (struct mailbox_status){.messages = m.n,
	    .recent = mailbox_recent(&m),
	    .uidnext = m.uidnext,
	    .uidvalidity = m.uidvalidity};
	for (size_t i = 0; i < m.n; i++) {
		st->unseen += !(m.entries[i].flags & FLAG_SEEN);
		st->deleted += (m.entries[i].flags & FLAG_DELETED) != 0;
		if (size && measure(&m, i) > 0)
			st->size += m.entries[i].wire_size;
	}
	mailbox_close(&m);
	return 1;
}
