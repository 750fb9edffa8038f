/* SPDX-License-Identifier: ISC */
/* The message: read from its file as often as there are deliveries, and the
 * lines that a delivery prepends. */
#define _GNU_SOURCE
#include "local.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "io/file.h"
#include "io/out.h"

/* A pipe can be read only once: copy it. */
static int
spool(void)
{
	char chunk[65536];
	int fd = memfd_create("message", MFD_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return fail("memfd_create", NULL);
	while ((n = read(0, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || file_write(fd, chunk, (size_t)n) < 0)
			return fail("read the message", NULL);
	}
	return fd;
}

int
message_stdin(struct message *m)
{
	off_t at = lseek(0, 0, SEEK_CUR);
	int fd = at < 0 ? spool() : 0;

	message_in(m, fd, at < 0 ? 0 : (uint64_t)at, UINT64_MAX);
	return fd < 0 ? -1 : 0;
}

void
message_in(struct message *m, int fd, uint64_t at, uint64_t len)
{
	m->fd = fd;
	m->at = at;
	m->len = len;
	m->n = 0;
	m->read = false;
}

/* Read n octets from `at` on, fewer only at the end. */
static ssize_t
read_at(const struct message *m, char *to, size_t n, uint64_t at)
{
	ssize_t got;

	if (at >= m->len)
		return 0;
	if (n > m->len - at)
		n = (size_t)(m->len - at);
	got = file_read_at(m->fd, to, n, m->at + at);
	if (got < 0)
		return fail("read the message", NULL);
	if (got < (ssize_t)n && m->len != UINT64_MAX)
		return fail_text(EIO, "the message is cut short");
	return got;
}

static int
read_head(struct message *m)
{
	ssize_t n;

	if (m->read)
		return 0;
	n = read_at(m, m->head, sizeof(m->head), 0);
	if (n < 0)
		return -1;
	m->n = (size_t)n;
	m->read = true;
	return 0;
}

int
message_next(struct message *m, uint64_t *at, struct str *part)
{
	ssize_t n;

	if (read_head(m) < 0)
		return -1;
	if (*at < m->n) {
		*part = str_from(str_make(m->head, m->n), (size_t)*at);
		*at = m->n;
		return 1;
	}
	if (m->n < sizeof(m->head))
		return 0;
	n = read_at(m, m->piece, sizeof(m->piece), *at);
	if (n <= 0)
		return (int)n;
	*at += (uint64_t)n;
	*part = str_make(m->piece, (size_t)n);
	return 1;
}

uint64_t
message_size(const struct message *m)
{
	struct stat st;

	if (m->len != UINT64_MAX)
		return m->len;
	if (fstat(m->fd, &st) < 0 || (uint64_t)st.st_size < m->at)
		return 0;
	return (uint64_t)st.st_size - m->at;
}

/* ---------------------------------------------------------------- loops */

static bool
is_delivered_to(struct str line, struct str recipient)
{
	size_t colon;

	if (line.n == 0 || (line.p[0] != 'D' && line.p[0] != 'd'))
		return false;
	colon = str_find(line, ':');
	return str_ieq(str_trim(str_to(line, colon)), STR("Delivered-To")) &&
	       str_ieq(str_trim(str_from(line, colon + 1)), recipient);
}

bool
message_loops(struct message *m, struct str recipient)
{
	struct str rest, line;

	if (read_head(m) < 0)
		return false;
	rest = str_make(m->head, m->n);
	while (str_cut(&rest, '\n', &line) && str_trim(line).n > 0)
		if (is_delivered_to(line, recipient))
			return true;
	return false;
}

/* -------------------------------------------------------------- copying */

struct str
message_front(struct local *l, enum front kind)
{
	struct str front;
	struct buf b;

	buf_init(&b, 16384);
	if (kind != FRONT_PASSED) {
		buf_z(&b, "Return-Path: <");
		buf_str(&b, l->sender);
		buf_z(&b, ">\r\n");
	}
	if (kind != FRONT_SHARED) {
		buf_z(&b, "Delivered-To: ");
		buf_str(&b, l->recipient);
		buf_z(&b, "\r\n");
	}
	if (kind != FRONT_SHARED && l->original.n > 0 &&
	    !str_eq(l->original, l->recipient)) {
		buf_z(&b, "X-Original-To: ");
		buf_str(&b, l->original);
		buf_z(&b, "\r\n");
	}
	front = arena_str(l->arena, buf_slice(&b));
	buf_free(&b);
	return front;
}

/* CRLF becomes LF; *cr: a CR is held back, the next octet decides. */
static void
put_lf(struct out *out, struct str s, bool *cr)
{
	for (size_t i = 0; i < s.n; i++) {
		if (*cr && s.p[i] != '\n')
			out_chr(out, '\r');
		*cr = s.p[i] == '\r';
		if (!*cr)
			out_chr(out, s.p[i]);
	}
}

int
message_send(struct local *l, int fd, bool crlf)
{
	struct str part = message_front(l, crlf ? FRONT_PASSED : FRONT_STORED);
	char storage[32768];
	struct out out;
	uint64_t at = 0;
	bool cr = false;
	int r;

	out_init(&out, fd, storage, sizeof(storage));
	do {
		if (crlf)
			out_str(&out, part);
		else
			put_lf(&out, part, &cr);
		r = message_next(&l->m, &at, &part);
	} while (r == 1);
	if (cr)
		out_chr(&out, '\r');
	return out_flush(&out) < 0 || r < 0 ? -1 : 0;
}
