/* SPDX-License-Identifier: ISC */
/* What the parts of tlsserver share. */
#ifndef TLSSERVER_SERVER_H
#define TLSSERVER_SERVER_H

#include <stdbool.h>

#include "base/str.h"
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
	int fd;         /* listening */
	int events;     /* the epoll set: fd and the clients' control sockets */
	bool is_worker; /* the program is started once; see worker.c */
	pid_t worker;   /* the running one, or 0 */
	int worker_fd;  /* connections go there; -1 when there is none */
	struct tls_server tls;
	struct clients clients;
};

/* Serve until SIGTERM; SIGHUP reads the certificate again.  Returns the exit
 * code. */
int loop_run(struct server *s);

/* Give the connection sock to the program.  c has just been added; what has to
 * stay open here is put into it.  ordinal: connections from the same address,
 * with this one.  Returns 0 or -1. */
int connection_start(struct server *s, int sock, const struct peer *peer,
    size_t ordinal, struct client *c);

/* The same for a client whose process rests; -1: it does not any more. */
int connection_again(struct server *s, int sock, const struct peer *peer,
    size_t ordinal, struct client *c);

/* The control socket of c has something to say: start TLS for it in a process
 * of its own, or let go of the connection. */
void starttls_event(struct server *s, struct client *c);

/* Start TLS for c, whose descriptors are taken: with wish 'Y' its variables
 * are told on the control socket.  Returns 0 or -1. */
int starttls_start(struct server *s, struct client *c, int wish);

/* Use a certificate that was replaced; with `force` read it in any case. */
void starttls_refresh(struct server *s, bool force);

/* Give a connection (see smtpd's worker.h and serve/login_worker.h) to the
 * worker, which is started when it does not run, or when its program was
 * replaced.  Returns 0 or -1. */
int worker_give(struct server *s, struct str vars, const int *fds, int nfds);

/* Whether the worker that runs would get the next connection; one whose program
 * was replaced is dismissed. */
bool worker_is_current(struct server *s);

/* No more connections for the worker: it ends when its sessions have ended. */
void worker_dismiss(struct server *s);

/* In a fresh child: signals as usual. */
void loop_default_signals(void);

/* Remove what an outer super-server left in the environment. */
void connection_clean_environment(void);

#endif
