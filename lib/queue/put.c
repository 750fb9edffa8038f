/* SPDX-License-Identifier: ISC */
/* Acceptance.  The order of system calls is the whole point:
 *
 *	openat(tmp/ID, O_EXCL)   write …   pwrite(header, 0)
 *	rename tmp/ID -> new/X/ID, never replacing
 *	fsync(file)   fsync(new/X)   close
 *
 * The name is given before the sync: one journal commit then holds data and
 * name (2 device flushes instead of 4), and a file that a crash leaves torn
 * under its final name was never acknowledged and is found out by its
 * checksums.  The directory's fsync is what POSIX asks for; it costs nothing
 * on ext4 and XFS.  An error of fsync is final: the kernel has forgotten the
 * dirty pages, a second try would lie.  lib/queue/README has the table. */
#define _GNU_SOURCE
#include "queue/put.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/fail.h"
#include "io/file.h"

#define RESERVE_OCTETS (16 * 1024 * 1024)
#define RESERVE_INODES 1000
#define FILE_MODE 0660 /* the queue's group may deliver what we accept */

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

static int
check_space(int queue, uint64_t size_hint)
{
	struct statvfs v;
	uint64_t need;

	if (fstatvfs(queue, &v) < 0)
		return fail("statvfs ", "queue");
	if (__builtin_mul_overflow(size_hint, 2, &need) ||
	    __builtin_add_overflow(need, RESERVE_OCTETS, &need))
		need = UINT64_MAX;
	if (need / v.f_frsize >= v.f_bavail ||
	    (v.f_files != 0 && v.f_favail < RESERVE_INODES)) {
		errno = ENOSPC;
		return fail("queue", NULL);
	}
	return 0;
}

