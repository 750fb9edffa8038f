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

#include "base/crlf.h"
#include "base/fail.h"
#include "io/file.h"
#include "maildir/mailbox.h"
#include "maildir/mailbox_look.h"
#include "msg/flags.h"

#define READ_MAX 262144 /* above this size, map instead of reading */
#define AHEAD 32        /* messages measured under one lock */
#define MISSES 10       /* renames by others in the way of one operation */

int
mailbox_open_file(int dirfd, const char *name, struct stat *st)
{
	/* O_NONBLOCK: what we listed as a file may be a FIFO by now. */
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	/* Reading shall write nothing, not even when it was; only an owner may
	 * ask for that. */
	int fd = openat(dirfd, name, flags | O_NOATIME);
	int err = 0;

	if (fd < 0 && errno == EPERM)
		fd = openat(dirfd, name, flags);
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

	if (!t->memory)
		t->memory = malloc(t->of ? READ_MAX : size + 1);
	if (!t->memory)
		oom();
	n = file_read_at(fd, t->memory, size, FILE_HERE);
	if (n < 0)
		return -1;
	t->text = str_make(t->memory, (size_t)n);
	return 0;
}

static int
map_text(int fd, size_t size, struct mailbox_text *t)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return -1;
	t->map = p;
	t->text = str_make(p, size);
	return 0;
}

static int
file_text(int dirfd, const char *name, size_t most, struct mailbox_text *t)
{
	struct stat st;
	int fd = mailbox_open_file(dirfd, name, &st);
	size_t size;
	int r, err;

	if (fd < 0)
		return -1;
	if ((uint64_t)st.st_size > SIZE_MAX / 2) {
		close(fd);
		errno = EFBIG;
		return -1;
	}
	t->whole = (size_t)st.st_size <= most;
	size = t->whole ? (size_t)st.st_size : most;
	r = (size > READ_MAX ? map_text : read_text)(fd, size, t);
	err = errno;
	close(fd);
	errno = err;
	return r;
}

int
mailbox_read(struct mailbox *m, size_t i, struct mailbox_text *t)
{
	return mailbox_read_start(m, i, SIZE_MAX, t);
}

int
mailbox_read_start(
    struct mailbox *m, size_t i, size_t most, struct mailbox_text *t)
{
	char name[NAME_SIZE];
	int dir;

	*t =
	    (struct mailbox_text){.text = STR(""), .memory = m->spare, .of = m};
	m->spare = NULL;
	for (int tries = 0; tries < MISSES; tries++) {
		int r = 0;

		if (mailbox_file(m, i, name, &dir)) {
			r = file_text(dir, name, most, t);
			if (r == 0)
				return 1;
			if (errno == ENOENT || errno == ESTALE)
				r = mailbox_missed(m, i);
			else
				fail("open ", name);
		}
		if (r <= 0) {
			mailbox_read_end(t);
			return r;
		}
	}
	mailbox_read_end(t);
	errno = EAGAIN;
	return fail("open ", name);
}

void
mailbox_read_end(struct mailbox_text *t)
{
	if (t->map)
		munmap(t->map, t->text.n);
	if (t->of && !t->of->spare)
		t->of->spare = t->memory;
	else
		free(t->memory);
	*t = (struct mailbox_text){.text = STR("")};
}

int
mailbox_file_sizes(int dirfd, const char *name, uint64_t wire_hint,
    uint64_t *size, uint64_t *wire, int64_t *date_s)
{
	struct name n = name_parse(str_z(name));
	struct mailbox_text t = {.text = STR("")};
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
	if (file_text(dirfd, name, SIZE_MAX, &t) < 0) {
		mailbox_read_end(&t);
		return -1;
	}
	*wire = crlf_size(t.text);
	mailbox_read_end(&t);
	return 0;
}

