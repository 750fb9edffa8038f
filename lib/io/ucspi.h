/* SPDX-License-Identifier: ISC */
/* Who is at the other end: the UCSPI environment of any super-server, or the
 * socket itself. */
#ifndef IO_UCSPI_H
#define IO_UCSPI_H

#include <stdbool.h>

#include "base/str.h"

#define UCSPI_IP 46 /* INET6_ADDRSTRLEN */

struct ucspi {
	char remote_ip[UCSPI_IP]; /* "192.0.2.1", "2001:db8::1" or "local" */
	char local_ip[UCSPI_IP];  /* the same; "" when unknown */
	unsigned remote_port;     /* 0 when unknown */
	unsigned local_port;      /* 0 when unknown */
	bool tls;                 /* SSL_PROTOCOL says TLS is on already */
};

/* Find the addresses of the connection: ${PROTO}REMOTEIP, TCPREMOTEIP,
 * TCP6REMOTEIP, SSLREMOTEIP, REMOTE_ADDR, REMOTE_HOST when it is an address,
 * then getpeername(0); no socket or a Unix socket is "local".  IPv4 addresses
 * mapped into IPv6 are written as IPv4.  Likewise for the local end.
 * Returns 0, or -1 when a variable that should be an address is none: refuse
 * the connection then, never treat it as unrestricted. */
int ucspi_read(struct ucspi *u);

/* Whether the TLS side may set this variable, "NAME=value" or "NAME".  It has
 * read from the network, and the process that takes its word may be root's:
 * only SSL_* in, and of those nothing that steers OpenSSL itself. */
bool ucspi_tls_var(struct str entry);

#endif
