/* SPDX-License-Identifier: ISC */
/* MX records: asked by net/resolver, read by libresolv's parser, as Postfix
 * does.  Addresses are in addresses.c. */
#define _GNU_SOURCE
#include "net/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <resolv.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/now.h"
#include "net/answer.h"

/* A name we are willing to look up and to print. */
static bool
good_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 253)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!ascii_isalnum(name[i]) && !strchr("-._", name[i]))
			return false;
	return true;
}

/* A small generator: the order of equals needs no secrecy. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Insertion sort: stable, and the list was shuffled before. */
static void
sort_mx(struct dns_mx *mx, size_t n, uint32_t seed)
{
	seed |= 1;
	for (size_t i = n; i > 1; i--) {
		size_t k = next_random(&seed) % i;
		struct dns_mx t = mx[i - 1];

		mx[i - 1] = mx[k];
		mx[k] = t;
	}
	for (size_t i = 1; i < n; i++) {
		struct dns_mx t = mx[i];
		size_t k = i;

		while (k > 0 && mx[k - 1].preference > t.preference) {
			mx[k] = mx[k - 1];
			k--;
		}
		mx[k] = t;
	}
}

/* Keep the host; of too many, the worst is forgotten. */
static void
keep_mx(struct dns_mx mx[DNS_HOSTS], size_t *n, unsigned preference,
    const char *name, struct arena *a)
{
	size_t at = *n;

	if (*n == DNS_HOSTS) {
		at = 0;
		for (size_t i = 1; i < *n; i++)
			if (mx[i].preference > mx[at].preference)
				at = i;
		if (mx[at].preference <= preference)
			return;
	} else {
		++*n;
	}
	mx[at].preference = preference;
	mx[at].name = arena_z(a, str_z(name));
}

/* Preference and host of one record; -1 malformed. */
static int
read_mx(
    ns_msg *msg, const ns_rr *rr, unsigned *preference, char name[NS_MAXDNAME])
{
	if (ns_rr_rdlen(*rr) < 3)
		return -1;
	*preference = ns_get16(ns_rr_rdata(*rr));
	return ns_name_uncompress(ns_msg_base(*msg), ns_msg_end(*msg),
		   ns_rr_rdata(*rr) + 2, name, NS_MAXDNAME) < 0
	           ? -1
	           : 0;
}

enum dns_result
dns_mx_parse(const uint8_t *answer, size_t len, uint32_t seed, struct arena *a,
    struct dns_mx mx[DNS_HOSTS], size_t *n)
{
	char name[NS_MAXDNAME];
	unsigned preference = 0;
	bool null = false, bad = false;
	struct answer s;
	ns_rr rr;
	int r;

	*n = 0;
	answer_init(&s, answer, len);
	while ((r = answer_next(&s, ns_t_mx, &rr)) > 0) {
		if (read_mx(&s.msg, &rr, &preference, name) < 0)
			return answer_malformed();
		if (strcmp(name, ".") == 0 || !*name)
			null = true;
		else if (good_name(name))
			keep_mx(mx, n, preference, name, a);
		else
			bad = true;
	}
	if (r < 0)
		return DNS_TEMP;
	if (*n > 0) {
		sort_mx(mx, *n, seed);
		return DNS_FOUND;
	}
	if (bad) {
		fail_text(EPROTO, "no usable host name in the MX records");
		return DNS_TEMP;
	}
	return null ? DNS_NULL_MX : DNS_NO_RECORD;
}

enum dns_result
dns_mx(struct resolver *r, struct str domain, struct arena *a,
    struct dns_mx mx[DNS_HOSTS], size_t *n)
{
	enum dns_result result;
	char name[256];

	*n = 0;
	if (str_copy(name, sizeof(name), domain) < 0 || !good_name(name))
		return DNS_NO_DOMAIN;
	result = resolver_ask(r, name, ns_t_mx);
	if (result != DNS_FOUND)
		return result;
	return dns_mx_parse(
	    r->answer, r->len, (uint32_t)now_wall_us(), a, mx, n);
}

int
dns_literal(struct str s, char ip[46])
{
	unsigned char raw[16];
	int family = AF_INET;

	*ip = '\0';
	if (!str_starts(s, STR("[")))
		return 0;
	if (!str_ends(s, STR("]")))
		return -1;
	s = str_make(s.p + 1, s.n - 2);
	if (str_istarts(s, STR("IPv6:"))) {
		family = AF_INET6;
		s = str_from(s, 5);
	}
	if (str_copy(ip, 46, s) < 0 || inet_pton(family, ip, raw) != 1) {
		*ip = '\0';
		return -1;
	}
	return 1;
}
