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
#include "net/resolver.h"

#define DNS_HOSTS 32     /* MX records kept: the best ones */
#define DNS_ADDRESSES 32 /* addresses of a host looked at */

struct dns_mx {
	char *name; /* a host name in ASCII, without the last dot */
	unsigned preference;
};

/* The mail hosts of domain, best first, those of equal preference in random
 * order.  Nothing is returned for a domain without MX records: DNS_NO_RECORD,
 * its own addresses count then.  Names live in the arena.  DNS_TEMP leaves the
 * reason in fail_last(). */
enum dns_result dns_mx(struct resolver *r, struct str domain, struct arena *a,
    struct dns_mx mx[DNS_HOSTS], size_t *n);

/* The same for an answer already at hand; seed decides the random order. */
enum dns_result dns_mx_parse(const uint8_t *answer, size_t len, uint32_t seed,
    struct arena *a, struct dns_mx mx[DNS_HOSTS], size_t *n);

struct dns_address {
	struct sockaddr_storage ss;
	socklen_t len;
	char text[46]; /* "192.0.2.1" or "2001:db8::1" */
};

/* At most max addresses of host, in the order of RFC 6724 (net/order.h).
 * Numbers are taken as they are; /etc/hosts comes before the DNS; a name
 * without a dot is left to getaddrinfo(), which knows the search list.
 * DNS_FOUND, DNS_NO_RECORD (no address, or no such name) or DNS_TEMP. */
enum dns_result dns_addresses(struct resolver *r, const char *host,
    unsigned port, struct dns_address *to, size_t max, size_t *n);

/* Append the addresses (type ns_t_a or ns_t_aaaa) in an answer at hand to to,
 * of which *n of max are in use.  DNS_FOUND, DNS_NO_RECORD or DNS_TEMP. */
enum dns_result dns_address_parse(const uint8_t *answer, size_t len, int type,
    unsigned port, struct dns_address *to, size_t max, size_t *n);

/* Append the addresses that a text as of hosts(5) has for name. */
void dns_hosts_find(struct str text, const char *name, unsigned port,
    struct dns_address *to, size_t max, size_t *n);

/* Turn a domain literal, "[192.0.2.1]" or "[IPv6:2001:db8::1]", into the
 * address alone.  Returns 1; 0 when s is no literal; -1 a bad one. */
int dns_literal(struct str s, char ip[46]);

#endif
