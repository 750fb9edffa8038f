/* SPDX-License-Identifier: ISC */
/* Asking a DNS server (RFC 1035; EDNS0 of RFC 6891 for its size only).  We are
 * a stub: the servers asked are expected to do the recursion, and to validate.
 * UDP first, TCP when the answer was cut; every wait is bounded by what is left
 * of one budget, so that no server, dead or hostile, holds a delivery up. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/str.h"

#define RESOLVER_SERVERS 3
#define RESOLVER_ANSWER 65535

enum dns_result {
	DNS_TEMP = -1,
	DNS_FOUND,
	DNS_NO_DOMAIN, /* NXDOMAIN: 5.1.2 */
	DNS_NULL_MX,   /* RFC 7505: 5.1.10 */
	DNS_NO_RECORD  /* the name exists without such records */
};

struct resolver_server {
	struct sockaddr_storage ss;
	socklen_t len;
};

struct resolver {
	struct resolver_server servers[RESOLVER_SERVERS];
	size_t n;
	int64_t left_ms; /* for all questions to come */
	size_t len;      /* octets of the last answer */
	uint8_t answer[RESOLVER_ANSWER];
};

/* Ask the server ("192.0.2.1", "192.0.2.1:5353", "2001:db8::1" or
 * "[2001:db8::1]:53"), or with "" those in /etc/resolv.conf (127.0.0.1 when it
 * names none), for at most seconds in all.  Returns 0, or -1 EINVAL. */
int resolver_open(struct resolver *r, const char *server, int64_t seconds);

/* The servers in a text as of resolv.conf(5); other lines are skipped. */
void resolver_conf(struct resolver *r, struct str text);

/* Ask for the records of one type (IN) of an absolute name.  DNS_FOUND: an
 * answer without error is in r->answer (it may hold no such record);
 * DNS_NO_DOMAIN: the name does not exist; DNS_TEMP: anything else, with the
 * reason in fail_last(). */
enum dns_result resolver_ask(struct resolver *r, const char *name, int type);

#endif
