/* SPDX-License-Identifier: ISC */
/* A resolver that answers as a file says, and misbehaves as it says.
 *
 *   fakedns [-u] ZONE     on a free port of 127.0.0.1, UDP and TCP, which is
 *                         printed; -u: nobody listens on TCP.  Each question
 *                         is a line on standard error: "udp MX example.test"
 *
 * The lines of ZONE ("#" starts a comment):
 *   NAME A 192.0.2.1           NAME MX 10 HOST        NAME AAAA 2001:db8::1
 *   NAME CNAME OTHER           NAME TXT word          NAME MX 0 .
 *   NAME MXS n HOST            n MX records: 1 1.HOST, 2 2.HOST, …
 *   NAME TYPE !BEHAVIOUR       for questions of that type; TYPE may be *
 * Names of no line are NXDOMAIN, those with lines of other types NODATA.
 * Behaviours:
 *   servfail refused formerr notimp   that code
 *   referral    a server that only knows who may know
 *   silent      no answer         silent-once, servfail-once  the first time
 *   truncate    TC over UDP, the whole answer over TCP
 *   tcp-closed, tcp-silent        TC over UDP, and that over TCP
 *   wrong-id, wrong-question      an answer that is not ours
 *   spoof       a wrong id with another address first, then the answer
 *   garbage     octets 0xff behind the id
 *   short       the first 7 octets      half   the first half of the answer
 *   count       more records announced than there are
 *   pointer     a compressed name that points to itself
 *   length      a record longer than the message */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

#define LINES 1000
#define MESSAGE 65535
#define HEADER 12
#define ANY_TYPE 0

struct line {
	char *name, *value, *behaviour;
	int type, preference, count;
	bool used;
};

struct message {
	size_t n, max;
	bool full;
	uint8_t p[MESSAGE];
};

struct question {
	char name[256];
	int type;
	size_t end; /* of the question section */
	size_t limit;
};

static struct line lines[LINES];
static size_t nlines;

static const struct {
	const char *name;
	int type;
} types[] = {{"A", ns_t_a}, {"AAAA", ns_t_aaaa}, {"MX", ns_t_mx},
    {"CNAME", ns_t_cname}, {"TXT", ns_t_txt}, {"MXS", ns_t_mx}, {"*", 0}};

_Noreturn static void
die(const char *what)
{
	fprintf(stderr, "fakedns: %s: %s\n", what, strerror(errno));
	exit(111);
}

static int
type_of(const char *word)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(word, types[i].name) == 0)
			return types[i].type;
	errno = EINVAL;
	die(word);
}

static int
number(const char *word)
{
	uint64_t n;

	if (!word || num_scan(str_z(word), 65535, &n) < 0)
		die("zone: number");
	return (int)n;
}

/* The next word of *text, or NULL. */
static char *
word(char **text)
{
	char *start = *text + strspn(*text, " \t");
	size_t n = strcspn(start, " \t");

	*text = start + n;
	if (start[n])
		*(*text)++ = '\0';
	return n ? start : NULL;
}

static void
read_line(char *text)
{
	struct line *l = &lines[nlines];
	char *type;

	text[strcspn(text, "#\n")] = '\0';
	l->name = word(&text);
	if (!l->name)
		return;
	type = word(&text);
	if (!type || nlines == LINES - 1)
		die("zone: line");
	l->type = type_of(type);
	l->value = word(&text);
	if (l->value && *l->value == '!') {
		l->behaviour = l->value + 1;
	} else if (strcasecmp(type, "MXS") == 0) {
		l->count = number(l->value);
		l->value = word(&text);
	} else if (l->type == ns_t_mx) {
		l->preference = number(l->value);
		l->value = word(&text);
	}
	if (!l->value)
		die("zone: value");
	nlines++;
}

static void
read_zone(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!f)
		die(path);
	while (getline(&text, &size, f) >= 0) {
		read_line(text);
		text = NULL; /* its words are kept */
		size = 0;
	}
	free(text);
	fclose(f);
}

/* ------------------------------------------------------------- messages */

static void
put(struct message *m, const void *p, size_t n)
{
	if (m->full || n > m->max - m->n) {
		m->full = true;
		return;
	}
	memcpy(m->p + m->n, p, n);
	m->n += n;
}

