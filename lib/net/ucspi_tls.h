/* SPDX-License-Identifier: ISC */
/* The server's side of UCSPI-TLS (Gifford, Brady) for one connection.  It is
 * served by two processes: the TLS side, which alone has the key, and the
 * handler, which gets descriptors 0 and 1 and execs.
 *
 *	if ((r = ucspi_tls_split(&u, sock)) == 0)
 *		handler: ucspi_tls_become(), then exec
 *	else if (r > 0)
 *		TLS side: ucspi_tls_confine(), ucspi_tls_serve(), wait for
 *		u.handler
 */
#ifndef NET_UCSPI_TLS_H
#define NET_UCSPI_TLS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "io/drop.h"
#include "net/tls.h"

struct ucspi_tls {
	int sock;      /* the raw connection */
	int ctl;       /* this side's end of the control socket */
	int data;      /* this side's end of the clear-text socket */
	pid_t handler; /* on the TLS side: the other process */
};

/* Fork.  Returns 1 in the TLS side (the parent), 0 in the handler, -1. */
int ucspi_tls_split(struct ucspi_tls *u, int sock);

/* Handler: be ready for exec.  With `now`, wait until the handshake is done:
 * 0 and 1 are the clear text then and the SSL_* variables are set.  Otherwise
 * 0 and 1 are the raw connection, and SSLCTLFD, SSLREADFD and SSLWRITEFD offer
 * TLS to the program.
 * Returns 1; 0 there will be no TLS, exit quietly; -1 failed. */
int ucspi_tls_become(struct ucspi_tls *u, bool now);

/* TLS side: give up root for d (NULL keeps the user) and whatever else it does
 * not need: new privileges, new processes, being looked into by a debugger. */
int ucspi_tls_confine(const struct drop *d);

/* TLS side: wait for the handler's wish: 'Y', or 'y' when it asks for no
 * variables; 0 there is none and will be none; -1 failed. */
int ucspi_tls_wish(int ctl);

/* TLS side: tell the variables of the session.  0 or -1. */
int ucspi_tls_tell(const struct tls *t, int ctl);

/* The other side: add what is told to vars.  The TLS side has the deadline, and
 * its death ends the wait as well.  Returns 1; 0 it is not whole; -1 failed. */
int ucspi_tls_hear(int ctl, struct buf *vars);

/* TLS side: shake hands within timeout_s seconds, tell the variables as wished
 * for, relay to the end.  Closes all three descriptors; memory is not given
 * back: the process is to end.  Returns 1 served, 0 the wish is 0: nothing was
 * done, -1 failed, or the wish is. */
int ucspi_tls_serve(
    struct ucspi_tls *u, struct tls_server *s, int wish, int timeout_s);

#endif
