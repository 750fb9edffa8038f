/* SPDX-License-Identifier: ISC */
/* The stub resolver.  libresolv would do, but for its time limits: it waits
 * for ever on a TCP connection that says nothing. */
#define _GNU_SOURCE
#include "net/resolver.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/now.h"
#include "io/file.h"
#include "io/wait.h"

#define QUERY_MAX (12 + 256 + 4 + 11)
#define EDNS_SIZE 1232 /* octets that pass without fragments */
#define TRIES 4        /* rounds through the servers */
#define FIRST_WAIT_MS 2000
#define CONF_MAX (64 * 1024)

struct query {
	uint8_t p[QUERY_MAX];
	size_t n;
	size_t question; /* octets of header and question */
	bool edns;
};

/* -------------------------------------------------------------- servers */

/* address or address and port, as texts, added to the list. */
static int
add_server(struct resolver *r, const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct resolver_server *s = &r->servers[r->n];
	struct addrinfo *ai;

	if (r->n == RESOLVER_SERVERS)
		return 0;
	if (getaddrinfo(host, port, &hints, &ai) != 0)
		return -1;
	memcpy(&s->ss, ai->ai_addr, ai->ai_addrlen);
	s->len = ai->ai_addrlen;
	freeaddrinfo(ai);
	r->n++;
	return 0;
}

/* "a.b.c.d:port", "[v6]:port", "[v6]", or an address alone. */
static int
parse_server(struct resolver *r, const char *text)
{
	struct str s = str_z(text), port = STR("53");
	char host[64], number[8];

	if (str_starts(s, STR("["))) {
		size_t close = str_find(s, ']');

		if (str_starts(str_from(s, close), STR("]:")))
			port = str_from(s, close + 2);
		else if (close + 1 != s.n)
			return -1;
		s = str_make(s.p + 1, close - 1);
	} else if (str_find(s, ':') == str_rfind(s, ':') && str_has(s, ':')) {
		port = str_from(s, str_find(s, ':') + 1);
		s = str_to(s, str_find(s, ':'));
	}
	if (!port.n || str_copy(host, sizeof(host), s) < 0 ||
	    str_copy(number, sizeof(number), port) < 0)
		return -1;
	return add_server(r, host, number);
}

void
resolver_conf(struct resolver *r, struct str text)
{
	struct str line;

	while (str_cut(&text, '\n', &line)) {
		char host[64];

		line = str_trim(line);
		if (!str_starts(line, STR("nameserver")) || line.n < 11 ||
		    !ascii_isblank(line.p[10]))
			continue;
		line = str_trim(str_from(line, 10));
		if (str_copy(host, sizeof(host), line) == 0)
			add_server(r, host, "53");
	}
}

int
resolver_open(struct resolver *r, const char *server, int64_t seconds)
{
	struct buf b;

	r->n = r->len = 0;
	r->left_ms = seconds * 1000;
	if (*server && parse_server(r, server) < 0)
		return fail_text(EINVAL, "DNS_SERVER is no address");
	if (r->n > 0)
		return 0;
	buf_init(&b, CONF_MAX);
	if (file_read(AT_FDCWD, "/etc/resolv.conf", &b) == 0)
		resolver_conf(r, buf_slice(&b));
	buf_free(&b);
	return r->n > 0 ? 0 : add_server(r, "127.0.0.1", "53");
}

/* ------------------------------------------------------------ questions */

/* The name in wire form; false when it is none. */
static bool
put_name(struct query *q, const char *name)
{
	struct str rest = str_z(name), label;

	if (rest.n == 0 || rest.n > 253)
		return false;
	while (str_cut(&rest, '.', &label)) {
		if (label.n == 0 || label.n > 63)
			return false;
		q->p[q->n++] = (uint8_t)label.n;
		memcpy(q->p + q->n, label.p, label.n);
		q->n += label.n;
	}
	q->p[q->n++] = 0;
	return true;
}

static void
put16(struct query *q, unsigned v)
{
	q->p[q->n++] = (uint8_t)(v >> 8);
	q->p[q->n++] = (uint8_t)v;
}

static bool
make_query(struct query *q, const char *name, int type)
{
	static const uint8_t flags[] = {1, 0, 0, 1, 0, 0, 0, 0, 0, 1};

	q->n = 2;
	memcpy(q->p + q->n, flags, sizeof(flags));
	q->n += sizeof(flags);
	if (!put_name(q, name))
		return false;
	put16(q, (unsigned)type);
	put16(q, ns_c_in);
	q->question = q->n;
	q->p[q->n++] = 0; /* the root's OPT record */
	put16(q, ns_t_opt);
	put16(q, EDNS_SIZE);
	memset(q->p + q->n, 0, 6);
	q->n += 6;
	q->edns = true;
	return true;
}

/* A server that does not know EDNS0 says so (RFC 6891 7). */
static void
drop_edns(struct query *q)
{
	q->edns = false;
	q->n = q->question;
	q->p[11] = 0;
}

static void
new_id(struct query *q)
{
	if (getrandom(q->p, 2, 0) != 2)
		memcpy(q->p, &(uint16_t){(uint16_t)now_wall_us()}, 2);
}

/* Whether this is the answer to that: anything else may be a forgery. */
static bool
answers(const struct resolver *r, const struct query *q)
{
	const uint8_t *a = r->answer;

	if (r->len < q->question || memcmp(a, q->p, 2) != 0 ||
	    (a[2] & 0xf8) != 0x80 || a[4] != 0 || a[5] != 1)
		return false;
	for (size_t i = 12; i < q->question; i++)
		if (ascii_lower((char)a[i]) != ascii_lower((char)q->p[i]))
			return false;
	return true;
}

