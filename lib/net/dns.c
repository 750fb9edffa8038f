/* SPDX-License-Identifier: ISC */
/* MX by libresolv (the query API and its parser, as Postfix uses them),
 * addresses by getaddrinfo(). */
#define _GNU_SOURCE
#include "net/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/now.h"
#include "base/num.h"

#define ANSWER_MAX 65535

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

/* One record of the answer section; the host's name goes to name.
 * Returns 1 an MX record, 0 another one, -1 malformed. */
static int
read_mx(ns_msg *msg, int i, unsigned *preference, char name[NS_MAXDNAME])
{
	ns_rr rr;

	if (ns_parserr(msg, ns_s_an, i, &rr) < 0)
		return -1;
	if (ns_rr_type(rr) != ns_t_mx)
		return 0;
	if (ns_rr_rdlen(rr) < 3)
		return -1;
	*preference = ns_get16(ns_rr_rdata(rr));
	if (ns_name_uncompress(ns_msg_base(*msg), ns_msg_end(*msg),
		ns_rr_rdata(rr) + 2, name, NS_MAXDNAME) < 0)
		return -1;
	return 1;
}

enum dns_result
dns_mx_parse(const uint8_t *answer, size_t len, uint32_t seed, struct arena *a,
    struct dns_mx mx[DNS_HOSTS], size_t *n)
{
	char name[NS_MAXDNAME];
	unsigned preference = 0;
	bool null = false, bad = false;
	ns_msg msg;

	*n = 0;
	if (len > ANSWER_MAX || ns_initparse(answer, (int)len, &msg) < 0) {
		fail_text(EPROTO, "malformed DNS answer");
		return DNS_TEMP;
	}
	for (int i = 0; i < ns_msg_count(msg, ns_s_an); i++) {
		int r = read_mx(&msg, i, &preference, name);

		if (r < 0) {
			fail_text(EPROTO, "malformed DNS answer");
			return DNS_TEMP;
		}
		if (r == 0 || *n == DNS_HOSTS)
			continue;
		if (strcmp(name, ".") == 0 || !*name) {
			null = true;
		} else if (good_name(name)) {
			mx[*n].preference = preference;
			mx[(*n)++].name = arena_z(a, str_z(name));
		} else {
			bad = true;
		}
	}
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

static enum dns_result
query_failed(int why, const char *domain)
{
	char text[400];

	if (why == HOST_NOT_FOUND)
		return DNS_NO_DOMAIN;
	if (why == NO_DATA)
		return DNS_NO_RECORD;
	snprintf(text, sizeof(text), "MX lookup of %.255s: %s", domain,
	    hstrerror(why));
	fail_text(EAGAIN, text);
	return DNS_TEMP;
}

enum dns_result
dns_mx(
    struct str domain, struct arena *a, struct dns_mx mx[DNS_HOSTS], size_t *n)
{
	uint8_t *answer = arena_alloc(a, ANSWER_MAX);
	struct __res_state res;
	char name[256];
	int len;

	*n = 0;
	if (str_copy(name, sizeof(name), domain) < 0 || !good_name(name))
		return DNS_NO_DOMAIN;
	memset(&res, 0, sizeof(res));
	if (res_ninit(&res) < 0) {
		fail("resolver", NULL);
		return DNS_TEMP;
	}
	len = res_nquery(&res, name, ns_c_in, ns_t_mx, answer, ANSWER_MAX);
	res_nclose(&res);
	if (len < 0)
		return query_failed(res.res_h_errno, name);
	return dns_mx_parse(answer,
	    (size_t)(len > ANSWER_MAX ? ANSWER_MAX : len),
	    (uint32_t)now_wall_us(), a, mx, n);
}

static bool
put_address(struct dns_address *to, const struct addrinfo *ai)
{
	const void *raw;

	if (ai->ai_addrlen > sizeof(to->ss))
		return false;
	memset(&to->ss, 0, sizeof(to->ss));
	memcpy(&to->ss, ai->ai_addr, ai->ai_addrlen);
	to->len = ai->ai_addrlen;
	if (ai->ai_family == AF_INET)
		raw = &((const struct sockaddr_in *)(const void *)&to->ss)
		           ->sin_addr;
	else if (ai->ai_family == AF_INET6)
		raw = &((const struct sockaddr_in6 *)(const void *)&to->ss)
		           ->sin6_addr;
	else
		return false;
	return inet_ntop(ai->ai_family, raw, to->text, sizeof(to->text)) !=
	       NULL;
}

enum dns_result
dns_addresses(const char *host, unsigned port, struct dns_address *to,
    size_t max, size_t *n)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list;
	char service[NUM_SIZE], text[400];
	int r;

	*n = 0;
	num_print(service, port);
	r = getaddrinfo(host, service, &hints, &list);
	if (r == EAI_NONAME || r == EAI_NODATA)
		return DNS_NO_RECORD;
	if (r != 0) {
		snprintf(text, sizeof(text), "address of %.255s: %s", host,
		    gai_strerror(r));
		fail_text(EAGAIN, text);
		return DNS_TEMP;
	}
	for (struct addrinfo *i = list; i && *n < max; i = i->ai_next)
		if (put_address(&to[*n], i))
			(*n)++;
	freeaddrinfo(list);
	return *n ? DNS_FOUND : DNS_NO_RECORD;
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
