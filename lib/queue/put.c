/* SPDX-License-Identifier: ISC */
/* Acceptance.  The order of system calls is the whole point.  What fits into
 * a slot stays in memory until it is complete, and then
 *
 *	lock a free slot   pwrite(all behind the header)   pwrite(header)
 *	fdatasync(slot)   close
 *
 * and anything else
 *
 *	openat(tmp/ID, O_EXCL)   write …   pwrite(header, 0)
 *	rename tmp/ID -> new/X/ID, never replacing
 *	fsync(file)   fsync(new/X)   close
 *
 * The name is given before the sync: one journal commit then holds data and
 * name (2 device flushes instead of 4), and a file that a crash leaves torn
 * under its final name was never acknowledged and is found out by its
 * checksums.  The directory's fsync is what POSIX asks for; it costs nothing
 * on ext4 and XFS.  An error of a sync is final: the kernel has forgotten the
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
#include <time.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/fail.h"
#include "base/now.h"
#include "io/file.h"
#include "queue/entry.h"

#define RESERVE_OCTETS (16 * 1024 * 1024)
#define RESERVE_INODES 1000
#define FILE_MODE 0660 /* the queue's group may deliver what we accept */
#define PAUSE_MS 20
#define NUDGE_MS 20     /* the longest that a nudge waits for room */
#define IN_FLOW_MS 1000 /* the longest that acceptance waits for delivery */

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

/* Create the file in tmp. */
static int
create(struct queue_put *q)
{
	snprintf(q->tmp, sizeof(q->tmp), "tmp/%s", q->id);
	walk_path(q->path, str_z(q->id));
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

/* Into the file, which is made when the first octets come to it. */
static void
flush(struct queue_put *q)
{
	if (q->err)
		return;
	if ((q->fd < 0 && create(q) < 0) ||
	    file_write(q->fd, q->chunk, q->n) < 0)
		q->err = errno;
	q->n = 0;
}

static void
append(struct queue_put *q, const char *p, size_t n)
{
	while (n > 0 && !q->err) {
		size_t room = sizeof(q->chunk) - q->n;
		size_t part = n < room ? n : room;

		if (part == 0) {
			flush(q);
			continue;
		}
		memcpy(q->chunk + q->n, p, part);
		q->n += part;
		if (q->n > q->most)
			q->most = q->n;
		p += part;
		n -= part;
	}
}

/* The header is zeros until the message is complete. */
static void
write_front(struct queue_put *q, const struct envelope *e, struct str text)
{
	memset(q->chunk, 0, ENVELOPE_HEADER);
	q->n = ENVELOPE_HEADER;
	for (size_t i = 0; i < e->nrcpt; i++) {
		char status = e->rcpts[i].status;

		append(q, status ? &status : "N", 1);
	}
	append(q, "\n", 1);
	append(q, text.p, text.n);
	q->header.nrcpt = (uint32_t)e->nrcpt;
	q->header.env_len = (uint32_t)text.n;
	q->text_crc = crc32c(0, text.p, text.n);
}

static int
begin(struct queue_put *q, const struct envelope *e, uint64_t size_hint)
{
	if (check_space(q->queue, size_hint) < 0)
		return -1;
	buf_reset(&q->text);
	if (envelope_print(e, &q->text) < 0)
		return -1;
	memcpy(q->id, e->id.p, ID_LEN);
	write_front(q, e, buf_slice(&q->text));
	if (q->err) {
		errno = q->err;
		return -1;
	}
	q->begun = true;
	return 0;
}

/* Where the runner listens.  When its path is longer than a socket's name can
 * be there is one through the directory's descriptor, a longer way to go. */
static struct sockaddr_un
address(const char *root, int queue)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int n = -1;

	if (root)
		n = snprintf(
		    a.sun_path, sizeof(a.sun_path), "%s/queue/nudge", root);
	if (n < 0 || n >= (int)sizeof(a.sun_path))
		snprintf(a.sun_path, sizeof(a.sun_path),
		    "/proc/self/fd/%d/nudge", queue);
	return a;
}

static int
open_queue(struct queue_put *q, const char *root)
{
	if (q->open)
		return 0;
	q->queue = walk_open(root, true);
	if (q->queue < 0)
		return -1;
	q->bell = -1;
	q->slots = 0;
	q->runner = address(root, q->queue);
	buf_init(&q->text, ENVELOPE_MAX);
	q->open = true;
	return 0;
}

int
queue_put_begin(struct queue_put *q, const char *root, const struct envelope *e,
    uint64_t size_hint)
{
	const size_t from = offsetof(struct queue_put, fd);
	int err;

	if (open_queue(q, root) < 0)
		return -1;
	memset((char *)q + from, 0, offsetof(struct queue_put, chunk) - from);
	q->fd = -1;
	if (begin(q, e, size_hint) == 0)
		return 0;
	err = errno;
	queue_put_abort(q);
	errno = err;
	return -1;
}

static bool
send_to(int fd, struct str what, const struct sockaddr_un *a, int flags)
{
	return sendto(fd, what.p, what.n, MSG_NOSIGNAL | flags,
		   (const struct sockaddr *)a, sizeof(*a)) >= 0;
}

