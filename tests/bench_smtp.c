/* SPDX-License-Identifier: ISC */
/* A load of SMTP sessions against a server on 127.0.0.1:
 *
 *   bench_smtp [-c clients] [-n messages] [-k messages-per-connection]
 *              [-s octets] [-w folder] port recipient
 *
 * Every client sends one message after the other, command by command as most
 * programs do, with a new connection after -k of them (1; 0 for never).  With
 * -s 0 a session is only greeting, EHLO and QUIT, counted like a message.
 * Prints the seconds from the first connect to the last reply, and with -w to
 * the moment when the folder holds that many more files.  Any unexpected reply
 * ends it with status 111. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/now.h"

#define PATIENCE_MS 60000
#define LOOK_MS 25 /* between two looks at the folder */

enum stage { GREETING, EHLO, MAIL, RCPT, DATA, TEXT, QUIT };

struct client {
	int fd;
	enum stage stage; /* whose reply is awaited */
	unsigned sent;    /* messages over this connection */
	char reply[2048];
	size_t n;
	const char *out; /* not yet sent */
	size_t left;
};

static const char *const code[] = {
    "220", "250", "250", "250", "354", "250", "221"};
static struct sockaddr_in server = {.sin_family = AF_INET};
static unsigned long clients = 1, messages = 100, per_connection = 1, size;
static unsigned long started, done, connected;
static int64_t done_us; /* when the last one was done */
static char rcpt[300];
static char *text;
static size_t text_n;
static int epoll;

_Noreturn static void
bad(const char *what, const char *detail)
{
	fprintf(stderr, "bench_smtp: %s: %s\n", what, detail);
	exit(111);
}

/* A message of size octets as it goes over the wire. */
static void
make_text(void)
{
	static const char head[] =
	    "From: Load <load@elsewhere.test>\r\nTo: someone\r\n"
	    "Subject: load\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
	    "Message-ID: <load@elsewhere.test>\r\n\r\n";

	text = malloc(size + sizeof(head) + 80);
	if (!text)
		bad("message", "out of memory");
	memcpy(text, head, sizeof(head));
	text_n = sizeof(head) - 1;
	while (text_n + 72 <= size) {
		memset(text + text_n, 'a' + (char)(text_n % 26), 70);
		memcpy(text + text_n + 70, "\r\n", 2);
		text_n += 72;
	}
	memcpy(text + text_n, ".\r\n", 3);
	text_n += 3;
}

static void
flush(struct client *c)
{
	while (c->left > 0) {
		ssize_t n = send(c->fd, c->out, c->left, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			bad("send", strerror(errno));
		c->out += n;
		c->left -= (size_t)n;
	}
}

static void
say(struct client *c, enum stage stage, const char *out, size_t n)
{
	c->stage = stage;
	c->out = out;
	c->left = n;
	flush(c);
}

static void
say_z(struct client *c, enum stage stage, const char *line)
{
	say(c, stage, line, strlen(line));
}

static void
begin(struct client *c)
{
	struct epoll_event e = {
	    .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};

	c->fd = -1;
	if (started == messages)
		return;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		bad("socket", strerror(errno));
	if (connect(c->fd, (struct sockaddr *)&server, sizeof(server)) < 0 &&
	    errno != EINPROGRESS)
		bad("connect", strerror(errno));
	started++;
	connected++;
	c->stage = GREETING;
	c->sent = 0;
	c->n = 0;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) < 0)
		bad("epoll", strerror(errno));
}

static void
count_one(void)
{
	if (++done == messages)
		done_us = now_wall_us();
}

static void
after_text(struct client *c)
{
	count_one();
	c->sent++;
	if (c->sent == per_connection || started == messages) {
		say_z(c, QUIT, "QUIT\r\n");
		return;
	}
	started++;
	say_z(c, MAIL, "MAIL FROM:<load@elsewhere.test>\r\n");
}

