/* SPDX-License-Identifier: ISC */
/* net: MX answers, address literals, routes. */
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/fail.h"
#include "net/connect.h"
#include "net/dns.h"
#include "net/order.h"
#include "net/routes.h"

/* An answer to "example.test MX" under construction. */
struct answer {
	uint8_t p[1024];
	size_t n;
};

static void
put(struct answer *a, const void *p, size_t n)
{
	memcpy(a->p + a->n, p, n);
	a->n += n;
}

static void
begin(struct answer *a, uint8_t count)
{
	static const uint8_t head[] = {
	    0x12, 0x34, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0};
	static const uint8_t question[] = "\7example\4test\0\0\17\0\1";

	a->n = 0;
	put(a, head, sizeof(head));
	a->p[7] = count;
	put(a, question, sizeof(question) - 1);
}

/* name in wire form, with its root octet */
static void
add_mx(struct answer *a, uint8_t preference, const char *name, uint8_t len)
{
	static const uint8_t fixed[] = {0xc0, 12, 0, 15, 0, 1, 0, 0, 1, 0};
	uint8_t rest[4] = {0, (uint8_t)(len + 2), 0, preference};

	put(a, fixed, sizeof(fixed));
	put(a, rest, sizeof(rest));
	put(a, name, len);
}

static void
test_mx(void)
{
	struct arena arena;
	struct dns_mx mx[DNS_HOSTS];
	struct answer a;
	size_t n;
	int first_is_a = 0;

	arena_init(&arena, 1 << 20);
	begin(&a, 3);
	add_mx(&a, 20, "\1b\xc0\14", 4);
	add_mx(&a, 10, "\1a\xc0\14", 4);
	add_mx(&a, 30, "\1c\3two\0", 7);
	CHECK_NUM(dns_mx_parse(a.p, a.n, 1, &arena, mx, &n), DNS_FOUND, "MX");
	CHECK_NUM(n, 3, "three hosts");
	CHECK_STR(str_z(mx[0].name), STR("a.example.test"),
	    "the lowest preference first (RFC 5321 5.1)");
	CHECK_STR(str_z(mx[2].name), STR("c.two"), "the highest last");

	begin(&a, 2);
	add_mx(&a, 10, "\1a\xc0\14", 4);
	add_mx(&a, 10, "\1b\xc0\14", 4);
	for (uint32_t seed = 1; seed <= 200; seed++) {
		dns_mx_parse(a.p, a.n, seed * 2654435761u, &arena, mx, &n);
		first_is_a += mx[0].name[0] == 'a';
	}
	CHECK(first_is_a > 50 && first_is_a < 150,
	    "equals come in random order (RFC 5321 5.1)");

	begin(&a, 1);
	add_mx(&a, 0, "\0", 1);
	CHECK_NUM(dns_mx_parse(a.p, a.n, 1, &arena, mx, &n), DNS_NULL_MX,
	    "null MX (RFC 7505 3)");
	begin(&a, 0);
	CHECK_NUM(dns_mx_parse(a.p, a.n, 1, &arena, mx, &n), DNS_NO_RECORD,
	    "no MX: the domain itself (RFC 5321 5.1)");
	begin(&a, 1);
	add_mx(&a, 5, "\4a\n>x\xc0\14", 7);
	CHECK_NUM(dns_mx_parse(a.p, a.n, 1, &arena, mx, &n), DNS_TEMP,
	    "a name that is no host name is not used");
	begin(&a, 1);
	add_mx(&a, 5, "\1a\xc0\14", 4);
	for (size_t cut = 12; cut < a.n; cut++)
		if (dns_mx_parse(a.p, cut, 1, &arena, mx, &n) != DNS_TEMP)
			break;
		else if (cut + 1 == a.n)
			CHECK(1, "an answer cut off anywhere is temporary");
	begin(&a, 1);
	add_mx(&a, 5, "\xc0\x2c", 2); /* points at itself */
	CHECK_NUM(dns_mx_parse(a.p, a.n, 1, &arena, mx, &n), DNS_TEMP,
	    "a compression loop is temporary");
	arena_free(&arena);
}

