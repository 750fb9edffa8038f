/* SPDX-License-Identifier: ISC */
/* Queue files are written by one process and then belong to the runner: what
 * it reads here was complete and synced, or is torn and never was accepted.
 * Marks are single octets written in place, which cannot tear.  A slot is read
 * like a file; behind its message lies what was in it before. */
#define _GNU_SOURCE
#include "queue/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/fail.h"
#include "io/file.h"
#include "queue/slot.h"

#define ENTRY_MODE 0660 /* as put.c makes it */
#define FRONT 1024      /* read first: header, statuses, most envelopes */

/* Returns 1 all n octets, 0 the file is shorter, -1 failed. */
static int
read_at(int fd, char *to, size_t n, uint64_t at)
{
	ssize_t got = file_read_at(fd, to, n, at);

	return got < 0 ? fail("read ", "queue file") : got == (ssize_t)n;
}

static int
wrong(const char *why)
{
	fail_text(EPROTO, why);
	return 0;
}

/* The same, without asking again for what lies in the front. */
static int
front_at(int fd, struct str front, char *to, size_t n, uint64_t at)
{
	if (at > front.n || n > front.n - at)
		return read_at(fd, to, n, at);
	memcpy(to, front.p + at, n);
	return 1;
}

static int
read_statuses(struct entry *q, struct str front, struct arena *a)
{
	size_t n = q->header.nrcpt;
	char *s = arena_alloc(a, n + 1);
	int r = front_at(q->fd, front, s, n + 1, ENVELOPE_HEADER);

	if (r <= 0)
		return r ? r : wrong("cut short");
	if (q->e.nrcpt != n || s[n] != '\n')
		return wrong("counts of recipients differ");
	for (size_t i = 0; i < q->e.nrcpt; i++) {
		if (!envelope_status_valid(s[i]))
			return wrong("unknown status of a recipient");
		q->e.rcpts[i].status = s[i];
	}
	return 1;
}

static int
read_envelope(struct entry *q, struct str front, struct arena *a)
{
	char *p = arena_alloc(a, q->header.env_len);
	struct str text = str_make(p, q->header.env_len);
	int r = front_at(q->fd, front, p, text.n, envelope_text_at(&q->header));

	if (r <= 0)
		return r ? r : wrong("cut short");
	if (!envelope_header_fits(&q->header, text))
		return wrong("the envelope's checksum is wrong");
	return envelope_scan(text, a, &q->e) < 0 ? 0 : 1;
}

static bool
size_right(const struct entry *q, uint64_t size)
{
	uint64_t end = envelope_body_at(&q->header) + q->header.body_len;

	return slot_is_path(q->path) ? end <= size : end == size;
}

static bool
name_right(const struct entry *q)
{
	const char *slash = strrchr(q->path, '/');

	return slot_is_path(q->path) ||
	       str_eq(q->e.id, str_z(slash ? slash + 1 : q->path));
}

static int
read_front(struct entry *q, struct arena *a)
{
	char text[FRONT];
	struct str front;
	struct stat st;
	ssize_t n;
	int r;

	if (fstat(q->fd, &st) < 0)
		return fail("stat queue/", q->path);
	if (!S_ISREG(st.st_mode))
		return wrong("not a regular file");
	q->touched_s = st.st_mtim.tv_sec;
	n = file_read_at(q->fd, text, sizeof(text), 0);
	if (n < 0)
		return fail("read ", "queue file");
	if (n < ENVELOPE_HEADER)
		return wrong("cut short");
	front = str_make(text, (size_t)n);
	if (envelope_header_scan(text, &q->header) < 0)
		return 0;
	if (!size_right(q, (uint64_t)st.st_size))
		return wrong("the file's length is wrong");
	r = read_envelope(q, front, a);
	if (r <= 0)
		return r;
	if (!name_right(q))
		return wrong("the id is another than the file's name");
	return read_statuses(q, front, a);
}