static void
next(struct client *c)
{
	switch (c->stage) {
	case GREETING:
		say_z(c, EHLO, "EHLO bench.test\r\n");
		break;
	case EHLO:
		if (size > 0)
			say_z(c, MAIL, "MAIL FROM:<load@elsewhere.test>\r\n");
		else
			say_z(c, QUIT, "QUIT\r\n");
		break;
	case MAIL:
		say_z(c, RCPT, rcpt);
		break;
	case RCPT:
		say_z(c, DATA, "DATA\r\n");
		break;
	case DATA:
		say(c, TEXT, text, text_n);
		break;
	case TEXT:
		after_text(c);
		break;
	case QUIT:
		if (size == 0)
			count_one();
		close(c->fd);
		connected--;
		begin(c);
		break;
	}
}

/* The reply's last line is complete. */
static bool
complete(const struct client *c)
{
	const char *lf;
	size_t at = 0;

	while ((lf = memchr(c->reply + at, '\n', c->n - at))) {
		if (c->reply[at + 3] == ' ')
			return true;
		at = (size_t)(lf - c->reply) + 1;
	}
	return false;
}

static void
take(struct client *c)
{
	ssize_t n;

	flush(c);
	n = recv(c->fd, c->reply + c->n, sizeof(c->reply) - 1 - c->n, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		bad("receive", n < 0 ? strerror(errno) : "connection closed");
	c->n += (size_t)n;
	c->reply[c->n] = '\0';
	if (c->n < 4 || !complete(c))
		return;
	if (strncmp(c->reply, code[c->stage], 3) != 0)
		bad("reply", c->reply);
	c->n = 0;
	next(c);
}

static void
send_all(void)
{
	struct client *all = calloc(clients, sizeof(*all));
	struct epoll_event e[64];

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!all || epoll < 0)
		bad("start", strerror(errno));
	for (size_t i = 0; i < clients; i++)
		begin(&all[i]);
	while (connected > 0) {
		int n = epoll_wait(epoll, e, 64, PATIENCE_MS);

		if (n == 0)
			bad("wait", "no reply for a minute");
		for (int i = 0; i < n; i++)
			take(e[i].data.ptr);
	}
	free(all);
}

static unsigned long
count(const char *folder)
{
	DIR *d = opendir(folder);
	unsigned long n = 0;
	struct dirent *e;

	if (!d)
		return 0; /* made by the first delivery */
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void
wait_files(const char *folder, unsigned long want)
{
	int64_t moved = now_ms();
	unsigned long n, was = 0;

	while ((n = count(folder)) < want) {
		if (n != was)
			moved = now_ms();
		was = n;
		if (now_ms() - moved > PATIENCE_MS)
			bad(folder, "nothing arrived for a minute");
		poll(NULL, 0, LOOK_MS);
	}
}

static void
print_s(int64_t us)
{
	printf("%.4f\n", (double)us / 1e6);
}

int
main(int argc, char **argv)
{
	const char *folder = NULL;
	unsigned long had = 0;
	int64_t start;
	int c;

	size = 4096;
	while ((c = getopt(argc, argv, "c:n:k:s:w:")) != -1) {
		unsigned long v = strtoul(optarg, NULL, 10);

		if (c == 'c')
			clients = v;
		else if (c == 'n')
			messages = v;
		else if (c == 'k')
			per_connection = v;
		else if (c == 's')
			size = v;
		else if (c == 'w')
			folder = optarg;
		else
			return 100;
	}
	if (argc - optind != 2 || messages == 0 || clients == 0)
		return 100;
	server.sin_port = htons((uint16_t)strtoul(argv[optind], NULL, 10));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(rcpt, sizeof(rcpt), "RCPT TO:<%s>\r\n", argv[optind + 1]);
	make_text();
	if (folder)
		had = count(folder);
	start = now_wall_us();
	send_all();
	print_s(done_us - start);
	if (folder) {
		wait_files(folder, had + messages);
		print_s(now_wall_us() - start);
	}
	return 0;
}
