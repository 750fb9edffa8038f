/* SPDX-License-Identifier: ISC */
/* U-labels to A-labels: RFC 3492 7.1 has the samples, in UTF-8 here. */
#include "tap.h"

#include "msg/idna.h"

static const struct {
	const char *domain, *ascii; /* NULL: refused */
	const char *why;
} t[] = {
    {"example.test", "example.test", "ASCII as it is"},
    {"B\xc3\xbc"
     "cher.example",
	"xn--bcher-kva.example", "German, ASCII in lower case too"},
    {"B\xc3\x9c"
     "CHER.example",
	"xn--bcher-kva.example", "capitals"},
    {"www.m\xc3\xbcnchen.test", "www.xn--mnchen-3ya.test",
	"one label of three"},
    {"\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d"
     "\xe8\xaf\xb4\xe4\xb8\xad\xe6\x96\x87",
	"xn--ihqwcrb4cv8a8dqg056pqjye", "(B) Chinese (simplified)"},
    {"3\xe5\xb9\xb4"
     "b\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
	"xn--3b-ww4c5e180e575a65lsy2b", "(L), 3<nen>B<gumi>…"},
    {"\xe3\x81\x9d\xe3\x81\xae\xe3\x82\xb9\xe3\x83\x94\xe3\x83\xbc\xe3\x83\x89"
     "\xe3\x81\xa7",
	"xn--d9juau41awczczp", "(R), Japanese"},
    {"fa\xc3\x9f.test", "xn--fa-hia.test", "sharp s stays (RFC 5894 7.2)"},
    {"\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.test", "xn--nxasmm1c.test",
	"final sigma stays"},
    {"\xf0\x9f\x98\x80.test", "xn--e28h.test", "beyond 16 bits"},
    {"\xc3.test", NULL, "not UTF-8"},
    {"a\xc3.\xbc", NULL, "a dot inside a character"},
};

static void
test_samples(void)
{
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		int r;

		buf_reset(&b);
		r = idna_ascii(str_z(t[i].domain), &b);
		CHECK_NUM(r, t[i].ascii ? 0 : -1, t[i].why);
		if (r == 0)
			CHECK_STR(buf_slice(&b), str_z(t[i].ascii), t[i].why);
	}
	buf_free(&b);
}

static void
test_length(void)
{
	char text[400];
	struct buf b;

	buf_init(&b, 1000);
	memset(text, 'a', sizeof(text));
	memcpy(text, "\xc3\xbc", 2);
	CHECK(
	    idna_ascii(str_make(text, 54), &b) == 0 && b.n <= 63, "63 octets");
	buf_reset(&b);
	CHECK(idna_ascii(str_make(text, 64), &b) < 0, "too long");
	buf_reset(&b);
	CHECK(idna_ascii(str_make(text, 400), &b) < 0, "much too long");
	buf_free(&b);
	buf_init(&b, 10);
	CHECK(idna_ascii(STR("example.example"), &b) < 0, "no room");
	buf_free(&b);
}

int
main(void)
{
	test_samples();
	test_length();
	return tap_done();
}
