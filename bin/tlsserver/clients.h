/* SPDX-License-Identifier: ISC */
/* Who is being served: counts in all and by source. */
#ifndef TLSSERVER_CLIENTS_H
#define TLSSERVER_CLIENTS_H

#include <netinet/in.h>
#include <stdbool.h>
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

/* A client is there as long as one of its processes is, or its control socket
 * is open.  The descriptors are -1 but in the time before TLS is started on
 * demand, or while a worker has the connection. */
struct client {
	pid_t pid;   /* the program's process; 0: it has ended, or a worker */
	pid_t relay; /* the process that does TLS on demand; 0 for none */
	int sock;    /* the connection */
	int ctl;     /* our end of the control socket */
	int data;    /* our end of the clear-text socket */
	int status;  /* exit code of the program */
	/* A worker's process that has ended a session and waits for another
	 * one of the same client, since since_ms. */
	bool resting;
	int64_t since_ms;
	struct in6_addr source; /* the IPv4 address or the /64 */
	char ip[UCSPI_IP];
};

struct clients {
	struct client *list;
	size_t n;
	size_t resting; /* of them */
	size_t max;
	size_t max_source;
};

/* Room for max clients, at most max_source of them from one IPv4 address or
 * IPv6 /64. */
void clients_init(struct clients *c, size_t max, size_t max_source);

/* The address in a socket name; "local" and port 0 when it is neither IPv4 nor
 * IPv6. */
void peer_read(struct peer *p, const struct sockaddr_storage *ss);

/* How many are served; how many of them come from the source of p. */
size_t clients_served(const struct clients *c);
size_t clients_of(const struct clients *c, const struct peer *p);

/* Make room for p's client, which has nothing yet; there must be room.  Lives
 * until the next call of clients_remove(). */
struct client *clients_add(struct clients *c, const struct peer *p);

/* The client with this process, or with this control socket; NULL for none. */
struct client *clients_by_pid(const struct clients *c, pid_t pid);
struct client *clients_by_ctl(const struct clients *c, int ctl);

/* Its session is over, its process rests. */
void clients_rest(struct clients *c, struct client *client);

/* One that rests, of the very address of p; NULL for none. */
struct client *clients_resting(const struct clients *c, const struct peer *p);

/* It has got another connection. */
void clients_wake(struct clients *c, struct client *client);

/* Forget those that have been resting since before then: their processes end.*/
void clients_end_rest(struct clients *c, int64_t then);

/* Forget it. */
void clients_remove(struct clients *c, struct client *gone);

/* Whether neither a process nor a control socket is left. */
bool client_is_gone(const struct client *c);

/* Close its descriptors. */
void client_close(struct client *c);

#endif
