/* SPDX-License-Identifier: ISC */
/* The client pipelines the envelope (RFC 2920), as busy clients do. */
#define _GNU_SOURCE
#include "smtp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/now.h"
#include "io/file.h"
#include "io/wait.h"

static void
say(struct smtp *s, const char *text, size_t n)
{
	if (file_write(s->fd, text, n) < 0)
		broken("write to smtpd");
}

static void
say_z(struct smtp *s, const char *text)
{
	say(s, text, strlen(text));
}

static void
fill(struct smtp *s)
{
	ssize_t n;

	if (s->n == sizeof(s->in))
		broken_text("smtpd", "an answer is too long");
	if (wait_readable(s->fd, now_plus_s(RIG_WAIT_S)) != 1)
		broken("wait for smtpd");
	n = read(s->fd, s->in + s->n, sizeof(s->in) - s->n);
	if (n <= 0)
		broken_text("smtpd", "ended early");
	s->n += (size_t)n;
}

/* The first digit of the next reply. */
static char
reply(struct smtp *s)
{
	for (;;) {
		const char *end = memchr(s->in, '\n', s->n);
		char first = s->in[0], last;
		size_t n;

		if (!end) {
			fill(s);
			continue;
		}
		n = (size_t)(end - s->in) + 1;
		last = n > 3 ? s->in[3] : ' ';
		s->n -= n;
		memmove(s->in, s->in + n, s->n);
		if (last != '-')
			return first;
	}
}

void
smtp_open(struct smtp *s, const char *bin)
{
	char program[RIG_PATH];
	const char *argv[2] = {program, NULL};
	int fds[2];

	rig_path(program, bin, "/yubin-smtpd", "");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		broken("socketpair");
	s->pid = rig_start(argv, fds[1], fds[1], NULL);
	close(fds[1]);
	s->fd = fds[0];
	s->n = 0;
	if (reply(s) != '2')
		broken_text("smtpd", "no greeting");
	say_z(s, "EHLO rig." LEDGER_DOMAIN "\r\n");
	if (reply(s) != '2')
		broken_text("smtpd", "EHLO refused");
}

/* The number of replies to come before that to DATA. */
static int
say_envelope(struct smtp *s, uint32_t token)
{
	char text[512];
	int n = snprintf(
	    text, sizeof(text), "MAIL FROM:<rig@" LEDGER_DOMAIN ">\r\n");
	int replies = 1;

	for (unsigned u = 0; u < LEDGER_USERS; u++) {
		if (!(ledger_users(token) & 1U << u))
			continue;
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    "RCPT TO:<%s@" LEDGER_DOMAIN ">\r\n", ledger_user(u));
		replies++;
	}
	say(s, text, (size_t)n);
	say_z(s, "DATA\r\n");
	return replies;
}

bool
smtp_submit(struct smtp *s, const struct device *d, uint32_t token)
{
	int replies = say_envelope(s, token);
	bool ok = true;
	size_t n;

	while (replies-- > 0)
		ok = reply(s) == '2' && ok;
	if (reply(s) != '3')
		return false;
	if (!ok)
		broken_text("smtpd", "refused a recipient");
	n = ledger_text(token, "\r\n", s->text);
	memcpy(s->text + n, ".\r\n", 3);
	say(s, s->text, n + 3);
	if (reply(s) != '2')
		return false;
	ledger_ack(d->ledger, token, d->counts->steps);
	return true;
}

void
smtp_close(struct smtp *s)
{
	say_z(s, "QUIT\r\n");
	if (reply(s) != '2')
		broken_text("smtpd", "QUIT refused");
	close(s->fd);
	rig_wait(s->pid, "smtpd");
}
