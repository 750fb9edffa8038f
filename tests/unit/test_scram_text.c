/* SPDX-License-Identifier: ISC */
/* proto/gs2, proto/scram_text, proto/bearer: the examples of RFC 5802 5, RFC
 * 7677 3, RFC 7628 4 and Google's of XOAUTH2, and what the grammars forbid.
 * Whole exchanges are in tests/sasl. */
#include "tap.h"

#include "proto/bearer.h"
#include "proto/scram_text.h"

/* A slice that may stand in a static table. */
#define T(lit) \
	{ \
		"" lit, sizeof(lit) - 1 \
	}

static void
test_first(void)
{
	struct scram_text_first f;
	char room[200];
	struct buf b;

	CHECK(scram_text_first(STR("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), &f),
	    "RFC 7677 3");
	CHECK_STR(f.gs2.text, STR("n,,"), "the header");
	CHECK_STR(f.bare, STR("n=user,r=rOprNGfwEbeRWgbNEkqO"), "the rest");
	CHECK_STR(f.name, STR("user"), "the name");
	CHECK_STR(f.nonce, STR("rOprNGfwEbeRWgbNEkqO"), "the nonce");
	CHECK(f.gs2.flag == 'n' && !f.gs2.authzid.p, "no binding, no authzid");
	CHECK(scram_text_first(
		  STR("p=tls-exporter,a=o=3Dx,n=a=2Cb=3D,r=!~,x=1,y=\303\244"),
		  &f),
	    "all that may be");
	CHECK_STR(f.gs2.text, STR("p=tls-exporter,a=o=3Dx,"), "the header");
	CHECK_STR(f.gs2.binding, STR("tls-exporter"), "its binding");
	CHECK_STR(f.gs2.authzid, STR("o=3Dx"), "its authzid");
	buf_fixed(&b, room, sizeof(room));
	CHECK_NUM(gs2_name(f.name, &b), 0, "a name");
	CHECK_STR(buf_slice(&b), STR("a,b="), "RFC 5802 5.1: =2C and =3D");
	buf_reset(&b);
	CHECK_NUM(gs2_name(STR("a\302\255b\302\240c"), &b), 0, "SASLprep");
	CHECK_STR(buf_slice(&b), STR("ab c"), "RFC 4013");
	CHECK_NUM(gs2_name(STR("\377"), &b), -1, "not UTF-8");
	buf_reset(&b);
	scram_text_server_first(&b, STR("rOprNGfwEbeRWgbNEkqO"),
	    STR("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"),
	    STR("\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa"
		"\x81"),
	    4096);
	CHECK_STR(buf_slice(&b),
	    STR("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
	    "RFC 7677 3");
}

static void
test_final(void)
{
	struct scram_text_final f;

	CHECK(scram_text_final(
		  STR("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)"
		      "hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
		  &f),
	    "RFC 7677 3");
	CHECK_STR(f.without_proof,
	    STR("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"),
	    "without the proof");
	CHECK_STR(f.proof, STR("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
	    "the proof");
	CHECK(scram_text_bound(&f, STR("n,,"), STR("")), "biws is n,,");
	CHECK(!scram_text_bound(&f, STR("y,,"), STR("")), "and not y,,");
	CHECK(!scram_text_bound(&f, STR("n,,"), STR("x")), "nor n,,x");
	CHECK(scram_text_final(
		  STR("c=cD10bHMtZXhwb3J0ZXIsLAEC,r=a,x=1,Y=2,p=AA=="), &f),
	    "with extensions");
	CHECK_STR(f.without_proof,
	    STR("c=cD10bHMtZXhwb3J0ZXIsLAEC,r=a,x=1,Y=2"), "they are signed");
	CHECK(scram_text_bound(&f, STR("p=tls-exporter,,"), STR("\1\2")),
	    "bound to the channel");
	CHECK(!scram_text_bound(&f, STR("p=tls-exporter,,"), STR("\1\3")),
	    "to another one");
}

static const struct str bad_first[] = {T(""), T("n"), T("n,"), T("n,,"),
    T(",,n=u,r=x"), T("z,,n=u,r=x"), T("N,,n=u,r=x"), T("n,n=u,r=x"),
    T("n,,r=x,n=u"), T("n,,n=u"), T("n,,n=u,"), T("n,,n=u,r="), T("n,,n=,r=x"),
    T("n,,n=u,r=x,"), T("n,,n=u,r=x,y"), T("n,,n=u,r=x,y="),
    T("n,,n=u,r=x,1=2"), T("n,,m=1,n=u,r=x"), T("n,,n=u=,r=x"),
    T("n,,n=u=2,r=x"), T("n,,n=u=2D,r=x"), T("n,,n=u=2c,r=x"),
    T("n,a=,n=u,r=x"), T("n,b=x,n=u,r=x"), T("n,a=b=c,n=u,r=x"),
    T("p,,n=u,r=x"), T("p=,,n=u,r=x"), T("p=a_b,,n=u,r=x"), T("n=x,,n=u,r=x"),
    T("n,,n=u,r=a b"), T("n,,n=u,r=\303\244"), T("n,,n=u\0,r=x"),
    T("n,,n=u,r=x\0"), T("n,,n=u,r=x,y=\0"), T("n,,n=u,r=x,y=\377"),
    T("n,,n=u,r=x\n"), T("F,n,,n=u,r=x"), T("\0")};

static const struct str bad_final[] = {T(""), T("c="), T("c=biws"),
    T("c=biws,r=x"), T("c=biws,r=x,"), T("c=biws,r=x,p="), T("c=,r=x,p=AA=="),
    T("r=x,c=biws,p=AA=="), T("c=biws,p=AA==,r=x"), T("c=biws,r=,p=AA=="),
    T("c=biws,r=x,p=AA==,"), T("c=biws,r=x,p=AA==,y=z"),
    T("c=biws,r=x,y,p=AA=="), T("c=biws,r=x,y=,p=AA=="),
    T("c=biws,r=x,,p=AA=="), T("x=1,c=biws,r=x,p=AA=="),
    T("c=biws,r=x y,p=AA=="), T("C=biws,r=x,p=AA==")};

static void
test_bad(void)
{
	struct scram_text_first first;
	struct scram_text_final final;

	for (size_t i = 0; i < sizeof(bad_first) / sizeof(*bad_first); i++)
		CHECK(!scram_text_first(bad_first[i], &first), bad_first[i].p);
	for (size_t i = 0; i < sizeof(bad_final) / sizeof(*bad_final); i++)
		CHECK(!scram_text_final(bad_final[i], &final), bad_final[i].p);
}

#define TOKEN "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
#define GOOGLE "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"

static void
test_bearer(void)
{
	struct bearer t;
	char room[300];
	struct buf b;

	CHECK(bearer_parse(STR("n,a=user@example.com,\1host=server.example.com"
			       "\1port=143\1auth=Bearer " TOKEN "\1\1"),
		  &t),
	    "RFC 7628 4.1");
	CHECK_STR(t.user, STR("user@example.com"), "user");
	CHECK_STR(t.token, STR(TOKEN), "token");
	CHECK_STR(t.host, STR("server.example.com"), "host");
	CHECK_STR(t.port, STR("143"), "port");
	CHECK(bearer_parse(STR("y,,\1auth=bEARER x\1other=a b\1\1"), &t),
	    "the least, any case, more keys");
	CHECK(t.user.n == 0 && t.host.n == 0 && t.port.n == 0, "left out");
	CHECK(bearer_parse_xoauth2(STR("user=someuser@example.com\1"
				       "auth=Bearer " GOOGLE "\1\1"),
		  &t),
	    "Google's example");
	CHECK_STR(t.user, STR("someuser@example.com"), "user");
	CHECK_STR(t.token, STR(GOOGLE), "token");
	buf_fixed(&b, room, sizeof(room));
	bearer_error(&b, STR("example_scope"),
	    STR("https://example.com/.well-known/openid-configuration"));
	CHECK_STR(buf_slice(&b),
	    STR("{\"status\":\"invalid_token\",\"scope\":\"example_scope\","
		"\"openid-configuration\":"
		"\"https://example.com/.well-known/openid-configuration\"}"),
	    "RFC 7628 4.3");
	buf_reset(&b);
	bearer_error_xoauth2(&b, STR("https://mail.example/"));
	CHECK_STR(buf_slice(&b),
	    STR("{\"status\":\"401\",\"schemes\":\"bearer\","
		"\"scope\":\"https://mail.example/\"}"),
	    "as Google has it");
}

static const struct str bad_bearer[] = {T(""), T("n,,"), T("n,,\1"),
    T("n,,\1\1"), T("n,,\1auth=Bearer x"), T("n,,\1auth=Bearer x\1"),
    T("n,,\1auth=Bearer \1\1"), T("n,,\1auth=Bearer\1\1"),
    T("n,,\1auth=Basic x\1\1"), T("n,,\1auth=Bearer x y\1\1"),
    T("n,,\1auth=Bearer x\n\1\1"), T("n,,\1auth=Bearer x\0\1\1"),
    T("n,,\1auth=Bearer x\1\1\1"), T("n,,\1auth=Bearer x\1\1y"),
    T("n,,\1=v\1auth=Bearer x\1\1"), T("n,,\1k1=v\1auth=Bearer x\1\1"),
    T("n,,\1k\1auth=Bearer x\1\1"), T("n,,\1k=\2\1auth=Bearer x\1\1"),
    T("n,,\1auth=Bearer x\1auth=Bearer y\1\1"), T("n,,auth=Bearer x\1\1"),
    T("p=tls-exporter,,\1auth=Bearer x\1\1"), T("n,u=x,\1auth=Bearer x\1\1"),
    T("user=a\1auth=Bearer x\1\1")};

static const struct str bad_google[] = {T(""), T("user="), T("user=a"),
    T("user=a\1"), T("user=a\1\1"), T("user=\1auth=Bearer x\1\1"),
    T("user=a\1auth=Bearer x\1"), T("user=a\0b\1auth=Bearer x\1\1"),
    T("auth=Bearer x\1user=a\1\1"), T("n,,\1auth=Bearer x\1\1")};

static void
test_bad_bearer(void)
{
	struct bearer t;

	for (size_t i = 0; i < sizeof(bad_bearer) / sizeof(*bad_bearer); i++)
		CHECK(!bearer_parse(bad_bearer[i], &t), bad_bearer[i].p);
	for (size_t i = 0; i < sizeof(bad_google) / sizeof(*bad_google); i++)
		CHECK(
		    !bearer_parse_xoauth2(bad_google[i], &t), bad_google[i].p);
}

int
main(void)
{
	test_first();
	test_final();
	test_bad();
	test_bearer();
	test_bad_bearer();
	return tap_done();
}
