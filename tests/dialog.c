/* SPDX-License-Identifier: ISC */
/* Plays a dialogue against a program on a socketpair, or a TCP server.
 *
 *   dialog [-t seconds] [-c host:port | program args…] < script
 *
 * Script lines (leading blanks and empty lines are skipped, # comments):
 *   C: text    send text and CRLF
 *   C~ raw     send raw octets: \r \n \t \0 \\ \xHH, nothing added
 *   C< file    send the file's octets        C.  no more from us
 *   S: pat     the next line must match      S! pat  … must not match
 *   S* pat     skip lines until one matches  S.  the peer must close
 *   X: cmd     run a shell command, which must succeed
 *   E: n       the program must exit with code n (after S.)
 * In a pattern * matches anything; a "* " at its start is a star (IMAP).
 * 1C: 2S: … address several sessions of the same program, started when first
 * used.  Lines must end in CRLF.  Exit 0 when all was as written. */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/now.h"
#include "base/str.h"

#define LINE_MAX_LEN 1000000

struct session {
	bool started;
	int fd;
	pid_t pid;
	char *buf;
	size_t n;
};

static struct session sessions[10];
static char **program;
static const char *target;
static int timeout_s = 10;
static int script_line;

_Noreturn static void
bad(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "dialog: script line %d: ", script_line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	for (int i = 0; i < 10; i++)
		if (sessions[i].pid > 0)
			kill(sessions[i].pid, SIGKILL);
	exit(1);
}

static void
start_program(struct session *s)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		bad("socketpair: %s", strerror(errno));
	s->pid = fork();
	if (s->pid < 0)
		bad("fork: %s", strerror(errno));
	if (s->pid == 0) {
		dup2(sv[1], 0);
		dup2(sv[1], 1);
		signal(SIGPIPE, SIG_DFL);
		execvp(program[0], program);
		fprintf(stderr, "dialog: exec %s: %s\n", program[0],
		    strerror(errno));
		_exit(127);
	}
	close(sv[1]);
	s->fd = sv[0];
}

static void
start_connection(struct session *s)
{
	char host[256];
	struct addrinfo *ai;
	struct str at = str_z(target);
	size_t colon = str_rfind(at, ':');

	if (colon == at.n ||
	    str_copy(host, sizeof(host), str_to(at, colon)) < 0 ||
	    getaddrinfo(host, target + colon + 1, NULL, &ai) != 0)
		bad("cannot resolve %s", target);
	s->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect(s->fd, ai->ai_addr, ai->ai_addrlen) < 0)
		bad("connect %s: %s", target, strerror(errno));
	freeaddrinfo(ai);
}

static struct session *
session(int i)
{
	struct session *s = &sessions[i];

	if (s->started)
		return s;
	s->started = true;
	s->buf = malloc(LINE_MAX_LEN);
	if (!s->buf)
		bad("out of memory");
	if (target)
		start_connection(s);
	else
		start_program(s);
	return s;
}

static void
send_all(struct session *s, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = send(s->fd, p, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			printf("# sending failed: %s\n", strerror(errno));
			return;
		}
		p += done;
		n -= (size_t)done;
	}
}

static void
send_raw(struct session *s, const char *p)
{
	for (; *p; p++) {
		char c = *p;

		if (c == '\\' && p[1]) {
			c = *++p;
			if (c == 'x' && p[1] && p[2]) {
				c = (char)(ascii_xdigit(p[1]) * 16 +
					   ascii_xdigit(p[2]));
				p += 2;
			} else {
				c = c == 'r'   ? '\r'
				    : c == 'n' ? '\n'
				    : c == 't' ? '\t'
				    : c == '0' ? '\0'
				               : c;
			}
		}
		send_all(s, &c, 1);
	}
}

