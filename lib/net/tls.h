/* SPDX-License-Identifier: ISC */
/* TLS by OpenSSL: handshakes with a deadline on a connected socket.  TLS 1.2
 * (ECDHE with AEAD only) and 1.3 (RFC 8996, RFC 9325), no renegotiation, no
 * compression. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/tls_server.h"

struct ssl_st;

#define TLS_END_POINT 64

struct tls {
	struct ssl_st *ssl;
	int fd;
	/* The server's certificate, hashed (RFC 5929 4.1); 0 octets where that
	 * is not defined: a resumed session, Ed25519. */
	unsigned char end_point[TLS_END_POINT];
	unsigned end_point_n;
};

/* Handshake as server on the socket fd, which becomes non-blocking.  Until
 * deadline (of now_ms()).  Returns 0, or -1 (ETIMEDOUT, ECONNRESET, EPROTO). */
int tls_accept(
    struct tls *t, const struct tls_server *s, int fd, int64_t deadline);

/* The same as client; host is sent as server name unless it is an address.
 * check: the certificate must be valid for host (RFC 6125), by the authorities
 * of the system or of SSL_CERT_FILE; else it is not looked at (RFC 7435:
 * opportunistic). */
int tls_connect(
    struct tls *t, const char *host, bool check, int fd, int64_t deadline);

/* After the handshake: forget the private keys that the session refers to, and
 * with tls_server_forget() those of the server. */
void tls_forget(const struct tls *t, struct tls_server *s);

/* What was negotiated, as the UCSPI-TLS variables "NAME=value\0…":
 * SSL_PROTOCOL, SSL_CIPHER, SSL_CIPHER_USEKEYSIZE, SSL_SESSION_RESUMED,
 * SSL_TLS_SNI_SERVERNAME (only when it looks like a host name),
 * what SASL binds to, in hexadecimal, as far as it is defined for the session:
 * SSL_CHANNEL_BINDING_TLS_EXPORTER (RFC 9266), …_TLS_SERVER_END_POINT and, of
 * TLS 1.2, …_TLS_UNIQUE (RFC 5929); and
 * SSL_CLIENT_VERIFY: "NONE" no certificate, "FAILED:why", or "SUCCESS", and
 * then SSL_CLIENT_S_DN (RFC 2253) and, if it has them, SSL_CLIENT_S_DN_CN and
 * addresses, SSL_CLIENT_SAN_Email_0 to _4. */
void tls_vars(const struct tls *t, struct buf *vars);

/* Give the session back; the socket stays open. */
void tls_end(struct tls *t);

#endif
