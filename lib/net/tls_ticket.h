/* SPDX-License-Identifier: ISC */
/* Session tickets (RFC 5077, RFC 8446 4.6.1) that any process forked from the
 * one that has the keys can read.  Nothing is stored; whoever has a ticket key
 * can read the sessions of its time, so it changes, and is never on disk. */
#ifndef NET_TLS_TICKET_H
#define NET_TLS_TICKET_H

#include <openssl/ssl.h>

#include "net/tls_server.h"

#define TLS_TICKET_MS (12 * 3600 * 1000) /* a key's time */

/* Make the first key. */
void tls_ticket_start(struct tls_server *s);

/* Make another one when the time has come. */
void tls_ticket_rotate(struct tls_server *s);

/* ctx uses the keys of s, which must outlive it; without tls_ticket_start() it
 * has no tickets. */
void tls_ticket_init(SSL_CTX *ctx, struct tls_server *s);

#endif
