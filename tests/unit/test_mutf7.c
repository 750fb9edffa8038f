/* SPDX-License-Identifier: ISC */
/* msg/mutf7: RFC 3501 5.1.3. */
#include "tap.h"

#include "msg/mutf7.h"

static const struct {
	const char *name, *utf8; /* NULL: must be refused */
} t[] = {
    {"INBOX", "INBOX"},
    {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", /* the RFC's example */
	"~peter/mail/\345\217\260\345\214\227/\346\227\245\346\234\254\350\252"
	"\236"},
    {"a&-b", "a&b"}, {"&-", "&"}, {"&-&-", "&&"},
    {"&2D3eAA-", "\360\237\230\200"}, /* a surrogate pair */
    {"Entw&APw-rfe", "Entw\303\274rfe"}, {"", ""}, {"&", NULL},
    {"&U,BTFw", NULL},                   /* not closed */
    {"&Jjo!", NULL},                     /* the RFC: missing shift */
    {"&U,BTFw-&ZeVnLIqe-", NULL},        /* the RFC: superfluous shift */
    {"&AGEAYg-", NULL},                  /* printable ASCII in base64 */
    {"&2D0-", NULL},                     /* half a surrogate pair */
    {"&3gA-", NULL},                     /* the other half */
    {"&2D0APw-", NULL}, {"&AAA-", NULL}, /* NUL */
    {"&AAo-", NULL},                     /* line feed */
    {"&AIA-", NULL},                     /* C1 control */
    {"&APx-", NULL},                     /* padding bits set */
    {"&AP-", NULL},                      /* half a unit */
    {"&A-", NULL}, {"&APwA-", NULL},     /* a digit too many */
    {"&AP/8-", NULL},                    /* '/' is not in the alphabet */
    {"a\tb", NULL}, {"a\177", NULL}, {"Entw\303\274rfe", NULL}, /* 8-bit */
};

static void
test_encode(void)
{
	static const char *const bad[] = {"\377", "\300\200", "\355\240\200",
	    "\303", "\303a", "\364\220\200\200", "a\nb", "\302\205", "\200",
	    "\370\210\200\200\200"};
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(mutf7_encode(str_z(bad[i]), &b) < 0, "bad UTF-8");
	buf_free(&b);
}

int
main(void)
{
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct str name = str_z(t[i].name);
		bool ok = mutf7_valid(name);

		CHECK(ok == (t[i].utf8 != NULL), t[i].name);
		if (!ok || !t[i].utf8)
			continue;
		buf_reset(&b);
		CHECK_NUM(mutf7_decode(name, &b), 0, "decodes");
		CHECK_STR(buf_slice(&b), str_z(t[i].utf8), "to UTF-8");
		buf_reset(&b);
		CHECK_NUM(mutf7_encode(str_z(t[i].utf8), &b), 0, "encodes");
		CHECK_STR(buf_slice(&b), name, "and back");
	}
	buf_free(&b);
	test_encode();
	return tap_done();
}
