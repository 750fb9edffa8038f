/* SPDX-License-Identifier: ISC */
/* A load of logins against a server on 127.0.0.1:
 *
 *   login_load [-t] [-i] [-c at-once] [-n sessions] [-u users] [-s sources]
 *              [-b mailbox] imap|pop3 port
 *
 * Sessions take turns with the users u0@example.test and so on, whose password
 * is "secret", and with source addresses from 127.0.1.1 on.  imap logs in,
 * selects the mailbox when one is given, and logs out; pop3 asks for STAT, LIST
 * and UIDL in between.  -t: TLS from the start, a full handshake each.  Prints
 * the seconds from the first connect to the last end, and the median and the
 * 99th percentile of the ms from connect to login.
 *
 * With -i (imap) the sessions stay, in IDLE, and "ready" is printed once all of
 * them do.  Then each number on standard input is that many sessions more, one
 * after the other, with a line of "median p99 most" of their ms to login.  Its
 * end ends all.  Any unexpected reply ends it with status 111. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/now.h"

#define PATIENCE_MS 60000
#define TIMES 100000 /* that are remembered */
#define HEAD 400     /* octets of a reply that are looked at */

enum end { LINE, LIST, END };

/* What is sent, how its answer begins, and where that ends. */
struct step {
	const char *out; /* NULL: nothing; %d is the user's number */
	const char *wanted;
	enum end end;
	bool login; /* what is behind this step */
};

static const struct step imap[] = {{NULL, "* OK", LINE, false},
    {"a LOGIN u%d@example.test secret\r\n", "a OK", LINE, true},
    {"z LOGOUT\r\n", "", END, false}};
static const struct step selecting[] = {{NULL, "* OK", LINE, false},
    {"a LOGIN u%d@example.test secret\r\n", "a OK", LINE, true},
    {"b SELECT %s\r\n", "b OK", LINE, false}, {"z LOGOUT\r\n", "", END, false}};
static const struct step idling[] = {{NULL, "* OK", LINE, false},
    {"a LOGIN u%d@example.test secret\r\n", "a OK", LINE, true},
    {"b SELECT %s\r\n", "b OK", LINE, false}, {"c IDLE\r\n", "+ ", LINE, false},
    {NULL, NULL, END, false}};
static const struct step pop3[] = {{NULL, "+OK", LINE, false},
    {"USER u%d@example.test\r\n", "+OK", LINE, false},
    {"PASS secret\r\n", "+OK", LINE, true}, {"STAT\r\n", "+OK", LINE, false},
    {"LIST\r\n", "+OK", LIST, false}, {"UIDL\r\n", "+OK", LIST, false},
    {"QUIT\r\n", "", END, false}};

struct client {
	int fd;
	SSL *ssl;
	unsigned nr;
	const struct step *step;
	int64_t since_us;
	char head[HEAD]; /* of the line being read */
	size_t n;
	bool right; /* the first line was */
	char last[5];
};

static struct sockaddr_in server = {.sin_family = AF_INET};
static SSL_CTX *ctx;
static const struct step *script;
static unsigned at_once = 1, sessions = 100, users = 1, sources = 1;
static unsigned started, done, idle;
static const char *mailbox;
static bool holds;
static double times[TIMES];
static size_t ntimes;
static int events;

_Noreturn static void
bad(const char *what, const char *detail)
{
	fprintf(stderr, "login_load: %s: %s\n", what, detail);
	exit(111);
}

/* ------------------------------------------------------------ one client */

static void
begin(const struct step *steps)
{
	struct client *c = calloc(1, sizeof(*c));
	struct epoll_event e = {
	    .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
	struct sockaddr_in from = {.sin_family = AF_INET};
	int on = 1;

	if (!c)
		bad("client", "out of memory");
	c->nr = started++;
	from.sin_addr.s_addr = htonl(
	    0x7f000101u + c->nr % sources / 250 * 256 + c->nr % sources % 250);
	c->step = steps;
	c->since_us = now_wall_us();
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		bad("socket", strerror(errno));
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		bad("bind", strerror(errno));
	if (connect(c->fd, (struct sockaddr *)&server, sizeof(server)) < 0 &&
	    errno != EINPROGRESS)
		bad("connect", strerror(errno));
	if (ctx) {
		c->ssl = SSL_new(ctx);
		if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1)
			bad("TLS", "out of memory");
		SSL_set_connect_state(c->ssl);
	}
	if (epoll_ctl(events, EPOLL_CTL_ADD, c->fd, &e) < 0)
		bad("epoll", strerror(errno));
}

static void
end(struct client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
	done++;
}

/* Octets are few: they are sent at once or never. */
static void
say(struct client *c)
{
	char line[200];
	int n;

	if (!c->step->out)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (strstr(c->step->out, "%d"))
		n = snprintf(line, sizeof(line), c->step->out, c->nr % users);
	else
		n = snprintf(line, sizeof(line), c->step->out, mailbox);
#pragma GCC diagnostic pop
	n = c->ssl ? SSL_write(c->ssl, line, n)
	           : (int)send(c->fd, line, (size_t)n, MSG_NOSIGNAL);
	if (n <= 0)
		bad("send", strerror(errno));
}

