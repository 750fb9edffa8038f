/* SPDX-License-Identifier: ISC */
/* queue/envelope: what goes in comes out, and nothing else goes in. */
#include "tap.h"

#include <errno.h>

#include "base/crc32c.h"
#include "queue/envelope.h"

static struct envelope_rcpt rcpts[2] = {
    {.addr = {"bob@example.test", 16}}, {.addr = {"eve@host.test", 13}}};

static struct envelope
example(void)
{
	return (struct envelope){.id = STR("0123456789abcdefghijk"),
	    .sender = STR("ann@example.test"),
	    .received_s = 1700000000,
	    .client_ip = STR("2001:db8::1"),
	    .helo = STR("laptop"),
	    .eight_bit = true,
	    .rcpts = rcpts,
	    .nrcpt = 2};
}

static void
test_text(void)
{
	struct envelope e = example();
	struct envelope got;
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	CHECK_NUM(envelope_print(&e, &b), 0, "an envelope prints");
	CHECK_STR(buf_slice(&b),
	    STR("2:id,21:0123456789abcdefghijk,\n"
		"8:received,10:1700000000,\n"
		"6:sender,16:ann@example.test,\n"
		"6:client,11:2001:db8::1,\n"
		"4:helo,6:laptop,\n"
		"4:8bit,1:1,\n"
		"4:rcpt,16:bob@example.test,\n"
		"4:rcpt,13:eve@host.test,\n"),
	    "as lib/queue/README shows it");
	buf_z(&b, "3:new,5:thing,\n");
	CHECK_NUM(envelope_scan(buf_slice(&b), &a, &got), 0,
	    "unknown keys are skipped");
	CHECK_STR(got.id, e.id, "id");
	CHECK_STR(got.sender, e.sender, "sender");
	CHECK_NUM(got.received_s, 1700000000, "time");
	CHECK(got.eight_bit && !got.utf8, "flags");
	CHECK_NUM(got.nrcpt, 2, "two recipients");
	CHECK_STR(got.rcpts[1].addr, rcpts[1].addr, "in order");
	CHECK_NUM(got.rcpts[1].status, 'N', "new");
	arena_free(&a);
	buf_free(&b);
}

/* RFC 3461: what the sender wants to know. */
static void
test_dsn(void)
{
	struct envelope e = example();
	struct envelope_rcpt r[2] = {
	    {.addr = STR("a@b.test"),
		.notify = ENVELOPE_ON_SUCCESS | ENVELOPE_ON_DELAY,
		.orcpt = STR("rfc822;A@b.test")},
	    {.addr = STR("c@d.test"), .notify = ENVELOPE_NEVER}};
	struct envelope got;
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	e.rcpts = r;
	e.envid = STR("QQ314159");
	e.ret = 'H';
	CHECK_NUM(envelope_print(&e, &b), 0, "with DSN parameters");
	CHECK(str_search(buf_slice(&b),
		  STR("5:envid,8:QQ314159,\n3:ret,1:H,\n"
		      "4:rcpt,8:a@b.test,\n6:notify,2:10,\n"
		      "5:orcpt,15:rfc822;A@b.test,\n"
		      "4:rcpt,8:c@d.test,\n6:notify,1:1,\n")) < b.n,
	    "each recipient's keys stand behind it");
	CHECK_NUM(envelope_scan(buf_slice(&b), &a, &got), 0, "and scan");
	CHECK_STR(got.envid, e.envid, "ENVID");
	CHECK_NUM(got.ret, 'H', "RET");
	CHECK_NUM(got.rcpts[0].notify, 10, "NOTIFY of the first");
	CHECK_STR(got.rcpts[0].orcpt, r[0].orcpt, "ORCPT of the first");
	CHECK_NUM(got.rcpts[1].notify, 1, "NOTIFY of the second");
	CHECK_NUM(got.rcpts[1].orcpt.n, 0, "no ORCPT of the second");
	arena_free(&a);
	buf_free(&b);
}

