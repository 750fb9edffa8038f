/* SPDX-License-Identifier: ISC */
/* Whatever is not answered with OK is trouble: nothing fails on this disk. */
#define _GNU_SOURCE
#include "imap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/now.h"
#include "io/file.h"
#include "io/wait.h"
#include "rig.h"

static void
fill(struct imap *s)
{
	ssize_t n;

	memmove(s->in, s->in + s->at, s->n - s->at);
	s->n -= s->at;
	s->at = 0;
	if (s->n == sizeof(s->in))
		broken_text("imapd", "an answer is too long");
	if (wait_readable(s->fd, now_plus_s(RIG_WAIT_S)) != 1)
		broken("wait for imapd");
	n = read(s->fd, s->in + s->n, sizeof(s->in) - s->n);
	if (n <= 0)
		broken_text("imapd", "ended early");
	s->n += (size_t)n;
}

struct str
imap_literal(struct imap *s, size_t n)
{
	struct str r;

	while (s->n - s->at < n)
		fill(s);
	r = str_make(s->in + s->at, n);
	s->at += n;
	return r;
}

struct str
imap_line(struct imap *s)
{
	const char *lf;
	struct str r;

	while (!(lf = memchr(s->in + s->at, '\n', s->n - s->at)))
		fill(s);
	r = imap_literal(s, (size_t)(lf - (s->in + s->at)) + 1);
	return str_to(r, r.n - 2);
}

static void
send_format(struct imap *s, const char *fmt, va_list ap)
{
	char line[400];
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	if (n < 0 || (size_t)n >= sizeof(line) ||
	    file_write(s->fd, line, (size_t)n) < 0)
		broken("write to imapd");
}

void
imap_say(struct imap *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_format(s, fmt, ap);
	va_end(ap);
}

void
imap_send(struct imap *s, struct str text, const char *fmt, ...)
{
	va_list ap;

	s->validity = s->uid = 0;
	imap_say(s, "t%u ", ++s->tag);
	va_start(ap, fmt);
	send_format(s, fmt, ap);
	va_end(ap);
	if (text.n) {
		imap_say(s, " {%zu+}\r\n", text.n);
		if (file_write(s->fd, text.p, text.n) < 0)
			broken("write to imapd");
	}
	imap_say(s, "\r\n");
}

/* Keep what the line says about UIDs. */
static void
learn(struct imap *s, struct str line)
{
	char text[200];
	const char *p;

	snprintf(text, sizeof(text), "%.*s", STR_FMT(line));
	p = strstr(text, "[APPENDUID ");
	if (p)
		sscanf(p, "[APPENDUID %u %u", &s->validity, &s->uid);
	p = strstr(text, "[COPYUID ");
	if (p)
		sscanf(p, "[COPYUID %u %*u %u", &s->validity, &s->uid);
}

bool
imap_done(struct imap *s, struct str line)
{
	char tag[16];
	struct str t;

	learn(s, line);
	snprintf(tag, sizeof(tag), "t%u ", s->tag);
	t = str_z(tag);
	if (str_starts(line, STR("* BYE")))
		broken_text("imapd", "BYE");
	if (!str_starts(line, t))
		return false;
	if (!str_starts(str_from(line, t.n), STR("OK"))) {
		fprintf(stderr, "powercut: %.*s\n", STR_FMT(line));
		broken_text("imapd", "not OK");
	}
	return true;
}

void
imap_finish(struct imap *s)
{
	while (!imap_done(s, imap_line(s)))
		;
}

void
imap_open(struct imap *s, const char *bin, const char *name)
{
	char program[RIG_PATH], log[RIG_PATH];
	const char *argv[2] = {program, NULL};
	int fds[2];

	rig_path(program, bin, "/yubin-", name);
	rig_path(log, rig_work, "/sessions.log", "");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		broken("socketpair");
	s->pid = rig_start(argv, fds[1], fds[1], log);
	close(fds[1]);
	s->fd = fds[0];
	s->at = s->n = 0;
	s->tag = 0;
	imap_line(s);
}

void
imap_close(struct imap *s)
{
	shutdown(s->fd, SHUT_WR);
	rig_wait(s->pid, "imapd");
	close(s->fd);
}