static void
next(struct client *c)
{
	if (c->step->login && ntimes < TIMES)
		times[ntimes++] = (double)(now_wall_us() - c->since_us) / 1000;
	c->step++;
	c->right = false;
	if (!c->step->wanted)
		idle++;
	else
		say(c);
}

static void
line(struct client *c)
{
	const struct step *s = c->step;

	if (!s->wanted || s->end == END)
		return;
	if (c->right && c->n == 1 && c->head[0] == '.')
		next(c);
	else if (!c->right &&
		 strncmp(c->head, s->wanted, strlen(s->wanted)) == 0) {
		c->right = true;
		if (s->end == LINE)
			next(c);
	} else if (!c->right && c->head[0] != '*') {
		bad(s->wanted, c->head);
	}
}

static void
take(struct client *c, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\n') {
			if (c->n < HEAD - 1 && p[i] != '\r')
				c->head[c->n++] = p[i];
			continue;
		}
		c->head[c->n] = '\0';
		line(c);
		c->n = 0;
	}
}

/* What there is: its octets, 0 the end, -1 nothing more now. */
static int
receive(struct client *c, char *to, int size)
{
	int n, why;

	if (!c->ssl) {
		n = (int)recv(c->fd, to, (size_t)size, 0);
		if (n < 0 && errno != EAGAIN)
			bad("receive", strerror(errno));
		return n;
	}
	ERR_clear_error();
	n = SSL_read(c->ssl, to, size);
	if (n > 0)
		return n;
	why = SSL_get_error(c->ssl, n);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return -1;
	if (why != SSL_ERROR_ZERO_RETURN)
		bad("TLS", c->step->wanted ? c->step->wanted : "idle");
	return 0;
}

static void
event(struct client *c)
{
	char text[16384];
	int n;

	while ((n = receive(c, text, sizeof(text))) > 0)
		take(c, text, (size_t)n);
	if (n < 0)
		return;
	if (!c->step->wanted || c->step->end != END)
		bad("the end instead of",
		    c->step->wanted ? c->step->wanted : "idleness");
	end(c);
}

/* -------------------------------------------------------------- together */

/* Until so many are done, and so many idle. */
static void
run(unsigned till_done, unsigned till_idle)
{
	struct epoll_event e[256];

	while (done < till_done || idle < till_idle) {
		int n = epoll_wait(events, e, 256, PATIENCE_MS);

		if (n == 0)
			bad("wait", "nothing happens");
		for (int i = 0; i < n; i++)
			event(e[i].data.ptr);
		while (started < sessions && started - done - idle < at_once)
			begin(script);
	}
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
percentile(size_t of100)
{
	qsort(times, ntimes, sizeof(double), by_value);
	return ntimes == 0 ? 0 : times[(ntimes - 1) * of100 / 100];
}

static void
hold(void)
{
	char text[20];

	run(0, sessions);
	printf("ready\n");
	fflush(stdout);
	while (fgets(text, sizeof(text), stdin)) {
		unsigned more = (unsigned)strtoul(text, NULL, 10);

		ntimes = 0;
		for (unsigned i = 0; i < more; i++) {
			begin(imap);
			run(done + 1, 0);
		}
		printf("%.1f %.1f %.1f\n", percentile(50), percentile(99),
		    percentile(100));
		fflush(stdout);
	}
}

static void
option(int c, const char *arg)
{
	unsigned n = arg ? (unsigned)strtoul(arg, NULL, 10) : 0;

	if (c == 't' && !(ctx = SSL_CTX_new(TLS_client_method())))
		bad("TLS", "out of memory");
	if (c == 'i')
		holds = true;
	if (c == 'b')
		mailbox = arg;
	if (c == 'c')
		at_once = n;
	if (c == 'n')
		sessions = n;
	if (c == 'u')
		users = n;
	if (c == 's')
		sources = n;
	if (c == '?' || (arg && c != 'b' && n == 0))
		bad("usage", "see the top of login_load.c");
}

static void
prepare(const char *protocol, const char *port)
{
	struct rlimit r;

	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.sin_port = htons((unsigned short)strtoul(port, NULL, 10));
	script = strcmp(protocol, "pop3") == 0 ? pop3
	         : mailbox                     ? selecting
	                                       : imap;
	if (holds)
		script = idling;
	if (!mailbox)
		mailbox = "INBOX";
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	if (ctx)
		SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	events = epoll_create1(EPOLL_CLOEXEC);
}

int
main(int argc, char **argv)
{
	int64_t start;
	int c;

	while ((c = getopt(argc, argv, "tic:n:u:s:b:")) != -1)
		option(c, optarg);
	if (argc - optind != 2)
		option('?', NULL);
	prepare(argv[optind], argv[optind + 1]);
	start = now_wall_us();
	begin(script);
	if (holds) {
		hold();
		return 0;
	}
	run(sessions, 0);
	printf("%.3f %.1f %.1f\n", (double)(now_wall_us() - start) / 1e6,
	    percentile(50), percentile(99));
	return 0;
}
