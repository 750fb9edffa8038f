/* SPDX-License-Identifier: ISC */
/* One parent for many logins (the programs' option -w).  Connections come on
 * descriptor 0, a SOCK_SEQPACKET socket, as smtpd's worker gets them: a packet
 * of UCSPI variables, "NAME=value\0" each, with descriptors:
 *
 *	the connection
 *	the control socket: SSLCTLFD; open to the session's end
 *	the clear-text socket: SSLREADFD and SSLWRITEFD; only where TLS can be
 *	started
 *
 * Where TLS is on from the start, the packet has the variable TLSWAIT=1 and two
 * descriptors:
 *
 *	the clear-text socket, which is the connection
 *	a socket on which the TLS variables come once the hands are shaken,
 *	ended by an empty one; nothing is done for the client before
 *
 * The parent keeps the privilege and never reads from a connection.  For each
 * it forks a network side (serve/login.h) and, when that asks its first
 * question, the monitor that answers, which becomes the session.  So neither of
 * them differs from those of a program of its own, but for one thing: they
 * share the layout of the address space, which is random for each exec.  So
 * that nobody can try twice with the same one, no more connections are taken
 * once a network side has been killed by a signal; nor after LOGIN_WORKER_MOST
 * of them.  Whoever sends them sees EPIPE and starts another worker. */
#ifndef SERVE_LOGIN_WORKER_H
#define SERVE_LOGIN_WORKER_H

#include "serve/login.h"

#define LOGIN_WORKER_MOST 10000 /* connections */

/* Returns 0 in the network side of each connection and 1 in the monitor of one,
 * with the connection's descriptors, variables, l->s and l->m all set up.  The
 * parent exits when no more connections come and all network sides are gone.
 * l: what serve_host() sets up, and l->m.user, which only root becomes. */
int login_worker(struct login *l);

#endif
