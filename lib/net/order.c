/* SPDX-License-Identifier: ISC */
/* The order of addresses. */
#include "net/order.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct policy {
	uint8_t prefix[16];
	int bits, precedence, label;
};

static const uint8_t mapped[16] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};

/* RFC 6724 2.1, the longest prefixes first. */
static const struct policy policies[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, 50, 0},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 35, 4},
    {{0}, 96, 1, 3},
    {{0x20, 0x01}, 32, 5, 5},
    {{0x20, 0x02}, 16, 30, 2},
    {{0x3f, 0xfe}, 16, 1, 12},
    {{0xfe, 0xc0}, 10, 1, 11},
    {{0xfc}, 7, 3, 13},
    {{0}, 0, 40, 1},
};

/* How many leading bits a and b share. */
static int
common_bits(const uint8_t a[16], const uint8_t b[16])
{
	int n = 0;

	while (n < 128 && ((a[n / 8] ^ b[n / 8]) >> (7 - n % 8) & 1) == 0)
		n++;
	return n;
}

static const struct policy *
policy_of(const uint8_t a[16])
{
	const struct policy *p = policies;

	while (common_bits(a, p->prefix) < p->bits)
		p++;
	return p;
}

static bool
is_v4(const uint8_t a[16])
{
	return memcmp(a, mapped, 12) == 0;
}

/* RFC 6724 3.1 and 3.2; only unicast goes to a mail host. */
static int
scope_of(const uint8_t a[16])
{
	static const uint8_t loopback[16] = {[15] = 1};

	if (is_v4(a))
		return a[12] == 127 || (a[12] == 169 && a[13] == 254) ? 2 : 14;
	if (memcmp(a, loopback, 16) == 0 ||
	    (a[0] == 0xfe && (a[1] & 0xc0) == 0x80))
		return 2;
	return a[0] == 0xfe && (a[1] & 0xc0) == 0xc0 ? 5 : 14;
}

/* Negative when only a has the property, positive when only b. */
static int
prefer(bool a, bool b)
{
	return (int)b - (int)a;
}

int
order_compare(const struct order_pair *a, const struct order_pair *b)
{
	const struct policy *pa = policy_of(a->to), *pb = policy_of(b->to);
	int r = prefer(a->usable, b->usable);

	if (r == 0)
		r = prefer(scope_of(a->to) == scope_of(a->from),
		    scope_of(b->to) == scope_of(b->from));
	if (r == 0)
		r = prefer(pa->label == policy_of(a->from)->label,
		    pb->label == policy_of(b->from)->label);
	if (r == 0)
		r = pb->precedence - pa->precedence;
	if (r == 0)
		r = scope_of(a->to) - scope_of(b->to);
	if (r == 0 && !is_v4(a->to) && !is_v4(b->to))
		r = common_bits(b->to, b->from) - common_bits(a->to, a->from);
	return r;
}

static void
as_v6(const struct sockaddr_storage *ss, uint8_t to[16])
{
	const struct sockaddr_in *v4 = (const void *)ss;
	const struct sockaddr_in6 *v6 = (const void *)ss;

	if (ss->ss_family == AF_INET) {
		memcpy(to, mapped, 16);
		memcpy(to + 12, &v4->sin_addr, 4);
	} else {
		memcpy(to, &v6->sin6_addr, 16);
	}
}

/* A datagram socket that is connected has its source chosen; nothing is sent.*/
static void
find_source(const struct dns_address *a, struct order_pair *p)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd = socket(a->ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(p, 0, sizeof(*p));
	as_v6(&a->ss, p->to);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)&a->ss, a->len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&from, &len) == 0) {
		p->usable = true;
		as_v6(&from, p->from);
	}
	close(fd);
}

void
order_addresses(struct dns_address *a, size_t n)
{
	struct order_pair p[DNS_ADDRESSES];

	if (n < 2 || n > DNS_ADDRESSES)
		return;
	for (size_t i = 0; i < n; i++)
		find_source(&a[i], &p[i]);
	for (size_t i = 1; i < n; i++) {
		struct dns_address t = a[i];
		struct order_pair tp = p[i];
		size_t k = i;

		for (; k > 0 && order_compare(&p[k - 1], &tp) > 0; k--) {
			a[k] = a[k - 1];
			p[k] = p[k - 1];
		}
		a[k] = t;
		p[k] = tp;
	}
}
