/* SPDX-License-Identifier: ISC */
/* queue/retry and queue/result. */
#include "tap.h"

#include <stdint.h>

#include "queue/result.h"
#include "queue/retry.h"

static void
test_schedule(void)
{
	const struct {
		int64_t age, wait;
		const char *what;
	} t[] = {
	    {0, 60, "after the first attempt: one minute"},
	    {59, 60, "never less than a minute"},
	    {60, 240, "then at five minutes"},
	    {300, 600, "fifteen"},
	    {900, 900, "thirty"},
	    {1800, 1800, "an hour"},
	    {3600, 3600, "then hourly"},
	    {86400 - 3600, 3600, "up to a day"},
	    {86400, 3 * 3600, "then every three hours"},
	    {86400 * 4 + 600, 3 * 3600 - 600, "days later"},
	    {-1000, 60, "the clock was set back"},
	    {INT64_MAX, 0, "an absurd clock"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		int64_t w = retry_wait_s(t[i].age, 0);

		if (t[i].wait)
			CHECK_NUM(w, t[i].wait, t[i].what);
		CHECK(w >= RETRY_LEAST_S && w <= RETRY_MOST_S, t[i].what);
	}
	for (uint32_t seed = 0; seed < 5000; seed += 7) {
		int64_t w = retry_wait_s(3600, seed);

		if (w < 3600 || w > 3960)
			CHECK(0, "at most a tenth longer");
	}
	CHECK(retry_wait_s(3600, 1) != retry_wait_s(3600, 999),
	    "messages part company");
}

static void
test_left(void)
{
	CHECK_NUM(retry_left_s(1000, 1000, 1010, 0), 50, "50 s are left");
	CHECK_NUM(retry_left_s(1000, 1000, 1060, 0), 0, "due");
	CHECK_NUM(retry_left_s(1000, 1000, 999999, 0), 0, "long overdue");
	CHECK_NUM(retry_left_s(1000, 500000000, 1000, 0), 60,
	    "a file touched in the future: no longer than its schedule");
	CHECK_NUM(retry_left_s(500000000, 1000, 2000, 0), 0,
	    "received in the future: due after the least wait");
}

static void
test_result(void)
{
	const struct {
		const char *line;
		int ok;
		char kind;
		const char *status, *text;
	} t[] = {
	    {"K 2.0.0 stored", 0, 'K', "2.0.0", "stored"},
	    {"D 5.1.1 no such user", 0, 'D', "5.1.1", "no such user"},
	    {"Z 4.4.1 mx.a.test[192.0.2.1]: refused", 0, 'Z', "4.4.1",
		"mx.a.test[192.0.2.1]: refused"},
	    {"K", 0, 'K', "2.0.0", ""},
	    {"K 2.0.0", 0, 'K', "2.0.0", ""},
	    {"D no code", 0, 'D', "5.0.0", "no code"},
	    {"D 4.1.1 wrong class", 0, 'D', "5.0.0", "4.1.1 wrong class"},
	    {"Z 4.1.1000 too long", 0, 'Z', "4.0.0", "4.1.1000 too long"},
	    {"D 5.1.1 a\r\x01\x80z", 0, 'D', "5.1.1", "a???z"},
	    {"", -1, 0, "", ""},
	    {"Q 2.0.0 what", -1, 0, "", ""},
	    {"Kaboom", -1, 0, "", ""},
	};
	struct arena a;
	struct result r;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CHECK_NUM(
		    result_scan(str_z(t[i].line), &a, &r), t[i].ok, t[i].line);
		if (t[i].ok < 0)
			continue;
		CHECK_NUM(r.kind, t[i].kind, t[i].line);
		CHECK_STR(r.status, str_z(t[i].status), t[i].line);
		CHECK_STR(r.text, str_z(t[i].text), t[i].line);
	}
	arena_free(&a);
}

static void
test_remote_words(void)
{
	const struct {
		const char *text, *host, *reply;
	} t[] = {
	    {"mx.a.test[192.0.2.1]: 550 5.1.1 nobody", "mx.a.test",
		"550 5.1.1 nobody"},
	    {"mx.a.test[2001:db8::1]: 550-first", "mx.a.test", "550-first"},
	    {"mx.a.test[192.0.2.1]: after RCPT: 450 later", "mx.a.test",
		"450 later"},
	    {"mx.a.test said: 421 busy", "mx.a.test", "421 busy"},
	    {"mx.a.test: connection refused", "mx.a.test", ""},
	    {"no such user", "", ""},
	    {"mx.a.test", "", ""},
	    {"", "", ""},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CHECK_STR(
		    result_host(str_z(t[i].text)), str_z(t[i].host), t[i].text);
		CHECK_STR(result_reply(str_z(t[i].text)), str_z(t[i].reply),
		    t[i].text);
	}
}

int
main(void)
{
	test_schedule();
	test_left();
	test_result();
	test_remote_words();
	return tap_done();
}
