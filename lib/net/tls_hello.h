/* SPDX-License-Identifier: ISC */
/* What a server does about the names in a client's hello: SNI (RFC 6066 3)
 * chooses the certificate, ALPN (RFC 7301) must not name foreign protocols
 * alone: a browser that was led here with somebody's cookies (ALPACA) asks for
 * http/1.1. */
#ifndef NET_TLS_HELLO_H
#define NET_TLS_HELLO_H

#include <openssl/ssl.h>

#include "net/tls_server.h"

/* ctx becomes one of the server's.  s must outlive it. */
void tls_hello_init(SSL_CTX *ctx, struct tls_server *s);

#endif