static bool
truncated(const struct resolver *r)
{
	return (r->answer[2] & 2) != 0;
}

static int
open_socket(const struct resolver_server *s, int type, int64_t deadline)
{
	int fd =
	    socket(s->ss.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0;
	socklen_t len = sizeof(err);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&s->ss, s->len) == 0)
		return fd;
	if (errno == EINPROGRESS && wait_writable(fd, deadline) == 1 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0 && err == 0)
		return fd;
	close(fd);
	return -1;
}

/* One question by UDP.  0, or -1: nothing that answers it came. */
static int
ask_udp(struct resolver *r, const struct resolver_server *s,
    const struct query *q, int64_t deadline)
{
	int fd = open_socket(s, SOCK_DGRAM, deadline);
	int result = -1;

	if (fd < 0)
		return -1;
	if (send(fd, q->p, q->n, MSG_NOSIGNAL) != (ssize_t)q->n) {
		close(fd);
		return -1;
	}
	while (result < 0 && wait_readable(fd, deadline) == 1) {
		ssize_t n = recv(fd, r->answer, sizeof(r->answer), 0);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			break; /* nobody there, says ICMP */
		r->len = n > 0 ? (size_t)n : 0;
		result = answers(r, q) ? 0 : -1;
	}
	close(fd);
	return result;
}

static int
read_exactly(int fd, uint8_t *to, size_t n, int64_t deadline)
{
	while (n > 0) {
		ssize_t got;

		if (wait_readable(fd, deadline) <= 0)
			return -1;
		got = read(fd, to, n);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return -1;
		to += got;
		n -= (size_t)got;
	}
	return 0;
}

/* The same by TCP (RFC 7766): two octets of length in front. */
static int
ask_tcp(struct resolver *r, const struct resolver_server *s,
    const struct query *q, int64_t deadline)
{
	uint8_t packet[2 + QUERY_MAX], size[2];
	int fd = open_socket(s, SOCK_STREAM, deadline);
	int result = -1;

	if (fd < 0)
		return -1;
	packet[0] = (uint8_t)(q->n >> 8);
	packet[1] = (uint8_t)q->n;
	memcpy(packet + 2, q->p, q->n);
	/* A fresh connection takes so little at once. */
	if (send(fd, packet, q->n + 2, MSG_NOSIGNAL) == (ssize_t)q->n + 2 &&
	    read_exactly(fd, size, 2, deadline) == 0) {
		r->len = (size_t)(size[0] << 8 | size[1]);
		result = read_exactly(fd, r->answer, r->len, deadline);
	}
	close(fd);
	return result == 0 && answers(r, q) && !truncated(r) ? 0 : -1;
}

/* The server knows nothing and asks nobody: neither authoritative nor
 * recursive (RFC 1034 4.3.1). */
static bool
clueless(const uint8_t *a)
{
	return !(a[2] & 4) && !(a[3] & 0x80) && a[6] == 0 && a[7] == 0;
}

/* One question to one server.  The answer's code, or -1 for none. */
static int
ask_once(struct resolver *r, const struct resolver_server *s, struct query *q,
    int64_t deadline)
{
	new_id(q);
	if (ask_udp(r, s, q, deadline) < 0)
		return -1;
	if (truncated(r) && ask_tcp(r, s, q, deadline) < 0)
		return -1;
	if ((r->answer[3] & 15) == ns_r_noerror && clueless(r->answer))
		return ns_r_refused;
	return r->answer[3] & 15;
}

static int
ask_server(struct resolver *r, const struct resolver_server *s, struct query *q,
    int64_t wait_ms)
{
	int64_t start = now_ms();
	int64_t deadline =
	    start + (wait_ms < r->left_ms ? wait_ms : r->left_ms);
	int code = ask_once(r, s, q, deadline);

	if (q->edns && (code == ns_r_formerr || code == ns_r_notimpl)) {
		drop_edns(q);
		code = ask_once(r, s, q, deadline);
	}
	r->left_ms -= now_ms() - start;
	return code;
}

static enum dns_result
no_answer(const char *name, int code)
{
	static const char *const words[] = {"no answer in time", "",
	    "the server did not understand", "the server failed", "",
	    "not implemented by the server", "refused by the server"};
	const char *why = "unexpected answer";
	char text[400];

	if (code < 0)
		why = words[0];
	else if (code > 0 && code <= 5)
		why = words[code + 1];
	snprintf(text, sizeof(text), "DNS lookup of %.255s: %s", name, why);
	fail_text(EAGAIN, text);
	return DNS_TEMP;
}

enum dns_result
resolver_ask(struct resolver *r, const char *name, int type)
{
	int64_t wait_ms = FIRST_WAIT_MS;
	struct query q;
	int worst = -1;

	if (!make_query(&q, name, type))
		return DNS_NO_DOMAIN;
	for (int i = 0; i < TRIES; i++, wait_ms *= 2) {
		for (size_t k = 0; k < r->n && r->left_ms > 0; k++) {
			int code = ask_server(r, &r->servers[k], &q, wait_ms);

			if (code == ns_r_noerror)
				return DNS_FOUND;
			if (code == ns_r_nxdomain)
				return DNS_NO_DOMAIN;
			worst = code >= 0 ? code : worst;
		}
		if (worst >= 0)
			break; /* a server that says it failed means it */
	}
	return no_answer(name, worst);
}
