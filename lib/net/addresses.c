/* SPDX-License-Identifier: ISC */
/* Addresses of hosts: numbers, /etc/hosts, DNS. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/num.h"
#include "io/file.h"
#include "net/answer.h"
#include "net/dns.h"
#include "net/order.h"

#define HOSTS_MAX (1 << 20)

/* The address of that family, in octets as the DNS has them. */
static void
put_raw(struct dns_address *to, int family, const void *raw, unsigned port)
{
	memset(to, 0, sizeof(*to));
	if (family == AF_INET) {
		struct sockaddr_in *v4 = (void *)&to->ss;

		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		memcpy(&v4->sin_addr, raw, 4);
		to->len = sizeof(*v4);
	} else {
		struct sockaddr_in6 *v6 = (void *)&to->ss;

		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		memcpy(&v6->sin6_addr, raw, 16);
		to->len = sizeof(*v6);
	}
	inet_ntop(family, raw, to->text, sizeof(to->text));
}

static bool
put_text(struct str text, unsigned port, struct dns_address *to)
{
	unsigned char raw[16];
	char ip[46];
	int family;

	if (str_copy(ip, sizeof(ip), text) < 0)
		return false;
	family = strchr(ip, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, ip, raw) != 1)
		return false;
	put_raw(to, family, raw, port);
	return true;
}

enum dns_result
dns_address_parse(const uint8_t *answer, size_t len, int type, unsigned port,
    struct dns_address *to, size_t max, size_t *n)
{
	size_t octets = type == ns_t_a ? 4 : 16;
	bool found = false;
	struct answer s;
	ns_rr rr;
	int r;

	answer_init(&s, answer, len);
	while ((r = answer_next(&s, type, &rr)) > 0) {
		if (ns_rr_rdlen(rr) != octets)
			return answer_malformed();
		found = true;
		if (*n < max)
			put_raw(&to[(*n)++], octets == 4 ? AF_INET : AF_INET6,
			    ns_rr_rdata(rr), port);
	}
	if (r < 0)
		return DNS_TEMP;
	return found ? DNS_FOUND : DNS_NO_RECORD;
}

/* -------------------------------------------------------------- /etc/hosts */

static bool
next_word(struct str *rest, struct str *word)
{
	size_t i = 0;

	*rest = str_trim(*rest);
	while (i < rest->n && !ascii_isblank(rest->p[i]))
		i++;
	*word = str_to(*rest, i);
	*rest = str_from(*rest, i);
	return word->n > 0;
}

void
dns_hosts_find(struct str text, const char *name, unsigned port,
    struct dns_address *to, size_t max, size_t *n)
{
	struct str line, address, word;

	while (str_cut(&text, '\n', &line) && *n < max) {
		line = str_to(line, str_find(line, '#'));
		if (!next_word(&line, &address))
			continue;
		while (next_word(&line, &word)) {
			if (!str_ieq(word, str_z(name)))
				continue;
			*n += put_text(address, port, &to[*n]);
			break;
		}
	}
}

static void
from_hosts(const char *name, unsigned port, struct dns_address *to, size_t max,
    size_t *n)
{
	struct buf b;

	buf_init(&b, HOSTS_MAX);
	if (file_read(AT_FDCWD, "/etc/hosts", &b) == 0)
		dns_hosts_find(buf_slice(&b), name, port, to, max, n);
	buf_free(&b);
	if (*n > 0 || max < 2 || !str_ieq(str_z(name), STR("localhost")))
		return;
	put_text(STR("::1"), port, &to[(*n)++]); /* RFC 6761 6.3 */
	put_text(STR("127.0.0.1"), port, &to[(*n)++]);
}

/* ------------------------------------------------------------------- names */

/* Everything that /etc/nsswitch.conf and the search list may bring. */
static enum dns_result
from_system(const char *host, unsigned port, struct dns_address *to, size_t max,
    size_t *n)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list;
	char service[NUM_SIZE], text[400];
	int r;

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
	for (struct addrinfo *i = list; i && *n < max; i = i->ai_next) {
		struct dns_address *a = &to[*n];

		memset(a, 0, sizeof(*a));
		memcpy(&a->ss, i->ai_addr, i->ai_addrlen);
		a->len = i->ai_addrlen;
		*n += getnameinfo(i->ai_addr, i->ai_addrlen, a->text,
			  sizeof(a->text), NULL, 0, NI_NUMERICHOST) == 0;
	}
	freeaddrinfo(list);
	return *n ? DNS_FOUND : DNS_NO_RECORD;
}

/* Records of one kind missing do not matter when there are some of the other;
 * a failure does only when nothing was found. */
static enum dns_result
from_dns(struct resolver *r, const char *host, unsigned port,
    struct dns_address *to, size_t max, size_t *n)
{
	static const int types[] = {ns_t_a, ns_t_aaaa};
	enum dns_result result = DNS_NO_RECORD;

	for (size_t i = 0; i < 2; i++) {
		enum dns_result one = resolver_ask(r, host, types[i]);

		if (one == DNS_FOUND)
			one = dns_address_parse(
			    r->answer, r->len, types[i], port, to, max, n);
		if (one == DNS_NO_DOMAIN && i == 0)
			return DNS_NO_RECORD;
		if (one == DNS_TEMP)
			result = DNS_TEMP;
	}
	return *n > 0 ? DNS_FOUND : result;
}

enum dns_result
dns_addresses(struct resolver *r, const char *host, unsigned port,
    struct dns_address *to, size_t max, size_t *n)
{
	struct dns_address all[DNS_ADDRESSES];
	enum dns_result result = DNS_FOUND;
	size_t count = 0;

	*n = 0;
	if (put_text(str_z(host), port, &all[0]))
		count = 1;
	else
		from_hosts(host, port, all, DNS_ADDRESSES, &count);
	if (count == 0 && !strchr(host, '.'))
		result = from_system(host, port, all, DNS_ADDRESSES, &count);
	else if (count == 0)
		result = from_dns(r, host, port, all, DNS_ADDRESSES, &count);
	if (result != DNS_FOUND)
		return result;
	order_addresses(all, count);
	*n = count < max ? count : max;
	memcpy(to, all, *n * sizeof(*to));
	return DNS_FOUND;
}
