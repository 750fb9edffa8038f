/* SPDX-License-Identifier: ISC */
/* Replies of other servers: whatever comes, the text stays printable and
 * short, and the number of lines bounded.  DNS answers, hosts(5), routes and
 * domains in UTF-8 ride along, chosen by the first octet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msg/idna.h"
#include "net/dns.h"
#include "net/routes.h"
#include "proto/smtp_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
replies(struct str text)
{
	struct smtp_answer a;
	struct str line;

	smtp_answer_init(&a);
	while (str_cut(&text, '\n', &line)) {
		int r = smtp_answer_line(&a, line);

		if (strlen(a.text) > SMTP_ANSWER_TEXT ||
		    a.lines > SMTP_ANSWER_LINES + 1)
			abort();
		for (const char *p = a.text; *p; p++)
			if (*p < ' ' || *p > '~')
				abort();
		if (r >= 0 && (a.code < 200 || a.code > 599))
			abort();
		if (r <= 0)
			smtp_answer_init(&a);
	}
}

static void
mx_answer(const uint8_t *data, size_t n)
{
	struct dns_mx mx[DNS_HOSTS];
	struct arena arena;
	size_t count;

	arena_init(&arena, 1 << 20);
	if (dns_mx_parse(data, n, 7, &arena, mx, &count) == DNS_FOUND) {
		if (count == 0 || count > DNS_HOSTS)
			abort();
		for (size_t i = 1; i < count; i++)
			if (mx[i].preference < mx[i - 1].preference)
				abort();
	}
	arena_free(&arena);
}

static void
addresses(const uint8_t *data, size_t n, bool answer)
{
	struct dns_address to[4];
	size_t count = 0;

	if (answer) {
		dns_address_parse(data, n, 1, 25, to, 4, &count);
		dns_address_parse(data, n, 28, 25, to, 4, &count);
	} else {
		dns_hosts_find(str_make((const char *)data, n), "mx.test", 25,
		    to, 4, &count);
	}
	if (count > 4)
		abort();
}

static void
domain(struct str text)
{
	struct buf b;

	buf_init(&b, 1024);
	if (idna_ascii(text, &b) == 0)
		for (size_t i = 0; i < b.n; i++)
			if (b.p[i] & 0x80)
				abort();
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct route r;

	if (n == 0)
		return 0;
	if (data[0] == 'D')
		mx_answer(data + 1, n - 1);
	else if (data[0] == 'R')
		routes_find(str_make((const char *)data + 1, n - 1),
		    STR("a.test"), STR("me@mine.test"), &r);
	else if (data[0] == 'A' || data[0] == 'H')
		addresses(data + 1, n - 1, data[0] == 'A');
	else if (data[0] == 'I')
		domain(str_make((const char *)data + 1, n - 1));
	else
		replies(str_make((const char *)data, n));
	return 0;
}