int
entry_open(struct entry *q, int queue, const char *path, struct arena *a)
{
	int r, err;

	q->fd = -1;
	if (str_copy(q->path, sizeof(q->path), str_z(path)) < 0)
		return fail("open queue/", path);
	q->fd = openat(
	    queue, q->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (q->fd < 0) {
		if (errno == ELOOP || errno == EISDIR || errno == ENXIO)
			return wrong("not a regular file");
		return fail("open queue/", q->path);
	}
	r = read_front(q, a);
	if (r == 1)
		return 1;
	err = errno;
	entry_close(q);
	errno = err;
	return r;
}

int
entry_check(const struct entry *q)
{
	uint64_t at = envelope_body_at(&q->header);
	uint64_t left = q->header.body_len;
	char chunk[65536];
	uint32_t crc = 0;

	while (left > 0) {
		size_t n = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);
		int r = read_at(q->fd, chunk, n, at);

		if (r <= 0)
			return r ? r : wrong("cut short");
		crc = crc32c(crc, chunk, n);
		at += n;
		left -= n;
	}
	if (crc != q->header.body_crc)
		return wrong("the message's checksum is wrong");
	return 1;
}

int
entry_mark(struct entry *q, size_t i, char status)
{
	ssize_t n;

	do
		n = pwrite(q->fd, &status, 1, (off_t)envelope_status_at(i));
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return fail("mark queue/", q->path);
	q->e.rcpts[i].status = status;
	return 0;
}

int
entry_sync(const struct entry *q)
{
	return fdatasync(q->fd) < 0 ? fail("fdatasync queue/", q->path) : 0;
}

bool
entry_finished(const struct entry *q)
{
	for (size_t i = 0; i < q->e.nrcpt; i++)
		if (!envelope_status_final(q->e.rcpts[i].status))
			return false;
	return true;
}

void
entry_close(struct entry *q)
{
	/* All that matters was synced: nothing to learn from close(). */
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
}

int
entry_remove(int queue, const char *path)
{
	if (slot_is_path(path))
		return slot_free(queue, path);
	if (unlinkat(queue, path, 0) < 0 && errno != ENOENT)
		return fail("unlink queue/", path);
	return 0;
}

int
entry_sync_dir(int queue, const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[WALK_PATH];

	snprintf(
	    dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 0, path);
	return file_sync_dir_at(queue, dir);
}

static int
copy_to(const struct entry *q, int fd)
{
	uint64_t left = envelope_body_at(&q->header) + q->header.body_len;
	char chunk[SLOT_SIZE];

	if (left > sizeof(chunk))
		return fail_text(EPROTO, "a slot too small for its message");
	if (read_at(q->fd, chunk, (size_t)left, 0) <= 0 ||
	    file_write(fd, chunk, (size_t)left) < 0)
		return fail("copy queue/", q->path);
	return fchmod(fd, ENTRY_MODE) < 0 ? fail("chmod queue/", "tmp") : 0;
}

int
entry_leave_slot(struct entry *q, int queue, char from[WALK_PATH])
{
	char tmp[4 + ID_SIZE], to[WALK_PATH];
	int fd, err;

	snprintf(tmp, sizeof(tmp), "tmp/%.*s", ID_LEN, q->e.id.p);
	walk_path(to, q->e.id);
	unlinkat(queue, tmp, 0);
	fd = openat(queue, tmp,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail("create queue/", tmp);
	if (copy_to(q, fd) == 0 && (renameat(queue, tmp, queue, to) == 0 ||
				       fail("rename queue/", to) == 0)) {
		close(q->fd);
		q->fd = fd;
		memcpy(from, q->path, sizeof(q->path));
		memcpy(q->path, to, sizeof(q->path));
		return 0;
	}
	err = errno;
	close(fd);
	unlinkat(queue, tmp, 0);
	errno = err;
	return -1;
}

int
entry_move(int queue, const char *path, const char *to)
{
	if (faccessat(queue, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return fail("move to queue/", to);
	}
	/* The runner is the only one who moves files here: no race. */
	if (renameat(queue, path, queue, to) < 0)
		return fail("move queue/", path);
	if (entry_sync_dir(queue, to) < 0)
		return -1;
	return entry_sync_dir(queue, path);
}
