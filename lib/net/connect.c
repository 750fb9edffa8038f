/* SPDX-License-Identifier: ISC */
/* Outgoing connections. */
#define _GNU_SOURCE
#include "net/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "io/file.h"
#include "io/wait.h"
#include "net/relay.h"
#include "net/ucspi_tls.h"

static int
finish(int fd, const struct dns_address *to, int64_t deadline)
{
	socklen_t len = sizeof(int);
	int err = 0;
	int ready;

	if (connect(fd, (const struct sockaddr *)&to->ss, to->len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -1;
	ready = wait_writable(fd, deadline);
	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready <= 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -1;
	errno = err;
	return err ? -1 : 0;
}

int
connect_family(const char *address)
{
	unsigned char raw[16];
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	return inet_pton(family, address, raw) == 1 ? family : -1;
}

static int
bind_source(int fd, int family, const char *source)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	int on = 1;

	if (connect_family(source) != family)
		return 0;
	/* Many connections from one address may share its ports. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (family == AF_INET) {
		inet_pton(AF_INET, source, &v4.sin_addr);
		return bind(fd, (struct sockaddr *)&v4, sizeof(v4));
	}
	inet_pton(AF_INET6, source, &v6.sin6_addr);
	return bind(fd, (struct sockaddr *)&v6, sizeof(v6));
}

int
connect_to(const struct dns_address *to, const char *source, int64_t deadline)
{
	int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd = socket(to->ss.ss_family, type, 0);
	int on = 1;

	if (fd < 0)
		return fail("connect to ", to->text);
	if (bind_source(fd, to->ss.ss_family, source) < 0) {
		fail("connect from ", source);
		close(fd);
		return -1;
	}
	if (finish(fd, to, deadline) < 0) {
		fail("connect to ", to->text);
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return fd;
}

bool
connect_is_local(const struct dns_address *to)
{
	struct sockaddr_storage ss = to->ss;
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool local;

	if (fd < 0)
		return false;
	if (ss.ss_family == AF_INET)
		((struct sockaddr_in *)(void *)&ss)->sin_port = 0;
	else
		((struct sockaddr_in6 *)(void *)&ss)->sin6_port = 0;
	/* The kernel binds to its own addresses only. */
	local = bind(fd, (struct sockaddr *)&ss, to->len) == 0;
	close(fd);
	return local;
}

#define DESCRIPTORS 256 /* more than a mail client ever has open */

/* A process that talks to the network has no business with our files. */
static void
close_all_but(int a, int b, int c)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (fd != 2 && fd != a && fd != b && fd != c)
			close(fd);
}

struct handshake {
	const char *host;
	bool check;
	int64_t deadline;
};

/* The TLS process: whatever it has to say goes through ctl, "!reason" or the
 * variables and a NUL. */
_Noreturn static void
relay_process(int sock, const struct handshake *h, int ctl, int data)
{
	struct buf vars;
	struct tls t;
	int r;

	/* Nobody who waits for the end of our output waits for this process. */
	close_all_but(sock, ctl, data);
	signal(SIGPIPE, SIG_IGN);
	buf_init(&vars, 4096);
	if (ucspi_tls_confine(NULL) < 0 ||
	    tls_connect(&t, h->host, h->check, sock, h->deadline) < 0) {
		buf_fmt(&vars, "!%s", fail_last());
		file_write(ctl, vars.p, vars.n);
		_exit(EXIT_TEMP);
	}
	if (ucspi_tls_tell(&t, ctl) < 0)
		_exit(EXIT_TEMP);
	close(ctl);
	r = relay_run(&t, data);
	_exit(r < 0 ? EXIT_TEMP : 0);
}

/* What the TLS process said. */
static int
read_outcome(int ctl, struct buf *vars)
{
	int r = ucspi_tls_hear(ctl, vars);

	if (vars->n > 1 && vars->p[0] == '!')
		return fail_text(EPROTO, buf_cstr(vars) + 1);
	if (r <= 0)
		return fail_text(EPROTO, "the TLS process died");
	return 0;
}

int
connect_tls(
    int sock, const char *host, bool check, int64_t deadline, struct buf *vars)
{
	struct handshake h = {host, check, deadline};
	int type = SOCK_STREAM | SOCK_CLOEXEC;
	int ctl[2], data[2];
	pid_t pid;
	int r;

	buf_reset(vars);
	if (socketpair(AF_UNIX, type, 0, ctl) < 0) {
		close(sock);
		return fail("socketpair", NULL);
	}
	if (socketpair(AF_UNIX, type, 0, data) < 0) {
		close(sock);
		close(ctl[0]);
		close(ctl[1]);
		return fail("socketpair", NULL);
	}
	pid = fork();
	if (pid == 0) {
		close(ctl[0]);
		close(data[0]);
		relay_process(sock, &h, ctl[1], data[1]);
	}
	close(sock);
	close(ctl[1]);
	close(data[1]);
	r = pid < 0 ? fail("fork", NULL) : read_outcome(ctl[0], vars);
	close(ctl[0]);
	if (r < 0)
		close(data[0]);
	return r < 0 ? -1 : data[0];
}
