/* SPDX-License-Identifier: ISC */
/* TLS by OpenSSL: the server's certificate kept fresh, and handshakes with a
 * deadline on a connected socket.  TLS 1.2 (ECDHE with AEAD only) and 1.3
 * (RFC 8996, RFC 9325), no renegotiation, no compression. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define TLS_PATH 1024

struct ssl_ctx_st;
struct ssl_st;

struct tls_stamp {
	uint64_t ino;
	int64_t mtime_ns;
	int64_t size;
};

struct tls_server {
	struct ssl_ctx_st *ctx;
	char cert[TLS_PATH];
	char key[TLS_PATH];
	struct tls_stamp seen[2]; /* of both files when last read */
	int64_t loaded_ms;
};

struct tls {
	struct ssl_st *ssl;
	int fd;
};

/* Read the certificate chain and its key (PEM) and make everything ready, so
 * that a process forked from this one needs only the handshake itself.  NULL
 * or "" means cert.pem (key.pem) in the folder tls below root.
 * Returns 0, or -1 with the reason in fail_last(). */
int tls_server_load(
    struct tls_server *s, const char *root, const char *cert, const char *key);

/* Read the files again when they were replaced, and after 12 hours for new
 * session ticket keys, or always when `force`.  Returns 1 new ones are in use,
 * 0 nothing to do, -1 the new files are no good: the old ones stay in use, and
 * 0 is returned until the files change once more. */
int tls_server_refresh(struct tls_server *s, bool force);

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

/* What was negotiated, as the UCSPI-TLS variables "NAME=value\0…":
 * SSL_PROTOCOL, SSL_CIPHER, SSL_CIPHER_USEKEYSIZE, SSL_SESSION_RESUMED,
 * SSL_TLS_SNI_SERVERNAME (only when it looks like a host name), and
 * SSL_CHANNEL_BINDING_TLS_EXPORTER (RFC 9266, hexadecimal, TLS 1.3 only). */
void tls_vars(const struct tls *t, struct buf *vars);

/* Give the session back; the socket stays open. */
void tls_end(struct tls *t);

#endif