/* Remember what was measured.  The index is a cache: this may fail. */
static void
remember(struct mailbox *m, size_t i, const struct mail *mail)
{
	struct index_record rec;
	uint32_t r;

	if (mailbox_lock(m) < 0)
		return;
	r = mailbox_get(m, i, &rec);
	if (r != INDEX_NONE && rec.uid == mail->uid &&
	    mail->wire_size - mail->size <= UINT32_MAX) {
		rec.flags |= INDEX_MEASURED;
		rec.size = mail->size;
		rec.wire_more = (uint32_t)(mail->wire_size - mail->size);
		rec.date_s = mail->date_s;
		index_put(&m->index, r, &rec, false);
	}
	mailbox_unlock(m);
}

static int
measure_once(struct mailbox *m, size_t i, struct mail *mail)
{
	struct index_record rec;
	char name[NAME_SIZE];
	int dir;

	mailbox_mail(m, i, mail);
	if (mail->measured)
		return 1;
	if (mailbox_get(m, i, &rec) == INDEX_NONE ||
	    !mailbox_file(m, i, name, &dir))
		return 0;
	if (mailbox_file_sizes(dir, name, (uint64_t)rec.date_s, &mail->size,
		&mail->wire_size, &mail->date_s) < 0)
		return fail("stat ", name);
	remember(m, i, mail);
	mail->measured = true;
	return 1;
}

static int
measure(struct mailbox *m, size_t i, struct mail *mail)
{
	for (int tries = 0; tries < MISSES; tries++) {
		int r = measure_once(m, i, mail);

		if (r >= 0)
			return r;
		if (errno != ENOENT && errno != ESTALE)
			return -1;
		r = mailbox_missed(m, i);
		if (r <= 0)
			return r;
	}
	errno = EAGAIN;
	return fail("stat message", NULL);
}

/* Whoever measures one message after the other wants them all: some more at
 * once, under one lock. */
static void
measure_ahead(struct mailbox *m, size_t i)
{
	struct mail mail;

	if (mailbox_lock(m) < 0)
		return;
	for (size_t k = 0; k < AHEAD && i < m->n; k++, i++)
		if (measure(m, i, &mail) < 0)
			break;
	mailbox_unlock(m);
}

int
mailbox_measure(struct mailbox *m, size_t i, struct mail *mail)
{
	int r;

	mailbox_mail(m, i, mail);
	if (mail->measured)
		return mail->gone ? 0 : 1;
	if (m->measured == i)
		measure_ahead(m, i);
	r = measure(m, i, mail);
	m->measured = i + 1;
	mail->gone = r == 0;
	return r;
}

/* The wire size as the name or the UID list has it.  False: they do not. */
static bool
told_size(struct mailbox *m, const struct index_record *rec, uint64_t *octets)
{
	char base[NAME_SIZE];
	uint64_t size;

	if (rec->flags & (INDEX_MEASURED | INDEX_DEAD))
		return false;
	*octets = (uint64_t)rec->date_s;
	if (*octets > 0)
		return true;
	return index_base(&m->index, rec, base) &&
	       name_size(str_z(base), 'S', &size) &&
	       name_size(str_z(base), 'W', octets) && *octets >= size;
}

int
mailbox_wire_size(struct mailbox *m, size_t i, uint64_t *octets)
{
	struct index_record rec;
	struct mail mail;
	int r;

	if (mailbox_get(m, i, &rec) != INDEX_NONE && told_size(m, &rec, octets))
		return 1;
	r = mailbox_measure(m, i, &mail);
	*octets = mail.wire_size;
	return r;
}

static void
add_sizes(struct mailbox *m, struct mailbox_status *st)
{
	for (size_t i = 0; i < m->n; i++) {
		struct mail mail;

		if (mailbox_measure(m, i, &mail) <= 0)
			continue;
		st->size += mail.wire_size;
		if (mail.flags & FLAG_DELETED)
			st->deleted_size += mail.size;
	}
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
	    .unseen = m.index.head.unseen,
	    .deleted = m.index.head.deleted,
	    .uidnext = m.uidnext,
	    .uidvalidity = m.uidvalidity,
	    .modseq = m.modseq};
	if (size)
		add_sizes(&m, st);
	mailbox_close(&m);
	return 1;
}
