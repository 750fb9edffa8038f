/* SPDX-License-Identifier: ISC */
/* proto/sasl: RFC 4616 4 has the examples, RFC 4954 4 and RFC 4959 3 the
 * framing. */
#include "tap.h"

#include "msg/b64.h"
#include "proto/sasl.h"

/* A slice that may stand in a static table. */
#define T(lit) \
	{ \
		"" lit, sizeof(lit) - 1 \
	}

#define OFFERED "SCRAM-SHA-256 PLAIN LOGIN"
#define NONE ((struct str){NULL, 0})

static const struct {
	struct str message;
	enum sasl_result result;
	const char *user, *pass;
} plain[] = {
    {T("\0tim\0tanstaaftanstaaf"), SASL_DONE, "tim", "tanstaaftanstaaf"},
    {T("Ursel\0Kurt\0xipj3plmq"), SASL_OTHER, "", ""},
    {T("tim\0tim\0x"), SASL_DONE, "tim", "x"},
    {T("\0tim\0a b "), SASL_DONE, "tim", "a b "},
    {T("\0tim@example.test\0p\303\244ss"), SASL_DONE, "tim@example.test",
	"p\303\244ss"},
    {T(""), SASL_BAD, "", ""},
    {T("tim"), SASL_BAD, "", ""},
    {T("\0tim"), SASL_BAD, "", ""},
    {T("\0\0"), SASL_BAD, "", ""},
    {T("\0tim\0"), SASL_BAD, "", ""},
    {T("\0\0pass"), SASL_BAD, "", ""},
    {T("\0tim\0pa\0ss"), SASL_BAD, "", ""},
};

static void
test_plain(void)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		struct str user = STR(""), pass = STR("");
		struct sasl s;
		struct buf b;

		CHECK_NUM(sasl_plain(plain[i].message, &user, &pass),
		    plain[i].result, "RFC 4616 2");
		buf_init(&b, 1000);
		b64_encode(&b, plain[i].message);
		if (b.n == 0)
			buf_z(&b, "=");
		CHECK_NUM(
		    sasl_begin(&s, STR(OFFERED), STR("plain"), buf_slice(&b)),
		    plain[i].result, "the same as an initial response");
		if (plain[i].result == SASL_DONE) {
			CHECK_STR(s.user, str_z(plain[i].user), "user");
			CHECK_STR(s.pass, str_z(plain[i].pass), "password");
		}
		sasl_end(&s);
		buf_free(&b);
	}
}

static void
test_steps(void)
{
	struct sasl s;

	CHECK_NUM(sasl_begin(&s, STR(OFFERED), STR("PLAIN"), NONE), SASL_MORE,
	    "asks");
	CHECK_STR(str_z(sasl_challenge(&s)), STR(""), "an empty challenge");
	CHECK_NUM(sasl_step(&s, STR("AHRpbQB0YW5zdGFhZnRhbnN0YWFm")), SASL_DONE,
	    "RFC 4954 4.1's form");
	CHECK_STR(s.pass, STR("tanstaaftanstaaf"), "password");
	sasl_end(&s);
	CHECK_NUM(sasl_begin(&s, STR(OFFERED), STR("LOGIN"), NONE), SASL_MORE,
	    "asks");
	CHECK_STR(str_z(sasl_challenge(&s)), STR("VXNlcm5hbWU6"), "Username:");
	CHECK_NUM(sasl_step(&s, STR("YW5u")), SASL_MORE, "asks again");
	CHECK_STR(str_z(sasl_challenge(&s)), STR("UGFzc3dvcmQ6"), "Password:");
	CHECK_NUM(sasl_step(&s, STR("c2VjcmV0")), SASL_DONE, "done");
	CHECK_STR(s.user, STR("ann"), "user");
	CHECK_STR(s.pass, STR("secret"), "password");
	sasl_end(&s);
	CHECK_NUM(sasl_begin(&s, STR(OFFERED), STR("LOGIN"), STR("YW5u")),
	    SASL_MORE, "the name may come with the command");
	CHECK_STR(str_z(sasl_challenge(&s)), STR("UGFzc3dvcmQ6"), "Password:");
	sasl_end(&s);
}

static const struct {
	const char *mechanism, *line;
	enum sasl_result result;
} wrong[] = {
    {"PLAIN", "*", SASL_CANCELLED},
    {"LOGIN", "*", SASL_CANCELLED},
    {"PLAIN", "", SASL_BAD},
    {"PLAIN", "!", SASL_BAD},
    {"PLAIN", "AHRpbQB0YW5zdGFhZnRhbnN0YWF", SASL_BAD},
    {"PLAIN", "AHRpbQB0YW5zdGFhZnRhbnN0YWFm ", SASL_BAD},
    {"LOGIN", "", SASL_BAD},
    {"LOGIN", "YQBi", SASL_BAD},
    {"LOGIN", "*x", SASL_BAD},
};

