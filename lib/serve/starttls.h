/* SPDX-License-Identifier: ISC */
/* STARTTLS and STLS as the handler sees them: the UCSPI-TLS interface.  The
 * super-server keeps a TLS process ready behind SSLCTLFD; one octet starts it,
 * and from then on the clear text is on SSLREADFD and SSLWRITEFD.  No TLS
 * library and no key is in the handler. */
#ifndef SERVE_STARTTLS_H
#define SERVE_STARTTLS_H

#include <stdbool.h>

#include "base/buf.h"
#include "io/in.h"
#include "io/out.h"

#define STARTTLS_VARS 8192 /* octets of variables a TLS server may send */

/* Whether TLS can be started now: SSLCTLFD, SSLREADFD and SSLWRITEFD are all
 * open sockets or pipes, TLS is not on already (SSL_PROTOCOL, PROTO), and
 * UCSPITLS is not "-".  Ask once at start, before opening other files: some
 * servers leave stale numbers in the environment. */
bool starttls_offered(void);

/* Whether UCSPITLS is "!": refuse everything until TLS is on. */
bool starttls_required(void);

/* Start TLS.  Call it with the positive reply (220, OK, +OK) still in out's
 * buffer, as the last thing there.  Anything the client sent behind its
 * command is an attack (CVE-2011-0411): nothing is written then, and the
 * caller must end the session.  Otherwise: out is flushed, TLS is started, the
 * variables the server sends are put into vars as "NAME=value\0…" (those
 * named SSL_* into the environment too), 0 and 1 become the TLS side,
 * SSLCTLFD and its companions are closed and forgotten, and in and out are
 * empty and on 0 and 1.  vars needs a ceiling of STARTTLS_VARS.
 * Waits TLS_TIMEOUT seconds at most.  Returns 0, or -1 (EPROTO injected input
 * or a bad answer, ECONNRESET the handshake failed, ETIMEDOUT): the session is
 * over then, never to go on in clear text. */
int starttls_start(struct in *in, struct out *out, struct buf *vars);

/* The same in parts, for two processes that share the descriptors: the one that
 * speaks with the network is ready, its monitor asks and hears the variables
 * itself, so that it need not believe what the network side says of TLS, and
 * when that has heard them too it enters.  The network side leaves the control
 * descriptor to the monitor before it reads anything. */
int starttls_ready(struct in *in, struct out *out);
int starttls_ask(struct buf *vars);
int starttls_enter(struct in *in, struct out *out, struct str vars);
void starttls_leave(void);

/* For the process that takes over after another one, which shares the
 * descriptors, has called starttls_start(): 0 and 1 become the TLS side and
 * the descriptors and variables of the interface are gone.  0 or -1. */
int starttls_adopt(void);

/* Put the SSL_* variables in vars into the environment; an entry without "="
 * unsets its name.  Other names are ignored. */
void starttls_environment(struct str vars);

#endif
