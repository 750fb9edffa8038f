/* SPDX-License-Identifier: ISC */
/* Making, inheriting and naming the listening socket. */
#define _GNU_SOURCE
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/num.h"
#include "clients.h"
#include "io/file.h"

#define BACKLOG 1024

static int
parse(const char *address, uint16_t port, struct sockaddr_storage *ss,
    socklen_t *len)
{
	struct sockaddr_in *four = (void *)ss;
	struct sockaddr_in6 *six = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (strcmp(address, "0") == 0)
		address = "0.0.0.0";
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		*len = sizeof(*four);
		return 0;
	}
	if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		*len = sizeof(*six);
		return 0;
	}
	errno = EINVAL;
	return fail("address ", address);
}

/* A bound and listening socket, or -1 with errno. */
static int
bound(const struct sockaddr_storage *ss, socklen_t len)
{
	int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd = socket(ss->ss_family, type, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ss->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (const struct sockaddr *)ss, len) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

int
listen_open(const char *address, const char *port)
{
	struct sockaddr_storage ss;
	socklen_t len = 0;
	uint64_t n;
	char what[128];
	int fd;

	if (num_scan(str_z(port), 65535, &n) < 0)
		return fail("port ", port);
	if (parse(address, (uint16_t)n, &ss, &len) < 0)
		return -1;
	fd = bound(&ss, len);
	/* A kernel without IPv6: "::" still means everybody. */
	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) &&
	    strcmp(address, "::") == 0)
		return listen_open("0", port);
	if (fd < 0) {
		snprintf(what, sizeof(what), "%.60s port %.10s", address, port);
		return fail("listen on ", what);
	}
	return fd;
}

int
listen_inherit(void)
{
	int is = 0;
	socklen_t len = sizeof(is);
	int fd, null, flags;

	if (getsockopt(0, SOL_SOCKET, SO_ACCEPTCONN, &is, &len) < 0 || !is)
		return fail_text(EINVAL, "descriptor 0 is no listening socket");
	fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
	null = open("/dev/null", O_RDWR);
	if (fd < 0 || null < 0 || dup2(null, 0) < 0)
		return fail("descriptor 0", NULL);
	if (null > 0)
		close(null);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return fail("descriptor 0", NULL);
	return fd;
}

int
listen_tell(int fd, const char *path)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);
	char line[UCSPI_IP + 16];
	struct peer self;
	int n, to;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return fail("getsockname", NULL);
	peer_read(&self, &ss);
	n = snprintf(line, sizeof(line), "%s %u\n", self.ip, self.port);
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (to < 0)
		return fail("open ", path);
	if (file_write(to, line, (size_t)n) < 0) {
		close(to);
		return fail("write ", path);
	}
	return close(to) < 0 ? fail("write ", path) : 0;
}