static void
send_file(struct session *s, const char *path)
{
	FILE *f = fopen(path, "rb");
	char chunk[65536];
	size_t n;

	if (!f)
		bad("open %s: %s", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		send_all(s, chunk, n);
	fclose(f);
}

/* Read one line into line, CRLF removed; false at end of input. */
static bool
read_line(struct session *s, char *line)
{
	int64_t deadline = now_plus_s(timeout_s);

	for (;;) {
		char *lf = memchr(s->buf, '\n', s->n);
		struct pollfd p = {.fd = s->fd, .events = POLLIN};
		ssize_t n;

		if (lf) {
			size_t len = (size_t)(lf - s->buf);

			if (len == 0 || lf[-1] != '\r')
				bad("line without CR: %.*s", (int)len, s->buf);
			memcpy(line, s->buf, len - 1);
			line[len - 1] = '\0';
			s->n -= len + 1;
			memmove(s->buf, lf + 1, s->n);
			return true;
		}
		if (s->n == LINE_MAX_LEN)
			bad("line too long");
		if (poll(&p, 1, now_left(deadline)) == 0)
			bad("nothing came for %d s; unfinished: %.*s",
			    timeout_s, (int)s->n, s->buf);
		n = read(s->fd, s->buf + s->n, LINE_MAX_LEN - s->n);
		if (n <= 0 && s->n > 0)
			bad("closed within a line: %.*s", (int)s->n, s->buf);
		if (n <= 0)
			return false;
		s->n += (size_t)n;
	}
}

static bool
match(const char *pat, const char *text)
{
	const char *star = NULL;
	const char *from = NULL;

	while (*text) {
		if (*pat == '*') {
			star = ++pat;
			from = text;
		} else if (*pat == *text) {
			pat++;
			text++;
		} else if (star) {
			pat = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pat == '*')
		pat++;
	return *pat == '\0';
}

static bool
matches(const char *pat, const char *text)
{
	if (pat[0] == '*' && pat[1] == ' ')
		return text[0] == '*' && match(pat + 1, text + 1);
	return match(pat, text);
}

static void
expect(struct session *s, char how, const char *pat)
{
	static char line[LINE_MAX_LEN];

	do {
		if (!read_line(s, line)) {
			if (how == '.')
				return;
			bad("end of input instead of: %s", pat);
		}
		printf("S: %s\n", line);
		if (how == '.')
			bad("expected the end of input");
	} while (how == '*' && !matches(pat, line));
	if (how == ':' && !matches(pat, line))
		bad("got:      %s\n             expected: %s", line, pat);
	if (how == '!' && matches(pat, line))
		bad("must not come: %s", line);
}

static void
expect_exit(struct session *s, int code)
{
	int64_t deadline = now_plus_s(timeout_s);
	int status;

	while (waitpid(s->pid, &status, WNOHANG) == 0) {
		if (now_left(deadline) == 0)
			bad("the program does not end");
		poll(NULL, 0, 5);
	}
	s->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		bad("exit status %#x, expected code %d", status, code);
}

static void
run_shell(const char *cmd)
{
	int status = system(cmd);

	if (status != 0)
		bad("command failed (status %#x): %s", status, cmd);
}

static void
client_step(struct session *s, char how, const char *arg)
{
	if (how == ':') {
		send_all(s, arg, strlen(arg));
		send_all(s, "\r\n", 2);
	} else if (how == '~') {
		send_raw(s, arg);
	} else if (how == '<') {
		send_file(s, arg);
	} else if (how == '.') {
		shutdown(s->fd, SHUT_WR);
	} else {
		bad("unknown step");
	}
}

static void
step(char *text)
{
	int who = 1;
	const char *arg;

	while (ascii_isblank(*text))
		text++;
	text[strcspn(text, "\n")] = '\0';
	if (!*text || *text == '#')
		return;
	if (ascii_isdigit(*text))
		who = *text++ - '0';
	if (!text[0] || !text[1])
		bad("unknown step: %s", text);
	arg = text[2] == ' ' ? text + 3 : text + 2;
	printf("%s\n", text[0] == 'S' ? "" : text);
	if (text[0] == 'C')
		client_step(session(who), text[1], arg);
	else if (text[0] == 'S' && strchr(":!*.", text[1]))
		expect(session(who), text[1], arg);
	else if (text[0] == 'X' && text[1] == ':')
		run_shell(arg);
	else if (text[0] == 'E' && text[1] == ':')
		expect_exit(session(who), (int)strtol(arg, NULL, 10));
	else
		bad("unknown step: %s", text);
}

static void
finish(struct session *s)
{
	int64_t deadline = now_plus_s(timeout_s);

	if (!s->started)
		return;
	close(s->fd);
	while (s->pid > 0 && waitpid(s->pid, NULL, WNOHANG) == 0) {
		if (now_left(deadline) == 0)
			bad("the program does not end");
		poll(NULL, 0, 2);
	}
	s->pid = 0;
}

int
main(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	int opt;

	while ((opt = getopt(argc, argv, "+t:c:")) != -1) {
		if (opt == 't')
			timeout_s = (int)strtol(optarg, NULL, 10);
		else if (opt == 'c')
			target = optarg;
		else
			return 100;
	}
	program = argv + optind;
	if (!target && !*program)
		bad("usage: dialog [-t s] [-c host:port | program args]");
	while (getline(&text, &size, stdin) >= 0) {
		script_line++;
		step(text);
	}
	free(text);
	for (int i = 0; i < 10; i++)
		finish(&sessions[i]);
	return 0;
}
