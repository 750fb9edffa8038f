/* SPDX-License-Identifier: ISC */
/* msg/saslprep by the examples of RFC 4013 3, users/scram by those of RFC 7677
 * 3. */
#include "tap.h"

#include <stdlib.h>

#include "msg/b64.h"
#include "msg/saslprep.h"
#include "users/scram.h"

/* A slice that may stand in a static table. */
#define T(lit) \
	{ \
		"" lit, sizeof(lit) - 1 \
	}

static const struct {
	struct str text, prepared; /* p NULL: refused */
	const char *what;
} preps[] = {
    {T("secret ~\"'"), T("secret ~\"'"), "ASCII"},
    {T("I\302\255X"), T("IX"), "RFC 4013 3: SOFT HYPHEN"},
    {T("USER"), T("USER"), "RFC 4013 3: case stays"},
    {T("\302\252"), T("a"), "RFC 4013 3: NFKC"},
    {T("\342\205\250"), T("\342\205\250"), "no NFKC beyond keyboards"},
    {T("\007"), {NULL, 0}, "RFC 4013 3: a control character"},
    {T("a\302\240b\343\200\200c"), T("a b c"), "spaces"},
    {T("p\303\244ss"), T("p\303\244ss"), "NFC stays"},
    {T("m\302\262\342\200\246"), T("m2..."), "small forms"},
    {T("\357\274\241\357\275\236"), T("A~"), "full width"},
    {T("a\177"), {NULL, 0}, "DEL"},
    {T("a\302\205"), {NULL, 0}, "a C1 control character"},
    {T("a\0b"), {NULL, 0}, "NUL"},
    {T("a\nb"), {NULL, 0}, "a line end"},
    {T("\342\200\256x"), {NULL, 0}, "turns the direction"},
    {T("\357\277\276"), {NULL, 0}, "no character"},
    {T("\364\217\277\277"), {NULL, 0}, "no character, the last one"},
    {T("\344"), {NULL, 0}, "Latin-1"},
    {T("\300\200"), {NULL, 0}, "overlong UTF-8"},
    {T("\355\240\200"), {NULL, 0}, "a surrogate"},
};

static void
test_saslprep(void)
{
	char room[64];
	struct buf b;

	for (size_t i = 0; i < sizeof(preps) / sizeof(*preps); i++) {
		int r;

		buf_fixed(&b, room, sizeof(room));
		r = saslprep(&b, preps[i].text);
		if (preps[i].prepared.p)
			CHECK_STR(
			    buf_slice(&b), preps[i].prepared, preps[i].what);
		CHECK_NUM(r, preps[i].prepared.p ? 0 : -1, preps[i].what);
	}
}

#define PENCIL \
	"4096,W22ZaJ0SNY7soEsUEjb6gQ==," \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=," \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

/* RFC 7677 3 */
#define AUTH_MESSAGE \
	"n=user,r=rOprNGfwEbeRWgbNEkqO," \
	"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," \
	"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096," \
	"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define SIGNATURE "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static void
test_keys(void)
{
	unsigned char proof[SCRAM_KEY], signature[SCRAM_KEY];
	char room[200];
	struct scram s;
	struct buf b;

	CHECK_NUM(scram_parse(STR(PENCIL), &s), 0, "Dovecot's form");
	CHECK(s.iterations == 4096 && s.salt_n == 16, "its parts");
	buf_fixed(&b, room, sizeof(room));
	scram_print(&s, &b);
	CHECK_STR(buf_slice(&b), STR(PENCIL), "and back");
	CHECK(scram_check(&s, STR("pencil")), "the password");
	CHECK(!scram_check(&s, STR("pencils")), "another one");
	CHECK(!scram_check(&s, STR("")), "none");
	CHECK(!scram_check(&s, STR("x")), "the one that is hashed instead");
	CHECK(!scram_check(&s, STR("pen\377")), "one that is not UTF-8");
	buf_reset(&b);
	CHECK_NUM(b64_decode(&b, STR(PROOF)), 0, "base64");
	memcpy(proof, b.p, sizeof(proof));
	CHECK(scram_proof(&s, STR(AUTH_MESSAGE), proof), "RFC 7677 3: p=");
	CHECK(!scram_proof(&s, STR(AUTH_MESSAGE "x"), proof), "another text");
	proof[31] ^= 1;
	CHECK(!scram_proof(&s, STR(AUTH_MESSAGE), proof), "another proof");
	scram_sign(&s, STR(AUTH_MESSAGE), signature);
	buf_reset(&b);
	b64_encode(&b, str_make((const char *)signature, sizeof(signature)));
	CHECK_STR(buf_slice(&b), STR(SIGNATURE), "RFC 7677 3: v=");
}

static void
test_make(void)
{
	static char longest[SCRAM_PASS_MAX + 1];
	struct scram a, b;

	CHECK_NUM(scram_make(STR("p\303\244ss \302\262"), &a), 0, "made");
	CHECK_NUM(scram_make(STR("p\303\244ss 2"), &b), 0, "made again");
	CHECK(memcmp(a.salt, b.salt, a.salt_n) != 0, "with another salt");
	CHECK(scram_check(&a, STR("p\303\244ss 2")),
	    "prepared, they are the same");
	CHECK(!scram_check(&a, STR("pass 2")), "but not these");
	CHECK_NUM(scram_make(STR(""), &a), -1, "an empty one");
	CHECK_NUM(scram_make(STR("\302\255"), &a), -1, "empty when prepared");
	CHECK_NUM(scram_make(STR("a\nb"), &a), -1, "with a line end");
	memset(longest, 'x', sizeof(longest));
	CHECK_NUM(scram_make(str_make(longest, SCRAM_PASS_MAX), &a), 0,
	    "the longest");
	CHECK_NUM(scram_make(str_make(longest, SCRAM_PASS_MAX + 1), &a), -1,
	    "a longer one");
}

static const char *const malformed[] = {"", ",", ",,,", "4096",
    "4096,W22ZaJ0SNY7soEsUEjb6gQ==",
    "0,W22ZaJ0SNY7soEsUEjb6gQ==,"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "1000001,W22ZaJ0SNY7soEsUEjb6gQ==,"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "4096,,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY,"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dXx",
    PENCIL ",", PENCIL "\n", " " PENCIL};

static void
test_malformed(void)
{
	struct scram s;

	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
		CHECK_NUM(
		    scram_parse(str_z(malformed[i]), &s), -1, malformed[i]);
}

int
main(void)
{
	test_saslprep();
	test_keys();
	test_make();
	test_malformed();
	return tap_done();
}
