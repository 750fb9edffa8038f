/* SPDX-License-Identifier: ISC */
/* The log line.  Written with one write(2) so that lines of many processes
 * sharing a pipe do not mix (PIPE_BUF is 4096 on Linux). */
#define _GNU_SOURCE /* gettid */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/num.h"
#include "base/utf8.h"

static const char *prog_name = "yubin";
static int log_fd = 2;
static bool to_syslog;
static struct {
	char key[16];
	char value[80];
} context[LOG_CONTEXT];

/* Lines that wait for log_release(). */
static struct {
	bool on;
	size_t n;
	char text[4096]; /* what a pipe takes as one piece */
} held;

struct line {
	char text[LOG_LINE];
	size_t n;
};

static bool
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Standard error is a connection with the outside: under inetd it is the
 * client's, also for programs started behind a TLS relay, whose descriptors 0
 * and 1 are others. */
static bool
is_connection(void)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);

	if (getsockname(2, (struct sockaddr *)&ss, &len) < 0)
		return false;
	return ss.ss_family == AF_INET || ss.ss_family == AF_INET6 ||
	       same_file(2, 0) || same_file(2, 1);
}

/* Standard error is the system's log, put there by a program before us. */
static bool
is_syslog(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNSPEC};
	socklen_t len = sizeof(sun);

	return getpeername(2, (struct sockaddr *)&sun, &len) == 0 &&
	       sun.sun_family == AF_UNIX &&
	       strcmp(sun.sun_path, "/dev/log") == 0;
}

/* Put the system's log, or failing that nothing, in place of descriptor 2:
 * what we start inherits it. */
static void
replace_stderr(void)
{
	struct sockaddr_un sun = {
	    .sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, 2) < 0)
		log_fd = -1;
	if (fd >= 0)
		close(fd);
}

void
log_open(const char *prog)
{
	struct stat st;

	prog_name = prog;
	if (fstat(2, &st) < 0)
		log_fd = -1;
	else if (S_ISSOCK(st.st_mode) && is_connection())
		replace_stderr();
	to_syslog = is_syslog();
}

void
log_context(const char *key, const char *value)
{
	for (int i = 0; i < LOG_CONTEXT; i++) {
		if (context[i].key[0] && strcmp(context[i].key, key) != 0)
			continue;
		if (!value) {
			context[i].key[0] = '\0';
			return;
		}
		snprintf(context[i].key, sizeof(context[i].key), "%s", key);
		snprintf(
		    context[i].value, sizeof(context[i].value), "%s", value);
		return;
	}
}

static void
line_put(struct line *l, const char *p, size_t n)
{
	/* The newline's place is kept free. */
	if (n < sizeof(l->text) - 1 - l->n) {
		memcpy(l->text + l->n, p, n);
		l->n += n;
	}
}

static void
line_value(struct line *l, const char *value)
{
	struct str s = str_z(value);
	bool quote = s.n == 0 || strpbrk(value, " \"=\\");
	char hex[5];

	if (quote)
		line_put(l, "\"", 1);
	while (s.n > 0) {
		size_t n = utf8_len(s);

		if (!utf8_plain(s.p, n)) {
			snprintf(hex, sizeof(hex), "\\x%02x",
			    (unsigned)(unsigned char)*s.p);
			line_put(l, hex, 4);
			n = 1;
		} else if (*s.p == '"' || *s.p == '\\') {
			line_put(l, "\\", 1);
			line_put(l, s.p, 1);
		} else {
			line_put(l, s.p, n);
		}
		s = str_from(s, n);
	}
	if (quote)
		line_put(l, "\"", 1);
}

static void
line_pair(struct line *l, const char *key, const char *value)
{
	line_put(l, " ", 1);
	line_put(l, key, strlen(key));
	line_put(l, "=", 1);
	line_value(l, value);
}

static void
write_out(const char *p, size_t n)
{
	while (n > 0 && write(log_fd, p, n) < 0 && errno == EINTR)
		continue;
}

static void
flush_held(void)
{
	write_out(held.text, held.n);
	held.n = 0;
}

static void
put_line(const struct line *l)
{
	if (!held.on) {
		write_out(l->text, l->n);
		return;
	}
	if (l->n > sizeof(held.text) - held.n)
		flush_held();
	memcpy(held.text + held.n, l->text, l->n);
	held.n += l->n;
}

void
log_hold(void)
{
	held.on = !to_syslog;
}

void
log_release(void)
{
	int err = errno;

	flush_held();
	held.on = false;
	errno = err;
}

/* The process's id: there are no threads, and musl knows this one by heart. */
static long
own_pid(void)
{
	return (long)gettid();
}

static void
vlog(const char *ev, va_list ap)
{
	struct line l = {.n = 0};
	int err = errno;
	const char *key;

	if (log_fd < 0)
		return;
	l.n = (size_t)snprintf(l.text, 80,
	    "%s%.40s[%ld]:", to_syslog ? "<22>" : "", prog_name, own_pid());
	line_pair(&l, "ev", ev);
	for (int i = 0; i < LOG_CONTEXT; i++)
		if (context[i].key[0])
			line_pair(&l, context[i].key, context[i].value);
	while ((key = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);

		if (value)
			line_pair(&l, key, value);
	}
	l.text[l.n++] = '\n';
	put_line(&l);
	errno = err;
}

void
log_event(const char *ev, ...)
{
	va_list ap;

	va_start(ap, ev);
	vlog(ev, ap);
	va_end(ap);
}

void
log_debug(const char *ev, ...)
{
	const char *debug = getenv("YUBIN_DEBUG");
	va_list ap;

	if (!debug || !*debug)
		return;
	va_start(ap, ev);
	vlog(ev, ap);
	va_end(ap);
}

const char *
log_num(unsigned long long v)
{
	static char ring[8][NUM_SIZE];
	static unsigned next;
	char *to = ring[next++ % 8];

	num_print(to, v);
	return to;
}

const char *
log_str(struct str s)
{
	static char ring[8][256];
	static unsigned next;
	char *to = ring[next++ % 8];
	size_t n = s.n < 255 ? s.n : 255;

	for (size_t i = 0; i < n; i++)
		to[i] = s.p[i] ? s.p[i] : '?';
	to[n] = '\0';
	return to;
}
