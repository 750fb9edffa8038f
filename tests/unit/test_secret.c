/* SPDX-License-Identifier: ISC */
/* users/secret: hashes made elsewhere (openssl passwd, mkpasswd, Dovecot), and
 * our own. */
#include "tap.h"

#include "users/secret.h"

static const struct {
	const char *stored, *pass;
	int result;
} vectors[] = {
    {"{PLAIN}secret", "secret", 1},
    {"{plain}secret", "secret", 1},
    {"{CLEAR}secret", "secret", 1},
    {"{CLEARTEXT}secret", "Secret", 0},
    {"{PLAIN}secret", "secre", 0},
    {"{PLAIN}secret", "secretx", 0},
    {"{PLAIN}", "", 0},
    {"{PLAIN}x", "", 0},
    /* SHA-crypt.txt's first examples; openssl passwd agrees */
    {"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
	"Hello world!", 1},
    {"{SHA256-CRYPT}"
     "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
	"Hello world!", 1},
    {"{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8"
     "iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
	"Hello world!", 1},
    {"{CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8"
     "iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
	"Hello world?", 0},
    /* from Openwall's bcrypt test vectors */
    {"{BLF-CRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	"U*U", 1},
    {"{CRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	"U*V", 0},
    {"", "", 0},
    {"", "x", 0},
    {"!", "x", 0},
    {"*", "x", 0},
    {"{CRYPT}", "x", 0},
    {"{CRYPT}!", "!", 0},
    {"{NOSUCH}x", "x", -1},
    {"{CRYPT}$zz$x", "x", -1},
    {"{PLAIN", "x", -1},
};

static void
test_vectors(void)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
		CHECK_NUM(secret_check(
			      str_z(vectors[i].stored), str_z(vectors[i].pass)),
		    vectors[i].result, vectors[i].stored);
	CHECK_NUM(secret_check(STR("{PLAIN}a"), str_make("a\0b", 3)), 0,
	    "a NUL does not end a password");
	CHECK_NUM(secret_check(str_z(vectors[8].stored),
		      str_make("Hello world!\0x", 14)),
	    0, "a NUL does not end a password");
}

static void
test_own(void)
{
	char longer[SECRET_PASS_MAX + 1];
	struct buf b;

	buf_init(&b, 1024);
	CHECK_NUM(secret_make(STR("p\303\244ss w\303\266rd"), &b), 0, "made");
	CHECK(str_starts(buf_slice(&b), STR("{CRYPT}$y$")), "yescrypt");
	CHECK(!str_has(buf_slice(&b), ':'), "no colon in it");
	CHECK_NUM(secret_check(buf_slice(&b), STR("p\303\244ss w\303\266rd")),
	    1, "the right one");
	CHECK_NUM(secret_check(buf_slice(&b), STR("p\303\244ss word")), 0,
	    "another one");
	CHECK_NUM(secret_check(buf_slice(&b), STR("")), 0, "none");
	memset(longer, 'x', sizeof(longer));
	CHECK_NUM(secret_check(buf_slice(&b), str_make(longer, sizeof(longer))),
	    0, "too long");
	CHECK_NUM(secret_make(STR(""), &b), -1, "an empty one is refused");
	CHECK_NUM(secret_make(STR("a\nb"), &b), -1, "a line end is refused");
	CHECK_NUM(secret_make(str_make("a\0b", 3), &b), -1, "so is NUL");
	CHECK_NUM(secret_make(str_make(longer, sizeof(longer)), &b), -1,
	    "and one that is too long");
	secret_pretend(STR("x"));
	buf_free(&b);
}

static void
test_words(void)
{
	CHECK(secret_locked(STR("")) && secret_locked(STR("!$6$x")) &&
		  secret_locked(STR("{CRYPT}*")),
	    "locked accounts");
	CHECK(!secret_locked(STR("{PLAIN}x")), "an open one");
	CHECK(!secret_locked(STR("{PLAIN}!x")) &&
		  secret_check(STR("{PLAIN}!x"), STR("!x")) == 1,
	    "a clear-text password that begins with ! is open");
	CHECK(secret_known(STR("$6$x")) && secret_known(STR("{clear}x")),
	    "known schemes");
	CHECK(!secret_known(STR("{SSHA}x")), "an unknown scheme");
}

int
main(void)
{
	test_vectors();
	test_own();
	test_words();
	return tap_done();
}