static void
put16(struct message *m, unsigned v)
{
	uint8_t raw[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(m, raw, 2);
}

static void
set16(struct message *m, size_t at, unsigned v)
{
	m->p[at] = (uint8_t)(v >> 8);
	m->p[at + 1] = (uint8_t)v;
}

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

static void
put_name(struct message *m, const char *name)
{
	struct str rest = str_z(name), label;

	while (str_cut(&rest, '.', &label) && label.n) {
		uint8_t n = (uint8_t)label.n;

		put(m, &n, 1);
		put(m, label.p, label.n);
	}
	put(m, "", 1);
}

/* Owner, type, class, time to live. */
static size_t
put_head(struct message *m, const char *owner, int type)
{
	put_name(m, owner);
	put16(m, (unsigned)type);
	put16(m, ns_c_in);
	put(m, "\0\0\0\1", 4);
	put16(m, 0);
	return m->n - 2;
}

static void
put_record(struct message *m, const char *owner, const struct line *l, int i)
{
	size_t length = put_head(m, owner, l->type);
	uint8_t raw[16], n = (uint8_t)strlen(l->value);
	char host[300];

	if (l->type == ns_t_mx) {
		snprintf(host, sizeof(host), "%d.%s", i, l->value);
		put16(m, (unsigned)(l->count ? i : l->preference));
		put_name(m, l->count ? host : l->value);
	} else if (l->type == ns_t_cname) {
		put_name(m, l->value);
	} else if (l->type == ns_t_txt) {
		put(m, &n, 1);
		put(m, l->value, n);
	} else if (inet_pton(l->type == ns_t_a ? AF_INET : AF_INET6, l->value,
		       raw) == 1) {
		put(m, raw, l->type == ns_t_a ? 4 : 16);
	}
	if (!m->full)
		set16(m, length, (unsigned)(m->n - length - 2));
}

/* All records of the name and type; returns how many fitted. */
static unsigned
put_records(struct message *m, const char *name, int type)
{
	unsigned n = 0;

	for (size_t i = 0; i < nlines; i++) {
		int count = lines[i].count ? lines[i].count : 1;

		if (lines[i].behaviour || lines[i].type != type ||
		    strcasecmp(lines[i].name, name) != 0)
			continue;
		for (int k = 1; k <= count; k++) {
			size_t before = m->n;

			put_record(m, name, &lines[i], k);
			if (m->full) {
				m->n = before;
				return n;
			}
			n++;
		}
	}
	return n;
}

static const struct line *
cname_of(const char *name)
{
	for (size_t i = 0; i < nlines; i++)
		if (lines[i].type == ns_t_cname && !lines[i].behaviour &&
		    strcasecmp(lines[i].name, name) == 0)
			return &lines[i];
	return NULL;
}

static bool
exists(const char *name)
{
	for (size_t i = 0; i < nlines; i++)
		if (strcasecmp(lines[i].name, name) == 0)
			return true;
	return false;
}

/* The header and the question, as they came. */
static void
start(struct message *m, const uint8_t *query, const struct question *q)
{
	m->n = 0;
	m->full = false;
	put(m, query, q->end);
	m->p[2] = 0x81; /* an answer, recursion desired */
	m->p[3] = 0x80; /* and available */
	memset(m->p + 6, 0, 6);
}

/* What the zone says, CNAMEs followed as a resolver does. */
static void
resolve(struct message *m, const uint8_t *query, const struct question *q)
{
	const char *name = q->name;
	const struct line *cname;
	unsigned n = 0;

	start(m, query, q);
	for (int hops = 0; hops < 16; hops++) {
		cname = q->type == ns_t_cname ? NULL : cname_of(name);
		if (!cname)
			break;
		n += put_records(m, name, ns_t_cname);
		name = cname->value;
	}
	n += put_records(m, name, q->type);
	set16(m, 6, n);
	if (!exists(name))
		m->p[3] |= ns_r_nxdomain;
}

static void
only_tc(struct message *m, const struct question *q)
{
	m->n = q->end;
	set16(m, 6, 0);
	m->p[2] |= 0x02;
}

/* -------------------------------------------------------- misbehaviour */

static const char *
behaviour_of(const struct question *q)
{
	for (size_t i = 0; i < nlines; i++) {
		struct line *l = &lines[i];

		if (!l->behaviour || strcasecmp(l->name, q->name) != 0 ||
		    (l->type != ANY_TYPE && l->type != q->type))
			continue;
		if (strstr(l->behaviour, "-once") && l->used)
			continue;
		l->used = true;
		return l->behaviour;
	}
	return "";
}

static int
code_of(const char *b)
{
	if (strncmp(b, "servfail", 8) == 0)
		return ns_r_servfail;
	if (strcmp(b, "refused") == 0)
		return ns_r_refused;
	if (strcmp(b, "formerr") == 0)
		return ns_r_formerr;
	return strcmp(b, "notimp") == 0 ? ns_r_notimpl : 0;
}

/* Spoil a good answer. */
static void
spoil(struct message *m, const struct question *q, const char *b)
{
	bool referral = strcmp(b, "referral") == 0;

	if (code_of(b) || referral) {
		m->n = q->end;
		set16(m, 6, 0);
		m->p[3] = (uint8_t)(referral ? 0 : 0x80 | code_of(b));
	} else if (strcmp(b, "wrong-id") == 0) {
		set16(m, 0, get16(m->p) ^ 0x5555);
	} else if (strcmp(b, "wrong-question") == 0) {
		m->p[HEADER + 1] ^= 3;
	} else if (strcmp(b, "garbage") == 0) {
		memset(m->p + 2, 0xff, m->n - 2);
	} else if (strcmp(b, "short") == 0) {
		m->n = 7;
	} else if (strcmp(b, "half") == 0) {
		m->n = q->end + (m->n - q->end) / 2;
	} else if (strcmp(b, "count") == 0) {
		set16(m, 6, get16(m->p + 6) + 5);
	} else if (strcmp(b, "pointer") == 0) {
		m->n = q->end;
		put16(m, 0xc000 | (unsigned)q->end);
		put(m, "\0\17\0\1\0\0\0\1\0\4\0\1\300\14", 14);
		set16(m, 6, 1);
	} else if (strcmp(b, "length") == 0) {
		m->n = q->end;
		set16(m, put_head(m, q->name, q->type), 5000);
		put(m, "\0\1", 2);
		set16(m, 6, 1);
	}
}

/* Returns false for no answer. */
static bool
answer(struct message *m, const uint8_t *query, const struct question *q,
    const char *b, bool tcp)
{
	if (strncmp(b, "silent", 6) == 0)
		return false;
	if (tcp && strncmp(b, "tcp-", 4) == 0)
		return false;
	m->max = tcp ? MESSAGE : q->limit;
	resolve(m, query, q);
	spoil(m, q, b);
	if (!tcp && (m->full || strcmp(b, "truncate") == 0 ||
			strncmp(b, "tcp-", 4) == 0))
		only_tc(m, q);
	return true;
}

/* ------------------------------------------------------------- network */

/* 0, or -1 for what is no question. */
static int
parse(const uint8_t *p, size_t n, struct question *q)
{
	size_t at = HEADER, to = 0;

	if (n < HEADER || get16(p + 4) != 1)
		return -1;
	while (at < n && p[at]) {
		size_t len = p[at];

		if (len > 63 || at + len >= n || to + len + 2 > 255)
			return -1;
		if (to)
			q->name[to++] = '.';
		memcpy(q->name + to, p + at + 1, len);
		to += len;
		at += len + 1;
	}
	q->name[to] = '\0';
	if (at + 5 > n)
		return -1;
	q->type = (int)get16(p + at + 1);
	q->end = at + 5;
	q->limit = 512;
	/* EDNS: an OPT record's class is the size the asker takes. */
	if (get16(p + 10) == 1 && n >= q->end + 5 &&
	    get16(p + q->end + 1) == ns_t_opt)
		q->limit = get16(p + q->end + 3);
	if (q->limit < 512)
		q->limit = 512;
	return 0;
}

static void
note(const char *how, const struct question *q)
{
	const char *type = "?";

	for (size_t i = 0; i < 5; i++)
		if (types[i].type == q->type)
			type = types[i].name;
	fprintf(stderr, "%s %s %s\n", how, type, q->name);
}

static void
serve_udp(int fd)
{
	static struct message m;
	uint8_t query[2048];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(
	    fd, query, sizeof(query), 0, (struct sockaddr *)&from, &len);
	struct question q;
	const char *b;

	if (n < 0 || parse(query, (size_t)n, &q) < 0)
		return;
	note("udp", &q);
	b = behaviour_of(&q);
	if (!answer(&m, query, &q, b, false))
		return;
	if (strcmp(b, "spoof") == 0) {
		m.p[0] ^= 0x55;
		m.p[m.n - 1] ^= 0x40;
		sendto(fd, m.p, m.n, 0, (struct sockaddr *)&from, len);
		m.p[0] ^= 0x55;
		m.p[m.n - 1] ^= 0x40;
	}
	sendto(fd, m.p, m.n, 0, (struct sockaddr *)&from, len);
}

static bool
read_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static void
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

		if (done <= 0)
			return;
		p += done;
		n -= (size_t)done;
	}
}