static int
create(struct queue_put *q, struct str id)
{
	snprintf(q->tmp, sizeof(q->tmp), "tmp/%.*s", ID_LEN, id.p);
	walk_path(q->path, id);
	q->fd = openat(q->queue, q->tmp,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (q->fd < 0) {
		fail("create queue/", q->tmp);
		q->tmp[0] = '\0'; /* not ours: nothing to unlink */
		return -1;
	}
	if (fchmod(q->fd, FILE_MODE) < 0)
		return fail("chmod queue/", q->tmp);
	return 0;
}

static void
flush(struct queue_put *q)
{
	if (q->n > 0 && !q->err && file_write(q->fd, q->chunk, q->n) < 0)
		q->err = errno;
	q->n = 0;
}

static void
append(struct queue_put *q, const char *p, size_t n)
{
	while (n > 0 && !q->err) {
		size_t room = sizeof(q->chunk) - q->n;
		size_t part = n < room ? n : room;

		memcpy(q->chunk + q->n, p, part);
		q->n += part;
		p += part;
		n -= part;
		if (q->n == sizeof(q->chunk))
			flush(q);
	}
}

/* The header is zeros until the message is complete. */
static void
write_front(struct queue_put *q, const struct envelope *e, struct str text)
{
	memset(q->head, 0, sizeof(q->head));
	append(q, q->head, sizeof(q->head));
	for (size_t i = 0; i < e->nrcpt; i++) {
		char status = e->rcpts[i].status;

		append(q, status ? &status : "N", 1);
	}
	append(q, "\n", 1);
	append(q, text.p, text.n);
	q->header.nrcpt = (uint32_t)e->nrcpt;
}

static void
begin_file(struct queue_put *q, const struct envelope *e, struct buf *text)
{
	if (envelope_print(e, text) < 0 || create(q, e->id) < 0) {
		q->err = errno;
		return;
	}
	write_front(q, e, buf_slice(text));
	q->header.env_len = (uint32_t)text->n;
	q->text_crc = crc32c(0, text->p, text->n);
}

int
queue_put_begin(struct queue_put *q, const char *root, const struct envelope *e,
    uint64_t size_hint)
{
	struct buf text;
	int err;

	memset(q, 0, offsetof(struct queue_put, chunk));
	q->fd = -1;
	q->queue = walk_open(root);
	if (q->queue < 0)
		return -1;
	if (check_space(q->queue, size_hint) < 0) {
		q->err = errno;
	} else {
		buf_init(&text, ENVELOPE_MAX);
		begin_file(q, e, &text);
		buf_free(&text);
	}
	if (!q->err)
		return 0;
	err = q->err;
	queue_put_abort(q);
	errno = err;
	return -1;
}

void
queue_put_data(struct queue_put *q, const void *p, size_t n)
{
	if (q->err || q->fd < 0)
		return;
	q->header.body_crc = crc32c(q->header.body_crc, p, n);
	q->header.body_len += n;
	append(q, p, n);
}

static int
write_header(struct queue_put *q)
{
	size_t done = 0;

	envelope_header_print(q->head, &q->header, q->text_crc);
	while (done < sizeof(q->head)) {
		ssize_t n = pwrite(
		    q->fd, q->head + done, sizeof(q->head) - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			return fail("write queue/", q->tmp);
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

/* Not every file system knows RENAME_NOREPLACE (and musl has no wrapper). */
static int
give_name(struct queue_put *q)
{
	if (syscall(SYS_renameat2, q->queue, q->tmp, q->queue, q->path,
		RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return fail("rename queue/", q->path);
	if (linkat(q->queue, q->tmp, q->queue, q->path, 0) < 0)
		return fail("link queue/", q->path);
	if (unlinkat(q->queue, q->tmp, 0) < 0) {
		fail("unlink queue/", q->tmp);
		unlinkat(q->queue, q->path, 0);
		return -1;
	}
	return 0;
}

static int
sync_name(struct queue_put *q)
{
	char dir[WALK_PATH];
	int fd, err = 0;

	snprintf(dir, sizeof(dir), "%.5s", q->path);
	fd = openat(q->queue, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("open queue/", dir);
	if (fsync(fd) < 0)
		err = errno;
	if (close(fd) < 0 && !err)
		err = errno;
	errno = err;
	return err ? fail("fsync queue/", dir) : 0;
}

static int
close_file(struct queue_put *q)
{
	int r = close(q->fd);

	q->fd = -1;
	return r < 0 ? fail("close queue/", q->path) : 0;
}

static int
commit(struct queue_put *q)
{
	if (write_header(q) < 0 || give_name(q) < 0)
		return -1;
	q->named = true;
	if (fsync(q->fd) < 0)
		return fail("fsync queue/", q->path);
	if (sync_name(q) < 0)
		return -1;
	return close_file(q);
}

int
queue_put_commit(struct queue_put *q)
{
	flush(q);
	if (q->fd < 0 && !q->err)
		q->err = EBADF;
	if (q->err) {
		errno = q->err;
		fail("write queue/", q->tmp);
	} else if (commit(q) < 0) {
		q->err = errno;
	}
	if (q->err) {
		int err = q->err;

		queue_put_abort(q);
		errno = err;
		return -1;
	}
	queue_put_nudge(q->queue, str_from(str_z(q->path), 6));
	close(q->queue);
	q->queue = -1;
	return 0;
}

void
queue_put_abort(struct queue_put *q)
{
	if (q->queue < 0)
		return;
	if (q->fd >= 0)
		close(q->fd);
	if (q->named)
		unlinkat(q->queue, q->path, 0);
	else if (q->tmp[0])
		unlinkat(q->queue, q->tmp, 0);
	close(q->queue);
	q->queue = q->fd = -1;
}

void
queue_put_nudge(int queue, struct str what)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	/* The real path may be longer than a socket's name can be. */
	snprintf(
	    a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/nudge", queue);
	if (sendto(fd, what.p, what.n, MSG_NOSIGNAL, (struct sockaddr *)&a,
		sizeof(a)) < 0) {
		/* No runner, or a busy one: it will look by itself. */
	}
	close(fd);
}
