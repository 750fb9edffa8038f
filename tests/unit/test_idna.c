/* SPDX-License-Identifier: ISC */
/* msg/idna: names in UTF-8 for the DNS. */
#include "tap.h"

#include <errno.h>

#include "msg/idna.h"

int
main(void)
{
	static const struct {
		const char *name, *want, *why;
	} t[] = {
	    {"example.test", "example.test", "ASCII stays"},
	    {"Example.Test", "Example.Test", "in its case too"},
	    {"b\xc3\xbc"
	     "cher.test",
		"xn--bcher-kva.test", "RFC 3492, as registries have it"},
	    {"B\xc3\x9c"
	     "CHER.test",
		"xn--bcher-kva.test", "lower case (RFC 5891 5)"},
	    {"\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4"
	     "\xb8\x8d\xe8\xaf\xb4\xe4\xb8\xad\xe6\x96\x87.test",
		"xn--ihqwcrb4cv8a8dqg056pqjye.test", "RFC 3492 7.1 (B)"},
	    {"3\xe5\xb9\xb4"
	     "b\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
		"xn--3b-ww4c5e180e575a65lsy2b", "7.1 (L), in lower case"},
	    {"\xe3\x81\x9d\xe3\x81\xae\xe3\x82\xb9\xe3\x83\x94\xe3\x83\xbc\xe3"
	     "\x83\x89\xe3\x81\xa7",
		"xn--d9juau41awczczp", "7.1 (R)"},
	    {"a..b\xc3\xbc", "a..xn--b-eha", "empty labels are not ours"},
	};
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_reset(&b);
		CHECK_NUM(idna_ascii(str_z(t[i].name), &b), 0, t[i].why);
		CHECK_STR(buf_slice(&b), str_z(t[i].want), t[i].why);
	}
	CHECK(idna_ascii(STR("\xc3.test"), &b) == -1 && errno == EINVAL,
	    "no UTF-8");
	CHECK(
	    idna_ascii(STR("\xc3\xbc"
			   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			   "xxxxxxxxxxxx"),
		&b) == -1,
	    "a label over 63 octets");
	buf_free(&b);
	return tap_done();
}