static void
test_refused_values(void)
{
	const struct {
		struct str value;
		const char *what;
	} t[] = {
	    {STR("a\nb"), "LF"},
	    {STR("a\rb"), "CR"},
	    {{"a\0b", 3}, "NUL"},
	};
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct envelope e = example();
		struct envelope_rcpt r = {.addr = t[i].value};

		e.sender = t[i].value;
		CHECK(envelope_print(&e, &b) < 0 && errno == EINVAL, t[i].what);
		e = example();
		e.rcpts = &r;
		e.nrcpt = 1;
		CHECK(envelope_print(&e, &b) < 0 && errno == EINVAL, t[i].what);
		e = example();
		e.helo = t[i].value;
		CHECK(envelope_print(&e, &b) < 0 && errno == EINVAL, t[i].what);
	}
	CHECK_NUM(b.n, 0, "nothing was written");
	buf_free(&b);
}

static void
test_refused_texts(void)
{
#define ID "2:id,21:0123456789abcdefghijk,\n"
#define REC "8:received,1:1,\n"
#define SND "6:sender,0:,\n"
#define RCP "4:rcpt,1:x,\n"
	const struct {
		struct str text;
		int want;
		const char *what;
	} t[] = {
	    {STR(ID REC SND RCP), 0, "the least; a null sender"},
	    {STR(""), -1, "empty"},
	    {STR(ID REC SND), -1, "no recipient"},
	    {STR(REC SND RCP), -1, "no id"},
	    {STR("2:id,3:../,\n" REC SND RCP), -1, "a hostile id"},
	    {STR(ID SND RCP), -1, "no time"},
	    {STR(ID REC RCP), -1, "no sender"},
	    {STR(ID "8:received,2:-1,\n" SND RCP), -1, "negative time"},
	    {STR(ID REC SND "4:rcpt,0:,\n"), -1, "empty recipient"},
	    {STR(ID REC SND "4:rcpt,1:x,"), -1, "cut at the end"},
	    {STR(ID REC SND "4:rcpt,2:x,\n"), -1, "length beyond the end"},
	    {STR(ID REC SND "4:rcpt,99999999999999999999:x,\n"), -1,
		"a length that overflows"},
	    {STR(ID REC SND RCP "x"), -1, "leftovers"},
	    {STR(ID REC SND "4:rcpt,3:a\nb,\n"), -1, "LF in a value"},
	};
	struct envelope e;
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		CHECK_NUM(
		    envelope_scan(t[i].text, &a, &e), t[i].want, t[i].what);
	arena_free(&a);
}

static void
test_header(void)
{
	struct str text = STR("some text");
	struct envelope_header h = {
	    .env_len = 9, .body_len = 1234, .nrcpt = 2, .body_crc = 0xdeadbeef};
	struct envelope_header got;
	char line[ENVELOPE_HEADER];

	envelope_header_print(line, &h, crc32c(0, text.p, text.n));
	CHECK_NUM(line[ENVELOPE_HEADER - 1], '\n', "one line");
	CHECK(str_starts(str_make(line, ENVELOPE_HEADER),
		  STR("yubin-queue 1 env=00000009 body=00000000000004d2 "
		      "rcpts=00000002 envcrc=")),
	    "readable");
	CHECK_NUM(envelope_header_scan(line, &got), 0, "reads back");
	CHECK(got.body_len == 1234 && got.body_crc == 0xdeadbeef, "values");
	CHECK(envelope_header_fits(&got, text), "the text fits");
	CHECK(!envelope_header_fits(&got, STR("some tex!")), "another not");
	CHECK_NUM(envelope_body_at(&got), 128 + 2 + 1 + 9, "message offset");
	for (size_t i = 0; i < ENVELOPE_HEADER; i++) {
		char was = line[i];

		line[i] = was == '3' ? '4' : '3';
		if (envelope_header_scan(line, &got) == 0 &&
		    envelope_header_fits(&got, text) &&
		    got.body_crc == 0xdeadbeef)
			CHECK(0, "a changed octet is noticed");
		line[i] = was;
	}
	memset(line, 0, sizeof(line));
	CHECK(envelope_header_scan(line, &got) < 0 && errno == EPROTO,
	    "zeros are an unfinished file");
}

int
main(void)
{
	test_text();
	test_dsn();
	test_refused_values();
	test_refused_texts();
	test_header();
	return tap_done();
}
