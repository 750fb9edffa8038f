/* SPDX-License-Identifier: ISC */
/* One parent for many sessions.  Connections come on descriptor 0, a
 * SOCK_SEQPACKET socket, where one spare child waits for the next of them; when
 * it has taken it, it says so, and the parent forks another spare.  The parent
 * answers the questions of all (parent.h).  A connection is a packet of UCSPI
 *variables, "NAME=value\0" each, with two or three descriptors:
 *
 *	the connection
 *	the control socket: SSLCTLFD; held by the child to the session's end
 *	the clear-text socket: SSLREADFD and SSLWRITEFD; only where there is TLS
 *
 * The children do not differ from those of a parent of their own, but for one
 * thing: they share the layout of the address space, which is random for each
 * exec.  So that nobody can try twice with the same one, the parent takes no
 * more connections once a child has been killed by a signal; nor after
 * WORKER_MOST of them.  Whoever sends them sees EPIPE and starts another
 * worker. */
#ifndef SMTPD_WORKER_H
#define SMTPD_WORKER_H

#include "session.h"

#define WORKER_MOST 10000 /* connections */

/* A client whose session is over often comes again at once: its child waits a
 * second for that, so that not each of many connections costs a process.
 * A child serves one client address only, and no other session can have met
 * what an attack left behind in it.
 * Serve it again: call this at the end of a session.  Returns 1, all set up to
 * speak to it; 0 there will be no other connection: exit. */
int worker_again(struct smtp *s);

/* Returns 0 in the child of each connection, all set up to speak; 1 in the
 * parent when no more connections come and all children are gone; -1 failed
 * (children may be left: they end with their parent).
 * s: what serve_host() and session_init() set up, and monitor.spare. */
int worker_run(struct smtp *s);

#endif