static void
test_literal(void)
{
	char ip[46];

	CHECK(dns_literal(STR("[192.0.2.1]"), ip) == 1 &&
		  strcmp(ip, "192.0.2.1") == 0,
	    "IPv4 (RFC 5321 4.1.3)");
	CHECK(dns_literal(STR("[IPv6:2001:db8::1]"), ip) == 1 &&
		  strcmp(ip, "2001:db8::1") == 0,
	    "IPv6");
	CHECK_NUM(dns_literal(STR("[2001:db8::1]"), ip), -1, "needs the tag");
	CHECK_NUM(dns_literal(STR("[192.0.2.1"), ip), -1, "unclosed");
	CHECK_NUM(dns_literal(STR("[]"), ip), -1, "empty");
	CHECK_NUM(dns_literal(STR("["), ip), -1, "one octet");
	CHECK_NUM(dns_literal(STR("example.test"), ip), 0, "no literal");
}

static void
test_addresses(void)
{
	static struct resolver r;
	struct dns_address a[4];
	size_t n;

	CHECK(dns_addresses(&r, "127.0.0.1", 25, a, 4, &n) == DNS_FOUND &&
		  n == 1 && strcmp(a[0].text, "127.0.0.1") == 0,
	    "numbers are taken as they are");
	CHECK(connect_is_local(&a[0]), "127.0.0.1 is here");
	CHECK(dns_addresses(&r, "192.0.2.1", 25, a, 4, &n) == DNS_FOUND &&
		  !connect_is_local(&a[0]),
	    "192.0.2.1 is not");
	CHECK(dns_addresses(&r, "localhost", 25, a, 4, &n) == DNS_FOUND &&
		  connect_is_local(&a[0]),
	    "localhost needs no DNS (RFC 6761 6.3)");
	CHECK_NUM(dns_addresses(&r, "mx.host.test", 25, a, 4, &n), DNS_TEMP,
	    "no server, no definitive answer");
}

static void
test_address_records(void)
{
	static const uint8_t v4[] = {
	    0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2, 7};
	static const uint8_t alias[] = {
	    0xc0, 12, 0, 5, 0, 1, 0, 0, 1, 0, 0, 2, 0xc0, 12};
	struct dns_address to[4];
	struct answer a;
	size_t n = 0;

	begin(&a, 2);
	put(&a, v4, sizeof(v4));
	put(&a, v4, sizeof(v4));
	CHECK(dns_address_parse(a.p, a.n, 1, 25, to, 4, &n) == DNS_FOUND &&
		  n == 2 && strcmp(to[1].text, "192.0.2.7") == 0,
	    "A records");
	CHECK(dns_address_parse(a.p, a.n, 1, 25, to, 3, &n) == DNS_FOUND &&
		  n == 3,
	    "no more than there is room for");
	CHECK_NUM(dns_address_parse(a.p, a.n, 28, 25, to, 4, &n), DNS_NO_RECORD,
	    "they are no AAAA");
	CHECK_NUM(dns_address_parse(a.p, a.n - 1, 1, 25, to, 4, &n), DNS_TEMP,
	    "cut off");
	begin(&a, 1);
	put(&a, v4, sizeof(v4) - 1);
	a.p[a.n - 4] = 3;
	CHECK_NUM(dns_address_parse(a.p, a.n, 1, 25, to, 4, &n), DNS_TEMP,
	    "an address of three octets");
	begin(&a, 1);
	put(&a, alias, sizeof(alias));
	CHECK_NUM(dns_address_parse(a.p, a.n, 1, 25, to, 4, &n), DNS_TEMP,
	    "an alias of itself may be repaired");
}

static void
test_hosts(void)
{
	struct str text = STR("127.0.0.1 localhost # me\n"
			      "bad.address mx.test\n"
			      "\t192.0.2.1\tother.test  MX.test # mx.test\n"
			      "#192.0.2.2 mx.test\n"
			      "2001:db8::1 mx.test mx.test");
	struct dns_address a[4];
	size_t n = 0;

	dns_hosts_find(text, "mx.test", 25, a, 4, &n);
	CHECK(n == 2 && strcmp(a[0].text, "192.0.2.1") == 0 &&
		  strcmp(a[1].text, "2001:db8::1") == 0,
	    "hosts(5): every line with the name, in any case");
	n = 0;
	dns_hosts_find(text, "mx.tes", 25, a, 4, &n);
	CHECK_NUM(n, 0, "but no part of one");
}