/* *bell is the socket, made when it is -1. */
static bool
nudge_by(int *bell, const struct sockaddr_un *a, struct str what)
{
	const struct timeval patience = {0, NUDGE_MS * 1000L};
	bool there;

	if (*bell < 0)
		*bell = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (*bell < 0)
		return false;
	errno = 0;
	/* A runner whose socket is full reads it soon; if not, it will look
	 * by itself. */
	there = send_to(*bell, what, a, MSG_DONTWAIT) || errno == EAGAIN;
	if (there && errno == EAGAIN) {
		setsockopt(*bell, SOL_SOCKET, SO_SNDTIMEO, &patience,
		    sizeof(patience));
		send_to(*bell, what, a, 0);
	}
	return there;
}

void
queue_put_pace(struct queue_put *q)
{
	q->paced = true;
}

void
queue_put_data(struct queue_put *q, const void *p, size_t n)
{
	if (q->err || !q->begun)
		return;
	q->header.body_crc = crc32c(q->header.body_crc, p, n);
	q->header.body_len += n;
	append(q, p, n);
}

/* Wait until slots are free again, but not for long, and without a runner there
 * is nobody to wait for. */
static void
pace(struct queue_put *q)
{
	const struct timespec pause = {0, PAUSE_MS * 1000000L};
	int64_t deadline = now_ms() + IN_FLOW_MS;

	while (slot_scarce(q->queue) && now_ms() < deadline &&
	       nudge_by(&q->bell, &q->runner, STR("")))
		nanosleep(&pause, NULL);
}

static int
write_at(struct queue_put *q, const char *p, size_t n, size_t at)
{
	return file_write_at(q->fd, p, n, at) < 0
	           ? fail("write queue/", q->path)
	           : 0;
}

/* The header makes the message valid, so it comes last. */
static int
write_header(struct queue_put *q)
{
	char head[ENVELOPE_HEADER];

	envelope_header_print(head, &q->header, q->text_crc);
	return write_at(q, head, sizeof(head), 0);
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
close_file(struct queue_put *q)
{
	int r = close(q->fd);

	q->fd = -1;
	return r < 0 ? fail("close queue/", q->path) : 0;
}

static int
commit_file(struct queue_put *q)
{
	/* What was too large for a slot from the start. */
	if (q->paced)
		pace(q);
	flush(q);
	if (q->err) {
		errno = q->err;
		return fail("write queue/", q->tmp);
	}
	if (write_header(q) < 0 || give_name(q) < 0)
		return -1;
	q->named = true;
	if (fsync(q->fd) < 0)
		return fail("fsync queue/", q->path);
	if (entry_sync_dir(q->queue, q->path) < 0)
		return -1;
	return close_file(q);
}

/* All of the message is in chunk.  Returns 1; 0 no slot is free; -1 failed. */
static int
commit_slot(struct queue_put *q)
{
	uint32_t from = crc32c(0, q->id, ID_LEN); /* much of it is random */
	int r = slot_claim(q->queue, &q->slots, from, q->path, &q->fd);

	if (r == 0 && q->paced) {
		pace(q);
		q->paced = false;
		r = slot_claim(q->queue, &q->slots, ~from, q->path, &q->fd);
	}
	if (r <= 0)
		return r;
	q->named = true;
	if (write_at(q, q->chunk + ENVELOPE_HEADER, q->n - ENVELOPE_HEADER,
		ENVELOPE_HEADER) < 0 ||
	    write_header(q) < 0)
		return -1;
	if (fdatasync(q->fd) < 0)
		return fail("fdatasync queue/", q->path);
	return close_file(q) < 0 ? -1 : 1;
}

static int
commit(struct queue_put *q)
{
	int r = 0;

	if (q->err || !q->begun) {
		errno = q->err ? q->err : EBADF;
		return fail("write queue/", q->tmp);
	}
	if (q->fd < 0)
		r = commit_slot(q);
	if (r == 0)
		r = commit_file(q);
	return r < 0 ? -1 : 0;
}

int
queue_put_store(struct queue_put *q)
{
	if (commit(q) < 0) {
		int err = errno;

		queue_put_abort(q);
		errno = err;
		return -1;
	}
	q->begun = q->named = false;
	q->tmp[0] = '\0';
	return 0;
}

void
queue_put_tell(struct queue_put *q)
{
	char what[ID_SIZE + WALK_PATH];

	snprintf(what, sizeof(what), "%s%s", q->id,
	    slot_is_path(q->path) ? q->path + 4 : "");
	nudge_by(&q->bell, &q->runner, str_z(what));
}

int
queue_put_commit(struct queue_put *q)
{
	if (queue_put_store(q) < 0)
		return -1;
	queue_put_tell(q);
	return 0;
}

/* A slot in which something failed is not used again: it goes, and the runner
 * makes a new one. */
void
queue_put_abort(struct queue_put *q)
{
	if (!q->open)
		return;
	if (q->named)
		unlinkat(q->queue, q->path, 0);
	else if (q->tmp[0])
		unlinkat(q->queue, q->tmp, 0);
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
	q->begun = q->named = false;
	q->tmp[0] = '\0';
	queue_put_close(q);
}

void
queue_put_erase(struct queue_put *q)
{
	explicit_bzero(q->chunk, q->most);
	q->most = 0;
	buf_erase(&q->text);
}

void
queue_put_close(struct queue_put *q)
{
	if (!q->open)
		return;
	close(q->queue);
	if (q->bell >= 0)
		close(q->bell);
	buf_wipe(&q->text);
	q->open = false;
}

bool
queue_put_nudge(int queue, struct str what)
{
	const struct sockaddr_un runner = address(NULL, queue);
	int bell = -1;
	bool there = nudge_by(&bell, &runner, what);

	if (bell >= 0)
		close(bell);
	return there;
}
