/* SPDX-License-Identifier: ISC */
/* Peer and local address from the environment or the socket. */
#include "io/ucspi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fail.h"
#include "base/num.h"

/* Write the canonical text of the address in text; IPv4-mapped as IPv4. */
static int
canonical(const char *text, char ip[UCSPI_IP])
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, text, &four) == 1)
		return inet_ntop(AF_INET, &four, ip, UCSPI_IP) ? 0 : -1;
	if (inet_pton(AF_INET6, text, &six) != 1)
		return -1;
	if (IN6_IS_ADDR_V4MAPPED(&six))
		return inet_ntop(AF_INET, &six.s6_addr[12], ip, UCSPI_IP) ? 0
		                                                          : -1;
	return inet_ntop(AF_INET6, &six, ip, UCSPI_IP) ? 0 : -1;
}

static const char *
proto_var(const char *suffix)
{
	const char *proto = getenv("PROTO");
	char name[64];

	if (!proto)
		return NULL;
	snprintf(name, sizeof(name), "%.32s%s", proto, suffix);
	return getenv(name);
}

static unsigned
port_of(const char *text)
{
	uint64_t v;

	return text && num_scan(str_z(text), 65535, &v) == 0 ? (unsigned)v : 0;
}

static void
from_socket(
    const struct sockaddr_storage *ss, char ip[UCSPI_IP], unsigned *port)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *a = (const void *)ss;

		inet_ntop(AF_INET, &a->sin_addr, text, sizeof(text));
		*port = ntohs(a->sin_port);
	} else if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *a = (const void *)ss;

		inet_ntop(AF_INET6, &a->sin6_addr, text, sizeof(text));
		*port = ntohs(a->sin6_port);
	}
	canonical(text, ip);
}

/* The first variable that is set: "${PROTO}…", TCP…, TCP6…, SSL…, then extra,
 * a list of further names ended by NULL. */
static const char *
first_var(const char *suffix, const char *const *extra)
{
	static const char *const prefix[] = {"TCP", "TCP6", "SSL"};
	const char *v = proto_var(suffix);
	char name[64];

	for (size_t i = 0; !v && i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", prefix[i], suffix);
		v = getenv(name);
	}
	while (!v && *extra)
		v = getenv(*extra++);
	return v;
}

static int
read_remote(struct ucspi *u)
{
	static const char *const addr[] = {"REMOTE_ADDR", NULL};
	static const char *const port[] = {"REMOTE_PORT", NULL};
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);
	const char *v = first_var("REMOTEIP", addr);
	const char *host = getenv("REMOTE_HOST");

	if (v) {
		if (canonical(v, u->remote_ip) < 0)
			return fail_text(EINVAL,
			    "the peer's address in the environment is none");
		u->remote_port = port_of(first_var("REMOTEPORT", port));
		return 0;
	}
	if (host && canonical(host, u->remote_ip) == 0)
		return 0;
	if (getpeername(0, (struct sockaddr *)&ss, &len) == 0)
		from_socket(&ss, u->remote_ip, &u->remote_port);
	if (!u->remote_ip[0])
		snprintf(u->remote_ip, sizeof(u->remote_ip), "local");
	return 0;
}

static int
read_local(struct ucspi *u)
{
	static const char *const none[] = {NULL};
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);
	const char *v = first_var("LOCALIP", none);

	if (v) {
		if (canonical(v, u->local_ip) < 0)
			return fail_text(EINVAL,
			    "the local address in the environment is none");
		u->local_port = port_of(first_var("LOCALPORT", none));
	} else if (getsockname(0, (struct sockaddr *)&ss, &len) == 0) {
		from_socket(&ss, u->local_ip, &u->local_port);
	}
	return 0;
}

int
ucspi_read(struct ucspi *u)
{
	const char *tls = getenv("SSL_PROTOCOL");
	const char *proto = getenv("PROTO");

	memset(u, 0, sizeof(*u));
	u->tls =
	    (tls && *tls) ||
	    (proto && (strcmp(proto, "TLS") == 0 || strcmp(proto, "SSL") == 0));
	if (read_remote(u) < 0)
		return -1;
	return read_local(u);
}

bool
ucspi_tls_var(struct str entry)
{
	return str_starts(entry, STR("SSL_")) &&
	       !str_starts(entry, STR("SSL_CERT_"));
}