static void
test_servers(void)
{
	static const struct {
		const char *text;
		int result, family;
		unsigned port;
	} t[] = {
	    {"192.0.2.1", 0, AF_INET, 53},
	    {"192.0.2.1:5353", 0, AF_INET, 5353},
	    {"2001:db8::1", 0, AF_INET6, 53},
	    {"[2001:db8::1]", 0, AF_INET6, 53},
	    {"[2001:db8::1]:99", 0, AF_INET6, 99},
	    {"dns.test", -1, 0, 0},
	    {"192.0.2.1:", -1, 0, 0},
	    {"192.0.2.1:x", -1, 0, 0},
	    {"[2001:db8::1", -1, 0, 0},
	    {"[::1]x", -1, 0, 0},
	};
	static struct resolver r;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct sockaddr_in6 *v6 = (void *)&r.servers[0].ss;

		CHECK_NUM(
		    resolver_open(&r, t[i].text, 1), t[i].result, t[i].text);
		if (t[i].result < 0)
			continue;
		/* Both families have the port in the same place. */
		CHECK(r.n == 1 && r.servers[0].ss.ss_family == t[i].family &&
			  ntohs(v6->sin6_port) == t[i].port,
		    t[i].text);
	}
	r.n = 0;
	resolver_conf(&r, STR("# nameserver 192.0.2.9\nsearch a.test\n"
			      "nameserver 192.0.2.1\nnameserver\t::1 \n"
			      "nameserver x\nnameserversx 192.0.2.8\n"
			      "nameserver 192.0.2.2\nnameserver 192.0.2.3\n"));
	CHECK_NUM(r.n, 3, "three servers of resolv.conf(5)");
}

/* Two addresses in words, IPv4 mapped. */
static struct order_pair
pair(const char *to, const char *from)
{
	struct order_pair p = {.usable = *from != '\0'};

	inet_pton(AF_INET6, to, p.to);
	if (*from)
		inet_pton(AF_INET6, from, p.from);
	return p;
}

/* The examples of RFC 6724 10.2, those that our rules decide. */
static void
test_order(void)
{
	static const struct {
		const char *first, *its_source, *second, *other_source;
	} t[] = {
	    {"2001:db8:1::1", "2001:db8:1::2", "::ffff:198.51.100.121",
		"::ffff:169.254.13.78"},
	    {"::ffff:198.51.100.121", "::ffff:198.51.100.117", "2001:db8:1::1",
		"fe80::1"},
	    {"2001:db8:1::1", "2001:db8:1::2", "::ffff:10.1.2.3",
		"::ffff:10.1.2.4"},
	    {"fe80::1", "fe80::2", "2001:db8:1::1", "2001:db8:1::2"},
	    {"2001:db8:1::1", "2001:db8:1::2", "2002:c633:6401::1",
		"2002:c633:6401::2"},
	    {"2001:db8:3ffe::1", "2001:db8:3f44::2", "2001:db8:1::1",
		"2001:db8:3f44::2"},
	    {"::ffff:192.0.2.1", "::ffff:192.0.2.9", "2001:db8::1", ""},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct order_pair a = pair(t[i].first, t[i].its_source);
		struct order_pair b = pair(t[i].second, t[i].other_source);

		CHECK(order_compare(&a, &b) < 0, t[i].first);
		CHECK(order_compare(&b, &a) > 0, t[i].second);
	}
}