static void
test_wrong(void)
{
	char big[4000];
	struct sasl s;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		sasl_begin(&s, STR(OFFERED), str_z(wrong[i].mechanism), NONE);
		CHECK_NUM(sasl_step(&s, str_z(wrong[i].line)), wrong[i].result,
		    wrong[i].line);
		sasl_end(&s);
	}
	CHECK_NUM(sasl_begin(&s, STR(OFFERED), STR("CRAM-MD5"), NONE),
	    SASL_UNKNOWN, "not offered");
	sasl_end(&s);
	memset(big, 'A', sizeof(big));
	for (size_t n = 1364; n < 1500; n += 4) {
		sasl_begin(&s, STR(OFFERED), STR("LOGIN"), NONE);
		CHECK_NUM(
		    sasl_step(&s, str_make(big, n)), SASL_BAD, "too long");
		sasl_end(&s);
	}
}

/* What the checker says, and what is heard of it; base64 by hand. */
static const struct {
	char verdict;
	const char *data;
	enum sasl_result told;
	const char *challenge, *response;
	enum sasl_result end;
	const char *what;
} told[] = {
    {'c', "r=abc", SASL_MORE, "cj1hYmM=", "Yz1iaXdz", SASL_ASK,
	"a challenge and the response to it"},
    {'c', "", SASL_MORE, "", "", SASL_ASK, "an empty one, and an empty one"},
    {'c', "r=abc", SASL_MORE, "cj1hYmM=", "*", SASL_CANCELLED, "cancelled"},
    {'c', "r=abc", SASL_MORE, "cj1hYmM=", "c=", SASL_BAD, "no base64"},
    {'y', "v=x", SASL_MORE, "dj14", "", SASL_GRANTED,
	"RFC 4422 3.6: what comes with success is acknowledged"},
    {'y', "v=x", SASL_MORE, "dj14", "*", SASL_CANCELLED,
	"the client does not trust us"},
    {'y', "v=x", SASL_MORE, "dj14", "eA==", SASL_BAD,
	"nothing is to be said to it"},
    {'y', "", SASL_GRANTED, NULL, NULL, SASL_GRANTED, "success"},
    {'n', "{}", SASL_MORE, "e30=", "AQ==", SASL_REFUSED,
	"RFC 7628 3.2.3: the dummy response"},
    {'n', "{}", SASL_MORE, "e30=", "", SASL_REFUSED, "as XOAUTH2 has it"},
    {'n', "{}", SASL_MORE, "e30=", "*", SASL_REFUSED, "as some have it"},
    {'n', "", SASL_REFUSED, NULL, NULL, SASL_REFUSED, "failure"},
    {'b', "", SASL_BAD, NULL, NULL, SASL_BAD, "malformed"},
    {'t', "x", SASL_LATER, NULL, NULL, SASL_LATER, "trouble"},
    {'?', "x", SASL_LATER, NULL, NULL, SASL_LATER, "something else"},
};

static void
test_told(void)
{
	struct sasl s;

	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		CHECK_NUM(sasl_begin(&s, STR(OFFERED), STR("scram-sha-256"),
			      STR("bix5")),
		    SASL_ASK, "for the checker");
		CHECK_STR(buf_slice(&s.text), STR("n,y"), "decoded");
		CHECK_STR(str_z(s.mechanism), STR("SCRAM-SHA-256"), "its name");
		CHECK_NUM(sasl_told(&s, told[i].verdict, str_z(told[i].data)),
		    told[i].told, told[i].what);
		if (told[i].challenge) {
			CHECK_STR(str_z(sasl_challenge(&s)),
			    str_z(told[i].challenge), told[i].what);
			CHECK_NUM(sasl_step(&s, str_z(told[i].response)),
			    told[i].end, told[i].what);
		}
		sasl_end(&s);
	}
}

/* RFC 4954 4: lines of 12288 octets. */
static void
test_long(void)
{
	static char line[SASL_LINE + 4];
	struct sasl s;

	memset(line, 'A', sizeof(line));
	CHECK_NUM(sasl_begin(&s, STR(OFFERED), STR("SCRAM-SHA-256"),
		      str_make(line, SASL_LINE)),
	    SASL_ASK, "the longest");
	CHECK_NUM(s.text.n, SASL_LINE / 4 * 3, "all of it");
	sasl_end(&s);
	CHECK_NUM(sasl_begin(&s, STR(OFFERED), STR("SCRAM-SHA-256"),
		      str_make(line, SASL_LINE + 4)),
	    SASL_BAD, "a longer one");
	sasl_end(&s);
	CHECK_NUM(sasl_begin(&s, STR(OFFERED), STR("SCRAM-SHA-256"), NONE),
	    SASL_MORE, "no initial response");
	CHECK_STR(str_z(sasl_challenge(&s)), STR(""), "an empty challenge");
	CHECK_NUM(sasl_step(&s, STR("bix5")), SASL_ASK, "and the response");
	sasl_end(&s);
	CHECK_NUM(
	    sasl_begin(&s, STR("PLAIN LOGIN"), STR("SCRAM-SHA-256"), NONE),
	    SASL_UNKNOWN, "known, but not offered");
	sasl_end(&s);
}

int
main(void)
{
	test_plain();
	test_steps();
	test_wrong();
	test_told();
	test_long();
	return tap_done();
}
