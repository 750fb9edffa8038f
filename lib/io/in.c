/* SPDX-License-Identifier: ISC */
/* Buffered reader.  The descriptor may be shared with other processes, so its
 * O_NONBLOCK flag is never touched: poll() first, then one read(); or one
 * recv(), when the kernel was told the time that there is. */
#include "io/in.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/now.h"
#include "io/wait.h"

void
in_init(struct in *in, int fd, struct out *out, char *storage, size_t size)
{
	*in = (struct in){.fd = fd,
	    .out = out,
	    .p = storage,
	    .size = size,
	    .deadline = NOW_NEVER};
}

void
in_patience(struct in *in, int s)
{
	const struct timeval t = {s, 0};

	in->patience_ms =
	    setsockopt(in->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0
		? 1000 * s
		: 0;
}

static int
stick(struct in *in, int err)
{
	in->err = err;
	errno = err;
	return -1;
}

/* -1 as poll() and read() say, or ETIMEDOUT. */
static ssize_t
read_some(struct in *in, char *to, size_t n)
{
	int left = in->patience_ms > 0 ? now_left(in->deadline) : 0;
	ssize_t got;
	int ready;

	if (left > 0 && left >= in->patience_ms - in->patience_ms / 100) {
		got = recv(in->fd, to, n, 0);
		if (got >= 0 || (errno != EAGAIN && errno != EINTR))
			return got;
	}
	ready = wait_readable(in->fd, in->deadline);
	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready <= 0)
		return -1;
	do
		got = read(in->fd, to, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Read more behind what is unread; room must exist.
 * Returns 1 more, 0 end of input, -1 failed. */
static int
fill(struct in *in)
{
	ssize_t n;

	if (in->err)
		return stick(in, in->err);
	if (in->eof)
		return 0;
	if (in->out && out_flush(in->out) < 0)
		return stick(in, in->out->err);
	n = read_some(in, in->p + in->end, in->size - in->end);
	if (n < 0)
		return stick(in, errno);
	in->eof = n == 0;
	in->end += (size_t)n;
	return n > 0;
}

static void
compact(struct in *in)
{
	if (in->pos == 0)
		return;
	memmove(in->p, in->p + in->pos, in->end - in->pos);
	in->end -= in->pos;
	in->pos = 0;
}

/* Consume through the next LF; the line was bad or too long. */
static int
skip_line(struct in *in, int err)
{
	for (;;) {
		struct str rest = in_unread(in);
		size_t at = str_find(rest, '\n');
		int r;

		if (at < rest.n) {
			in->pos += at + 1;
			errno = err;
			return -1;
		}
		in->pos = in->end = 0;
		r = fill(in);
		if (r <= 0)
			return r;
	}
}

/* One whole line including its LF is unread: check and take it. */
static int
take_line(struct in *in, size_t lf, struct str *line, size_t max)
{
	struct str l = str_make(in->p + in->pos, lf);
	bool crlf = l.n && l.p[l.n - 1] == '\r';

	in->pos += lf + 1;
	if (crlf)
		l.n--;
	if (l.n > max) {
		errno = EMSGSIZE;
		return -1;
	}
	if (str_has(l, '\r') || (!crlf && !in->lax)) {
		errno = EPROTO;
		return -1;
	}
	*line = l;
	return 1;
}

int
in_line(struct in *in, struct str *line, size_t max)
{
	size_t seen = 0;

	for (;;) {
		struct str rest = in_unread(in);
		size_t lf = seen + str_find(str_from(rest, seen), '\n');
		int r;

		if (lf < rest.n)
			return take_line(in, lf, line, max);
		seen = rest.n;
		if (seen > max + 1)
			return skip_line(in, EMSGSIZE);
		compact(in);
		if (in->end == in->size)
			return skip_line(in, EMSGSIZE);
		r = fill(in);
		if (r <= 0)
			return r;
	}
}

int
in_peek(struct in *in, struct str *data)
{
	int r = 1;

	if (in->pos == in->end) {
		in->pos = in->end = 0;
		r = fill(in);
	}
	*data = in_unread(in);
	return r;
}

void
in_eat(struct in *in, size_t n)
{
	size_t have = in->end - in->pos;

	in->pos += n < have ? n : have;
}

int
in_exact(struct in *in, char *to, size_t n)
{
	while (n > 0) {
		struct str data;
		int r = in_peek(in, &data);

		if (r <= 0)
			return r;
		data = str_to(data, n);
		memcpy(to, data.p, data.n);
		in_eat(in, data.n);
		to += data.n;
		n -= data.n;
	}
	return 1;
}

struct str
in_unread(const struct in *in)
{
	return str_make(in->p + in->pos, in->end - in->pos);
}

bool
in_pending(struct in *in)
{
	return in->pos < in->end || wait_readable(in->fd, now_ms()) > 0;
}

void
in_drop(struct in *in)
{
	in->pos = in->end = 0;
	in->eof = false;
	in->patience_ms = 0;
}

int
in_push(struct in *in, struct str data)
{
	compact(in);
	if (data.n > in->size - in->end) {
		errno = EMSGSIZE;
		return -1;
	}
	memmove(in->p + data.n, in->p, in->end);
	if (data.n)
		memcpy(in->p, data.p, data.n);
	in->end += data.n;
	return 0;
}
