/* SPDX-License-Identifier: ISC */
/* Reading a new password; yubin password. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "users/secret.h"

/* One line without its end.  Octet by octet: what follows is not ours. */
static int
read_line(struct buf *b)
{
	char c;
	ssize_t n;

	while ((n = read(0, &c, 1)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail("read the password", NULL);
		if (c == '\n')
			break;
		buf_chr(b, c);
	}
	if (b->n > 0 && b->p[b->n - 1] == '\r')
		b->n--;
	if (b->over)
		return fail_text(EINVAL, "the password is too long");
	if (b->n == 0)
		return fail_text(EINVAL, "the password is empty");
	return 0;
}

static int
prompt(const char *text, struct buf *b)
{
	fprintf(stderr, "%s", text);
	return read_line(b);
}

static int
ask_twice(struct buf *pass)
{
	struct buf again;
	int r = prompt("New password: ", pass);

	fprintf(stderr, "\n");
	buf_init(&again, SECRET_PASS_MAX + 1);
	if (r == 0)
		r = prompt("Again: ", &again);
	fprintf(stderr, "\n");
	if (r == 0 && !str_eq(buf_slice(pass), buf_slice(&again)))
		r = fail_text(EINVAL, "the passwords differ");
	buf_wipe(&again);
	return r;
}

static int
ask_password(struct buf *pass)
{
	struct termios old, quiet;
	sigset_t keys, before;
	int r;

	if (tcgetattr(0, &old) < 0)
		return read_line(pass);
	/* An interrupt in the middle would leave the terminal silent. */
	sigemptyset(&keys);
	sigaddset(&keys, SIGINT);
	sigaddset(&keys, SIGTSTP);
	sigprocmask(SIG_BLOCK, &keys, &before);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(0, TCSAFLUSH, &quiet);
	r = ask_twice(pass);
	tcsetattr(0, TCSAFLUSH, &old);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

int
ask_secret(const char *scheme, struct buf *secret)
{
	struct buf pass;
	int r;

	if (!scheme)
		scheme = settings_text("PASSWORD_SCHEME");
	buf_init(&pass, SECRET_PASS_MAX + 1);
	r = ask_password(&pass);
	if (r == 0)
		r = secret_make(str_z(scheme), buf_slice(&pass), secret);
	buf_wipe(&pass);
	return r;
}

int
admin_password(int argc, char **argv)
{
	const char *scheme = take_option(&argc, argv, "--scheme");
	struct buf secret;
	int r;

	if (argc != 1)
		return refuse("usage: yubin password [--scheme SCHEME]");
	buf_init(&secret, SECRET_MAX);
	r = ask_secret(scheme, &secret);
	if (r == 0)
		printf("%s\n", buf_cstr(&secret));
	buf_wipe(&secret);
	return r < 0 ? failed("make the secret") : 0;
}
