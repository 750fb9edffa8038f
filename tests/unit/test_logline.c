/* SPDX-License-Identifier: ISC */
/* base: log lines are read as they were written, whatever stands before. */
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/logline.h"

static struct arena a;
static struct logline l;

/* What log_event() writes. */
static struct str
written(const char *value)
{
	static char text[4096];
	int saved = dup(2), p[2];
	ssize_t n;

	if (pipe(p) < 0 || dup2(p[1], 2) < 0)
		abort();
	log_open("smtpd");
	log_event("accepted", "from", value, "left", NULL, "to", "b@c", NULL);
	n = read(p[0], text, sizeof(text));
	dup2(saved, 2);
	close(saved);
	close(p[0]);
	close(p[1]);
	return str_make(text, n > 0 ? (size_t)n - 1 : 0);
}

static void
test_round_trip(void)
{
	static const char *const values[] = {"ann@example.test", "", "a b",
	    "\"", "\\", "x=y", "\x1b[2J\n", "\\x41", "\xc3\xa9\xff",
	    "a\\\" to=z", "smtpd[1]: ev=accepted", "\\\\\"", NULL};

	for (int i = 0; values[i]; i++) {
		CHECK_NUM(logline_scan(written(values[i]), 0, &a, &l), 1,
		    "a line of ours");
		CHECK_STR(logline_get(&l, "from"), str_z(values[i]),
		    "the value comes back");
		CHECK_STR(logline_get(&l, "to"), STR("b@c"), "and the next");
		CHECK_NUM(l.n, 3, "there are no others");
		CHECK_STR(l.prog, STR("smtpd"), "the program");
		CHECK_NUM(strtol(l.pid.p, NULL, 10), getpid(), "its pid");
	}
}

/* Held lines come when they are released or 4096 octets are full; then in whole
 * lines, each write of which fits into a pipe as one piece. */
static void
test_held(void)
{
	static char text[65536];
	int saved = dup(2), p[2], waiting = -1;
	size_t lines = 0;
	ssize_t n;

	if (pipe(p) < 0 || dup2(p[1], 2) < 0)
		abort();
	log_open("smtpd");
	log_hold();
	log_event("one", "n", "1", NULL);
	log_event("two", "n", "2", NULL);
	ioctl(p[0], FIONREAD, &waiting);
	log_release();
	n = read(p[0], text, sizeof(text));
	log_hold();
	for (int i = 0; i < 400; i++)
		log_event("many", "n", log_num((unsigned)i), NULL);
	log_release();
	log_event("last", NULL);
	dup2(saved, 2);
	close(saved);
	close(p[1]);
	CHECK_NUM(waiting, 0, "held lines are not written");
	CHECK(n > 0 && strstr(text, "ev=one") < strstr(text, "ev=two"),
	    "both come in order");
	for (size_t at = 0; (n = read(p[0], text + at, sizeof(text) - at)) > 0;
	     at += (size_t)n)
		continue;
	for (char *q = text; (q = strchr(q, '\n')); q++)
		lines++;
	CHECK_NUM(lines, 401, "none is missing");
	CHECK(strstr(text, "ev=last") > strstr(text, "n=399"), "the last last");
	close(p[0]);
}

static void
test_lines(void)
{
	CHECK(!logline_scan(STR("smtpd: ev=x"), 0, &a, &l), "no pid");
	CHECK(!logline_scan(STR("[1]: ev=x"), 0, &a, &l), "no program");
	CHECK(!logline_scan(STR("a[x]: ev=x"), 0, &a, &l), "no number");
	CHECK(!logline_scan(STR(""), 0, &a, &l), "nothing");
	CHECK(logline_scan(STR("Nov 23 04:29:34 host yubin-smtpd[7]: "
			       "smtpd[8]: ev=x id=\"1 2"),
		  1795410916, &a, &l),
	    "behind syslog's own words");
	CHECK_STR(l.prog, STR("smtpd"), "ours is the program that counts");
	CHECK_STR(logline_get(&l, "id"), STR("1 2"), "a value cut short");
	CHECK(logline_get(&l, "nothing").p == NULL, "no such key");
	CHECK(logline_scan(STR("a[1]: ev=x junk b=2"), 0, &a, &l) && l.n == 1,
	    "what is no pair ends the line");
}

static void
test_time(void)
{
	static const struct {
		const char *text;
		int64_t us;
		const char *what;
	} t[] = {
	    {"@400000006b0772a21ace4916 x", 1795650173449726, "TAI64N of s6"},
	    {"@400000006b0772a2", LOGLINE_TIME, "TAI64 alone"},
	    {"@ffffffffffffffffffffffff", LOGLINE_TIME, "the end of times"},
	    {"2026-11-23T04:29:34Z", 1795408174000000, "ISO 8601"},
	    {"2026-11-23T05:29:34.5+0100 host", 1795408174500000, "zone"},
	    {"2026-11-22T20:29:34.000001-08:00", 1795408174000001, "west"},
	    {"2026-11-23 06:29:34.123456789  x", 1795408174123456,
		"local time, as s6-log's T"},
	    {"2000-02-29T00:00:00Z", 951782400000000, "a leap day"},
	    {"1795408174.25 host", 1795408174250000, "journalctl short-unix"},
	    {"Nov 23 06:29:34 host", 1795408174000000, "syslog, local time"},
	    {"Dec 31 02:00:00 host", 1767139200000000, "of last year"},
	    {"Foo 23 06:29:34", LOGLINE_TIME, "no month"},
	    {"2026-13-23T04:29:34Z", LOGLINE_TIME, "no such month"},
	    {"", LOGLINE_TIME, "nothing"},
	    {"x", LOGLINE_TIME, "something else"},
	};

	setenv("TZ", "UTC-2", 1);
	tzset();
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		CHECK_NUM(logline_time(str_z(t[i].text), 1795408180), t[i].us,
		    t[i].what);
}

int
main(void)
{
	arena_init(&a, 1 << 20);
	test_round_trip();
	test_held();
	test_lines();
	test_time();
	arena_free(&a);
	return tap_done();
}