/* A connection, in a process of its own: until the other side closes. */
_Noreturn static void
serve_tcp(int fd)
{
	static struct message m;
	static uint8_t query[MESSAGE];
	uint8_t size[2];
	struct question q;

	while (read_all(fd, size, 2) && read_all(fd, query, get16(size))) {
		const char *b;

		if (parse(query, get16(size), &q) < 0)
			break;
		note("tcp", &q);
		b = behaviour_of(&q);
		if (strcmp(b, "tcp-closed") == 0)
			break;
		if (!answer(&m, query, &q, b, true))
			continue;
		size[0] = (uint8_t)(m.n >> 8);
		size[1] = (uint8_t)m.n;
		write_all(fd, size, 2);
		write_all(fd, m.p, m.n);
	}
	_exit(0);
}

static void
take_tcp(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	if (fork() == 0) {
		close(listener);
		serve_tcp(fd);
	}
	close(fd);
}

static int
bound(int type, struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)at, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)at, &len) < 0)
		die("socket");
	return fd;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	bool tcp = argc == 2;
	struct pollfd p[2];

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[1], "-u") != 0))
		return 100;
	read_zone(argv[argc - 1]);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	signal(SIGCHLD, SIG_IGN);
	setlinebuf(stderr);
	p[0] = (struct pollfd){bound(SOCK_DGRAM, &at), POLLIN, 0};
	p[1] = (struct pollfd){bound(SOCK_STREAM, &at), POLLIN, 0};
	if (tcp && listen(p[1].fd, 50) < 0)
		die("listen");
	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	for (;;) {
		if (poll(p, tcp ? 2 : 1, -1) < 0)
			continue;
		if (p[0].revents)
			serve_udp(p[0].fd);
		if (tcp && p[1].revents)
			take_tcp(p[1].fd);
	}
}
