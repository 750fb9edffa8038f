/* SPDX-License-Identifier: ISC */
/* net: MX answers, address literals, routes. */
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/fail.h"
#include "net/connect.h"
#include "net/dns.h"
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
	struct dns_address a[4];
	size_t n;

	CHECK(dns_addresses("127.0.0.1", 25, a, 4, &n) == DNS_FOUND && n == 1 &&
		  strcmp(a[0].text, "127.0.0.1") == 0,
	    "numbers are taken as they are");
	CHECK(connect_is_local(&a[0]), "127.0.0.1 is here");
	CHECK(dns_addresses("192.0.2.1", 25, a, 4, &n) == DNS_FOUND &&
		  !connect_is_local(&a[0]),
	    "192.0.2.1 is not");
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

int
main(void)
{
	test_mx();
	test_literal();
	test_addresses();
	test_routes();
	return tap_done();
}
