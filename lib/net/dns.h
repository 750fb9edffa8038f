/* SPDX-License-Identifier: ISC */
/* Where the mail of a domain goes: MX and address records (RFC 5321 5.1,
 * RFC 7505).  Only two kinds of failure exist: definitive, when the DNS said
 * so in so many words, and temporary, which is everything else. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/str.h"

#define DNS_HOSTS 32 /* MX records looked at */

enum dns_result {
	DNS_TEMP = -1,
	DNS_FOUND,
	DNS_NO_DOMAIN, /* NXDOMAIN: 5.1.2 */
	DNS_NULL_MX,   /* RFC 7505: 5.1.10 */
	DNS_NO_RECORD  /* the name exists without such records */
};

struct dns_mx {
	char *name; /* a host name in ASCII, without the last dot */
	unsigned preference;
};

/* The mail hosts of domain, best first, those of equal preference in random
 * order.  Nothing is returned for a domain without MX records: DNS_NO_RECORD,
 * its own addresses count then.  Names live in the arena.  DNS_TEMP leaves the
 * reason in fail_last(). */
enum dns_result dns_mx(
    struct str domain, struct arena *a, struct dns_mx mx[DNS_HOSTS], size_t *n);

/* The same for an answer already at hand; seed decides the random order. */
enum dns_result dns_mx_parse(const uint8_t *answer, size_t len, uint32_t seed,
    struct arena *a, struct dns_mx mx[DNS_HOSTS], size_t *n);

struct dns_address {
	struct sockaddr_storage ss;
	socklen_t len;
	char text[46]; /* "192.0.2.1" or "2001:db8::1" */
};

/* At most max addresses of host, in the order of RFC 6724; numbers are taken
 * as they are.  DNS_FOUND, DNS_NO_RECORD (no address, or no such name) or
 * DNS_TEMP. */
enum dns_result dns_addresses(const char *host, unsigned port,
    struct dns_address *to, size_t max, size_t *n);

/* Turn a domain literal, "[192.0.2.1]" or "[IPv6:2001:db8::1]", into the
 * address alone.  Returns 1; 0 when s is no literal; -1 a bad one. */
int dns_literal(struct str s, char ip[46]);

#endif
