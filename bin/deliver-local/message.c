/* SPDX-License-Identifier: ISC */
/* The message: read from descriptor 0 as often as there are deliveries, with
 * the lines that a delivery prepends. */
#define _GNU_SOURCE
#include "local.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fail.h"
#include "io/file.h"
#include "io/out.h"

/* A pipe can be read only once: copy it. */
static int
spool(struct local *l)
{
	char chunk[65536];
	ssize_t n;

	l->fd = memfd_create("message", MFD_CLOEXEC);
	if (l->fd < 0)
		return fail("memfd_create", NULL);
	while ((n = read(0, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || file_write(l->fd, chunk, (size_t)n) < 0)
			return fail("read the message", NULL);
	}
	return 0;
}

int
message_open(struct local *l)
{
	l->fd = 0;
	l->from = lseek(0, 0, SEEK_CUR);
	if (l->from >= 0)
		return 0;
	l->from = 0;
	return spool(l);
}

static ssize_t
read_at(struct local *l, char *to, size_t n, uint64_t at)
{
	ssize_t got;

	do
		got = pread(l->fd, to, n, l->from + (off_t)at);
	while (got < 0 && errno == EINTR);
	return got < 0 ? fail("read the message", NULL) : got;
}

/* ---------------------------------------------------------------- loops */

static bool
is_delivered_to(struct str line, struct str recipient)
{
	size_t colon = str_find(line, ':');

	return str_ieq(str_trim(str_to(line, colon)), STR("Delivered-To")) &&
	       str_ieq(str_trim(str_from(line, colon + 1)), recipient);
}

bool
message_loops(struct local *l)
{
	char *p = arena_alloc(l->arena, LOCAL_HEADER);
	size_t n = 0;
	ssize_t got = 1;
	struct str rest, line;

	while (n < LOCAL_HEADER && got > 0) {
		got = read_at(l, p + n, LOCAL_HEADER - n, n);
		if (got > 0)
			n += (size_t)got;
	}
	rest = str_make(p, n);
	while (str_cut(&rest, '\n', &line) && str_trim(line).n > 0)
		if (is_delivered_to(line, l->recipient))
			return true;
	return false;
}

/* -------------------------------------------------------------- copying */

static void
front(struct local *l, bool return_path, struct buf *b)
{
	buf_init(b, 16384);
	if (return_path) {
		buf_z(b, "Return-Path: <");
		buf_str(b, l->sender);
		buf_z(b, ">\r\n");
	}
	buf_z(b, "Delivered-To: ");
	buf_str(b, l->recipient);
	buf_z(b, "\r\n");
	if (l->original.n > 0 && !str_eq(l->original, l->recipient)) {
		buf_z(b, "X-Original-To: ");
		buf_str(b, l->original);
		buf_z(b, "\r\n");
	}
}

int
message_next(struct local *l, struct message_part *m, struct str *part)
{
	ssize_t n;

	if (!m->started) {
		struct buf b;

		front(l, m->return_path, &b);
		*part = arena_str(l->arena, buf_slice(&b));
		buf_free(&b);
		m->started = true;
		return 1;
	}
	n = read_at(l, m->data, sizeof(m->data), (uint64_t)m->at);
	if (n <= 0)
		return (int)n;
	m->at += n;
	*part = str_make(m->data, (size_t)n);
	return 1;
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
	struct message_part m = {.return_path = !crlf};
	char storage[32768];
	struct out out;
	struct str part;
	bool cr = false;
	int r;

	out_init(&out, fd, storage, sizeof(storage));
	/* A program may do something else before it reads. */
	out.stall_s = LOCAL_PROGRAM_S;
	while ((r = message_next(l, &m, &part)) == 1) {
		if (crlf)
			out_str(&out, part);
		else
			put_lf(&out, part, &cr);
	}
	if (cr)
		out_chr(&out, '\r');
	return out_flush(&out) < 0 || r < 0 ? -1 : 0;
}