static void
test_routes(void)
{
	static const struct {
		const char *domain, *sender, *host;
		unsigned port;
		int result;
	} t[] = {
	    {"a.test", "", "one", 0, 1},
	    {"A.TEST", "", "one", 0, 1},
	    {"x.a.test", "", "two", 26, 1},
	    {"y.x.a.test", "", "192.0.2.1", 2525, 1},
	    {"other.test", "me@mine.test", "2001:db8::1", 0, 1},
	    {"a.test", "me@mine.test", "one", 0, 1},
	    {"other.test", "me@yours.test", "rest", 587, 1},
	    {"direct.test", "me@mine.test", "", 0, 1},
	    {"[192.0.2.9]", "", "lit", 0, 1},
	    {"s.test", "Ann@mine.test", "ann", 0, 1},
	    {"a.test", "ann@mine.test", "one", 0, 1},
	    {"bad1.test", "", "", 0, -1},
	    {"bad2.test", "", "", 0, -1},
	    {"bad3.test", "", "", 0, -1},
	    {"bad4.test", "", "", 0, -1},
	};
	struct str text = STR("# a comment\n\n"
			      "* rest:587\n"
			      ".a.test\ttwo:26   # all below\n"
			      "a.test one\r\n"
			      ".x.a.test [192.0.2.1]:2525\n"
			      "sender:@mine.test [IPv6:2001:db8::1]\n"
			      "sender:ann@mine.test ann\n"
			      "direct.test -\n"
			      "[192.0.2.9] lit\n"
			      "bad1.test h:0\nbad2.test h:x\n"
			      "bad3.test [::1\nbad4.test");
	struct route r;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		int got = routes_find(
		    text, str_z(t[i].domain), str_z(t[i].sender), &r);

		CHECK_NUM(got, t[i].result, t[i].domain);
		if (got != 1)
			continue;
		CHECK_STR(str_z(r.host), str_z(t[i].host), t[i].domain);
		CHECK_NUM(r.port, t[i].port, t[i].domain);
	}
	CHECK_NUM(routes_find(STR("a.test x\n"), STR("b.test"), STR(""), &r), 0,
	    "no route");
	CHECK_NUM(routes_lookup("/nonexistent", STR("b.test"), STR(""), &r), 0,
	    "a missing file has no routes");
}

static void
test_route_keys(void)
{
	static const struct {
		const char *keys;
		int result;
		enum route_tls tls;
		bool check;
		unsigned port;
	} t[] = {
	    {"h", 1, ROUTE_TLS_WANTED, false, 0},
	    {"h tls=wanted", 1, ROUTE_TLS_WANTED, false, 0},
	    {"h tls=required", 1, ROUTE_TLS_REQUIRED, false, 0},
	    {"h tls=none", 1, ROUTE_TLS_NONE, false, 0},
	    {"h tls=implicit", 1, ROUTE_TLS_IMPLICIT, false, 465},
	    {"h:25 tls=implicit", 1, ROUTE_TLS_IMPLICIT, false, 25},
	    {"h tls=checked", 1, ROUTE_TLS_REQUIRED, true, 0},
	    {"h tls=implicit,checked", 1, ROUTE_TLS_IMPLICIT, true, 465},
	    {"h auth=x", 1, ROUTE_TLS_REQUIRED, false, 0},
	    {"h tls=wanted auth=x", 1, ROUTE_TLS_REQUIRED, false, 0},
	    {"h tls=none auth=x", 1, ROUTE_TLS_NONE, false, 0},
	    {"- tls=required", 1, ROUTE_TLS_REQUIRED, false, 0},
	    {"- auth=x", -1, 0, false, 0},
	    {"h tls=none,checked", -1, 0, false, 0},
	    {"h tls=", -1, 0, false, 0},
	    {"h tls=perhaps", -1, 0, false, 0},
	    {"h key=x", -1, 0, false, 0},
	    {"h source=mx.test", -1, 0, false, 0},
	    {"h more", -1, 0, false, 0},
	};
	struct route r, same;
	char line[100];

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(line, sizeof(line), "* %s\n", t[i].keys);
		CHECK_NUM(routes_find(str_z(line), STR("a.test"), STR(""), &r),
		    t[i].result, t[i].keys);
		if (t[i].result == 1)
			CHECK(r.tls == t[i].tls && r.check == t[i].check &&
				  r.port == t[i].port,
			    t[i].keys);
	}
	routes_find(STR("* h auth=a/b\tsource=192.0.2.1 source=::1 # x"),
	    STR("a.test"), STR(""), &r);
	CHECK(strcmp(r.auth, "a/b") == 0 &&
		  strcmp(r.source4, "192.0.2.1") == 0 &&
		  strcmp(r.source6, "::1") == 0,
	    "a source of each family");
	same = r;
	CHECK(routes_same(&r, &same), "equal");
	same.auth[0] = 'x';
	CHECK(!routes_same(&r, &same), "not equal");
}

int
main(void)
{
	test_mx();
	test_literal();
	test_addresses();
	test_address_records();
	test_hosts();
	test_servers();
	test_order();
	test_routes();
	test_route_keys();
	return tap_done();
}
