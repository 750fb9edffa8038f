/* SPDX-License-Identifier: ISC */
/* queue/report: who is told, RFC 3461 4.1 and 5.2; queue/result: its kinds;
 * queue/advice: what codes of RFC 3463 mean. */
#include "tap.h"

#include "queue/advice.h"
#include "queue/report.h"

#define N ENVELOPE_NEVER
#define S ENVELOPE_ON_SUCCESS
#define F ENVELOPE_ON_FAILURE
#define D ENVELOPE_ON_DELAY

static const struct {
	unsigned notify;
	bool failed, delayed, success;
	const char *why;
} wanted[] = {
    {0, true, false, false, "nothing asked for: failures (4.1)"},
    {N, false, false, false, "NEVER: nothing under any conditions (4.1)"},
    {S, false, false, true, "SUCCESS alone: no failures (4.1)"},
    {F, true, false, false, "FAILURE"},
    {D, false, true, false, "DELAY"},
    {S | F, true, false, true, "SUCCESS,FAILURE"},
    {S | F | D, true, true, true, "all"},
};

static void
test_wanted(void)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		struct envelope_rcpt r = {.notify = wanted[i].notify};

		CHECK_NUM(report_wanted(&r, REPORT_FAILED, false),
		    wanted[i].failed, wanted[i].why);
		CHECK_NUM(report_wanted(&r, REPORT_DELAYED, false),
		    wanted[i].delayed, wanted[i].why);
		CHECK_NUM(report_wanted(&r, REPORT_DELIVERED, false),
		    wanted[i].success, wanted[i].why);
		CHECK_NUM(report_wanted(&r, REPORT_RELAYED, false),
		    wanted[i].success, wanted[i].why);
		CHECK_NUM(report_wanted(&r, REPORT_EXPANDED, false),
		    wanted[i].success, wanted[i].why);
		CHECK(!report_wanted(&r, REPORT_NONE, false), "nothing");
		for (int k = REPORT_NONE; k <= REPORT_EXPANDED; k++)
			CHECK(!report_wanted(&r, (enum report_kind)k, true),
			    "the null sender is never told");
	}
}

static void
test_results(void)
{
	static const struct {
		const char *line;
		enum report_kind kind;
		bool success;
	} t[] = {
	    {"K 2.1.5 x", REPORT_DELIVERED, true},
	    {"X 2.1.5 x", REPORT_EXPANDED, true},
	    {"R 2.1.5 x", REPORT_RELAYED, true},
	    {"T 2.1.5 x", REPORT_NONE, true},
	    {"D 5.1.5 x", REPORT_FAILED, false},
	    {"Z 4.1.5 x", REPORT_DELAYED, false},
	};
	struct arena a;
	struct result r;

	arena_init(&a, 100000);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		CHECK(result_scan(str_z(t[i].line), &a, &r) == 0, t[i].line);
		CHECK_STR(str_from(r.status, 1), STR(".1.5"), "its own status");
		CHECK_NUM(report_of(r.kind), t[i].kind, "reported as");
		CHECK_NUM(result_is_success(r.kind), t[i].success, "success");
	}
	CHECK(result_scan(STR("X 5.1.1 x"), &a, &r) == 0 &&
		  str_eq(r.status, STR("2.0.0")),
	    "a status of another class is replaced");
	CHECK(result_scan(STR("Y 2.0.0 x"), &a, &r) < 0, "no other letter");
	CHECK(result_scan(STR("x 2.0.0 x"), &a, &r) < 0, "nor case");
	arena_free(&a);
}

static const struct {
	const char *status;
	bool remote;
	const char *what, *side, *todo; /* words that are in them */
} advice[] = {
    {"5.1.1", true, "no such address", "address", "spelling"},
    {"5.1.10", true, "no mail at all", "address", "another address"},
    {"5.1.2", false, "domain", "address", "behind the @"},
    {"5.1.99", false, "not accepted", "address", "spelling"},
    {"5.2.2", true, "full", "recipient's mailbox", "another way"},
    {"4.2.2", true, "full", "recipient's mailbox", "another way"},
    {"5.3.4", true, "too large", "message itself", "link"},
    {"5.3.0", true, "trouble", "other server's", "postmaster"},
    {"5.3.0", false, "trouble", "our side", "postmaster"},
    {"4.4.1", false, "does not answer", "on the way", "later"},
    {"5.4.4", false, "no server", "address", "behind the @"},
    {"5.4.6", false, "circle", "our side", "postmaster"},
    {"5.4.7", false, "long time", "", "later"},
    {"5.6.7", false, "letters", "on the way", "plain letters"},
    {"5.7.1", true, "rules", "other server's", "postmaster"},
    {"4.7.1", true, "yet", "other server's", "later"},
    {"5.7.26", true, "proved", "sender's", "own postmaster"},
    {"5.0.0", true, "refused", "", "postmaster"},
    {"5.0.0", false, "could not be delivered", "", "postmaster"},
    {"", false, "could not be delivered", "", "postmaster"},
    {"5.1", false, "could not be delivered", "", "postmaster"},
};

static bool
in(const char *text, const char *words)
{
	return strstr(text, words) && (*words || !*text);
}

static void
test_advice(void)
{
	for (size_t i = 0; i < sizeof(advice) / sizeof(*advice); i++) {
		struct advice a =
		    advice_for(str_z(advice[i].status), advice[i].remote);

		CHECK(in(a.what, advice[i].what), advice[i].status);
		CHECK(in(a.side, advice[i].side), advice[i].status);
		CHECK(in(a.todo, advice[i].todo), advice[i].status);
	}
}

int
main(void)
{
	test_wanted();
	test_results();
	test_advice();
	return tap_done();
}
