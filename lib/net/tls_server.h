/* SPDX-License-Identifier: ISC */
/* What a TLS server has: certificates by host name, kept fresh, and the keys of
 * session tickets.  Everything is read, and warmed up by a handshake in memory,
 * before connections are forked off: that saves three quarters of the time of
 * each.
 *
 * In a folder there may be two certificates, of which clients that know ECDSA
 * get the one with such a key:
 *
 *	cert.pem key.pem          a certificate chain and its key
 *	cert-rsa.pem key-rsa.pem  a second one, for clients without ECDSA
 *	HOST/                     the same for clients that ask for HOST by SNI
 *	                          (RFC 6066 3); "*.example.org" is for all names
 *	                          one level below that have no folder
 */
#ifndef NET_TLS_SERVER_H
#define NET_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_PATH 1024
#define TLS_HOST 256
#define TLS_HOSTS 500 /* folders of hosts; further ones are not looked at */

struct ssl_ctx_st;

struct tls_stamp {
	uint64_t ino;
	int64_t mtime_ns;
	int64_t size;
};

/* The certificates of one folder. */
struct tls_cert {
	char host[TLS_HOST];      /* lower case; "" for clients without SNI */
	struct ssl_ctx_st *ctx;   /* NULL: there is no good one */
	struct tls_stamp seen[4]; /* its files when last read */
};

#define TLS_TICKET_KEYS 2 /* the one in use, and the one before */

struct tls_ticket_key {
	unsigned char name[16], aes[32], hmac[32];
	int64_t since_ms;
	bool valid;
};

struct tls_server {
	char dir[TLS_PATH];                 /* "tls" below the root */
	char cert[TLS_PATH], key[TLS_PATH]; /* of base */
	bool given; /* these were named: there is no second one beside */
	const char *client_ca;
	const char *protocols;
	struct tls_cert base;
	struct tls_cert *hosts;
	size_t nhosts;
	struct tls_stamp seen_dir;
	struct tls_ticket_key tickets[TLS_TICKET_KEYS];
};

/* What may be set; all strings must outlive the server. */
struct tls_settings {
	const char *root;
	const char *cert, *key; /* NULL or "": cert.pem, key.pem in root/tls */
	const char *client_ca;  /* PEM: ask clients for certificates by these
	                         * authorities; NULL or "": do not ask */
	const char *protocols;  /* ALPN names that are ours, with blanks
	                         * between; a client that offers only others
	                         * is refused (RFC 7301 3.2) */
	bool tickets; /* the process lives on and sessions can be resumed */
};

/* Read the certificates.  Returns 0, or -1 with the reason in fail_last(): that
 * of clients without SNI is no good; a bad one of a host is not counted: those
 * clients get the other. */
int tls_server_load(struct tls_server *s, const struct tls_settings *set);

/* Read what was replaced or came since, and everything when `force`; change the
 * key of tickets every 12 hours, the last one stays valid as long again.
 * Returns 1 something new is in use, 0 nothing to do, -1 new files are no good
 * (fail_last()): the old ones stay in use, and it is not said again until the
 * files change once more. */
int tls_server_refresh(struct tls_server *s, bool force);

/* Forget all private keys and the keys of tickets: in a process that has made
 * its handshake and will make no other. */
void tls_server_forget(struct tls_server *s);

#endif
