/* SPDX-License-Identifier: ISC */
/* Who is being served: counts in all and by source. */
#ifndef TLSSERVER_CLIENTS_H
#define TLSSERVER_CLIENTS_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "io/ucspi.h"

struct peer {
	char ip[UCSPI_IP]; /* IPv4-mapped as IPv4 */
	unsigned port;
	struct in6_addr address; /* IPv4 as mapped */
};

struct client {
	pid_t pid;
	int64_t since_ms;
	struct in6_addr source; /* the IPv4 address or the /64 */
	char ip[UCSPI_IP];
};

struct clients {
	struct client *list;
	size_t n;
	size_t max;
	size_t max_source;
};

/* Room for max clients, at most max_source of them from one IPv4 address or
 * IPv6 /64. */
void clients_init(struct clients *c, size_t max, size_t max_source);

/* The address in a socket name; "local" and port 0 when it is neither IPv4 nor
 * IPv6. */
void peer_read(struct peer *p, const struct sockaddr_storage *ss);

/* How many come from the source of p. */
size_t clients_of(const struct clients *c, const struct peer *p);

/* Remember that pid serves p; there must be room. */
void clients_add(struct clients *c, pid_t pid, const struct peer *p);

/* Forget pid, copy what was known to *was.  Returns 1, or 0 when unknown. */
int clients_remove(struct clients *c, pid_t pid, struct client *was);

#endif
