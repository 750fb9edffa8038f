/* SPDX-License-Identifier: ISC */
/* What the parts of tlsserver share. */
#ifndef TLSSERVER_SERVER_H
#define TLSSERVER_SERVER_H

#include <stdbool.h>

#include "clients.h"
#include "io/drop.h"
#include "net/tls.h"

enum tls_mode { MODE_PLAIN, MODE_TLS, MODE_STARTTLS };

struct server {
	enum tls_mode mode;
	const char *const *program; /* started for each connection */
	const char *busy;           /* line for clients over a limit, or NULL */
	const struct drop *user;    /* of the program, or NULL */
	const struct drop *tls_user; /* of the TLS processes, or NULL */
	int tls_timeout_s;
	int fd; /* listening */
	struct tls_server tls;
	struct clients clients;
};

/* Serve until SIGTERM; SIGHUP reads the certificate again.  Returns the exit
 * code. */
int loop_run(struct server *s);

/* Serve the connection sock in a process of its own.  ordinal: connections from
 * the same address, with this one.  Returns its id, or -1. */
pid_t connection_start(
    struct server *s, int sock, const struct peer *peer, size_t ordinal);

/* In a fresh child: signals as usual. */
void loop_default_signals(void);

/* Remove what an outer super-server left in the environment. */
void connection_clean_environment(void);

#endif
