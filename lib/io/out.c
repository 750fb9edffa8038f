/* SPDX-License-Identifier: ISC */
/* Buffered writer with a sticky error. */
#include "io/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crlf.h"
#include "base/now.h"
#include "base/num.h"
#include "io/wait.h"

void
out_init(struct out *o, int fd, char *storage, size_t size)
{
	*o = (struct out){.fd = fd, .p = storage, .size = size, .stall_s = 300};
}

/* Without waiting, where that can be said; EAGAIN: wait first. */
static ssize_t
write_now(struct out *o, const char *p, size_t n)
{
	ssize_t done;

	if (o->no_socket) {
		errno = EAGAIN;
		return -1;
	}
	done = send(o->fd, p, n,
	    MSG_DONTWAIT | MSG_NOSIGNAL | (o->ends ? MSG_MORE : 0));
	if (done < 0 && errno == ENOTSOCK) {
		o->no_socket = true;
		errno = EAGAIN;
	}
	return done;
}

/* Wait until there is room; then a socket is asked again by write_now(). */
static ssize_t
write_later(struct out *o, const char *p, size_t n)
{
	int64_t deadline = o->stall_s ? now_plus_s(o->stall_s) : NOW_NEVER;
	int ready = wait_writable(o->fd, deadline);

	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready <= 0)
		return -1;
	return o->no_socket ? write(o->fd, p, n) : 0;
}

static int
write_all(struct out *o, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write_now(o, p, n);

		if (done < 0 && errno == EAGAIN)
			done = write_later(o, p, n);
		if (done < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (done < 0) {
			o->err = errno;
			return -1;
		}
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int
out_flush(struct out *o)
{
	if (o->err) {
		errno = o->err;
		return -1;
	}
	if (o->n && write_all(o, o->p, o->n) < 0)
		return -1;
	o->n = 0;
	return 0;
}

void
out_storage(struct out *o, char *storage, size_t size)
{
	if (o->n >= size)
		out_flush(o);
	if (o->n && !o->err)
		memcpy(storage, o->p, o->n);
	else
		o->n = 0;
	o->p = storage;
	o->size = size;
}

void
out_put(struct out *o, const void *data, size_t n)
{
	const char *p = data;

	o->total += n;
	while (n > 0 && !o->err) {
		size_t room = o->size - o->n;
		size_t part = n < room ? n : room;

		if (o->n == 0 && n >= o->size) {
			write_all(o, p, n);
			return;
		}
		memcpy(o->p + o->n, p, part);
		o->n += part;
		p += part;
		n -= part;
		if (o->n == o->size)
			out_flush(o);
	}
}

void
out_str(struct out *o, struct str s)
{
	out_put(o, s.p, s.n);
}

void
out_z(struct out *o, const char *z)
{
	out_put(o, z, strlen(z));
}

void
out_chr(struct out *o, char c)
{
	out_put(o, &c, 1);
}

void
out_num(struct out *o, uint64_t v)
{
	char text[NUM_SIZE];

	out_put(o, text, num_print(text, v));
}

void
out_fmt(struct out *o, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text)) {
		if (!o->err)
			o->err = EMSGSIZE;
		return;
	}
	out_put(o, text, (size_t)n);
}

void
out_crlf(struct out *o, struct str s)
{
	while (s.n > 0 && !o->err) {
		size_t n = crlf_expand(o->p + o->n, o->size - o->n, &s, &o->cr);

		o->n += n;
		o->total += n;
		if (s.n > 0)
			out_flush(o);
	}
}

bool
out_failed(const struct out *o)
{
	return o->err != 0;
}
