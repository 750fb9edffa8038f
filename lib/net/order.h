/* SPDX-License-Identifier: ISC */
/* Which address of a host is tried first: RFC 6724 6 (rules 1, 2, 5, 6, 8, 9),
 * as getaddrinfo() does it, with the standard's policy table.  Rule 9 is left
 * to IPv6: in IPv4 it would undo the order that spreads the load. */
#ifndef NET_ORDER_H
#define NET_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/dns.h"

/* Sort stably; which source address each would get is asked of the kernel. */
void order_addresses(struct dns_address *a, size_t n);

/* One destination and the source that would be used, both as IPv6 addresses
 * (IPv4 mapped). */
struct order_pair {
	uint8_t to[16], from[16];
	bool usable; /* there is a route */
};

/* Negative when a comes before b, positive after it, 0 no preference. */
int order_compare(const struct order_pair *a, const struct order_pair *b);

#endif
