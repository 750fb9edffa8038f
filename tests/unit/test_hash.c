/* SPDX-License-Identifier: ISC */
/* base/hash: the vectors of the RFCs. */
#include "tap.h"

#include "base/hash.h"

static struct str
hex(const unsigned char *p, size_t n)
{
	static char text[4 * HASH_MAX + 1];

	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	return str_make(text, 2 * n);
}

static const struct {
	enum hash_kind kind;
	const char *text, *want;
} vectors[] = {
    /* RFC 1321 A.5 */
    {HASH_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {HASH_MD5,
	"1234567890123456789012345678901234567890123456789012345678901234567890"
	"1234567890",
	"57edf4a22be3c955ac49da2e2107b67a"},
    /* RFC 3174 7.3 */
    {HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {HASH_SHA1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	"84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    /* RFC 6234 8.5 */
    {HASH_SHA256, "abc",
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HASH_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {HASH_SHA512, "abc",
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {HASH_SHA512,
	"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
	"hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	"8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
	"501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"},
};

static void
test_vectors(void)
{
	unsigned char out[HASH_MAX];

	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		hash_of(vectors[i].kind, str_z(vectors[i].text), out);
		CHECK_STR(hex(out, hash_size(vectors[i].kind)),
		    str_z(vectors[i].want), vectors[i].text);
	}
}

/* Any cut, and every length around the ends of blocks. */
static void
test_pieces(void)
{
	char text[300];
	unsigned char whole[HASH_MAX], parts[HASH_MAX];
	struct hash h;
	int same = 1;

	memset(text, 'a', sizeof(text));
	for (enum hash_kind k = HASH_MD5; k <= HASH_SHA512; k++)
		for (size_t n = 0; n < sizeof(text); n++) {
			hash_of(k, str_make(text, n), whole);
			hash_begin(&h, k);
			hash_feed(&h, str_make(text, n / 3));
			hash_feed(&h, str_make(text + n / 3, n - n / 3));
			hash_end(&h, parts);
			same &= memcmp(whole, parts, hash_size(k)) == 0;
		}
	CHECK(same, "in pieces as at once");
	/* RFC 6234 8.5: a million times "a". */
	hash_begin(&h, HASH_SHA256);
	for (int i = 0; i < 10000; i++)
		hash_feed(&h, str_make(text, 100));
	hash_end(&h, whole);
	CHECK_STR(hex(whole, 32),
	    STR("cdc76e5c9914fb9281a1c7e284d73e67"
		"f1809a48a497200e046d39ccc7112cd0"),
	    "RFC 6234 8.5, test 3");
}

static void
test_hmac(void)
{
	unsigned char out[HASH_MAX];
	char key[131];

	/* RFC 2202 2 and 3, test 2; RFC 4231 4.3 and 4.7 */
	hash_hmac(
	    HASH_MD5, STR("Jefe"), STR("what do ya want for nothing?"), out);
	CHECK_STR(
	    hex(out, 16), STR("750c783e6ab0b503eaa86e310a5db738"), "HMAC-MD5");
	hash_hmac(
	    HASH_SHA1, STR("Jefe"), STR("what do ya want for nothing?"), out);
	CHECK_STR(hex(out, 20), STR("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
	    "HMAC-SHA-1");
	hash_hmac(
	    HASH_SHA256, STR("Jefe"), STR("what do ya want for nothing?"), out);
	CHECK_STR(hex(out, 32),
	    STR("5bdcc146bf60754e6a042426089575c7"
		"5a003f089d2739839dec58b964ec3843"),
	    "HMAC-SHA-256");
	memset(key, 0xaa, sizeof(key));
	hash_hmac(HASH_SHA512, str_make(key, sizeof(key)),
	    STR("Test Using Larger Than Block-Size Key - Hash Key First"), out);
	CHECK_STR(hex(out, 64),
	    STR("80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3"
		"526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d78"
		"6598"),
	    "HMAC-SHA-512 with a long key");
}

static void
test_pbkdf2(void)
{
	unsigned char out[HASH_MAX];

	/* RFC 6070 2 */
	hash_pbkdf2(HASH_SHA1, STR("password"), STR("salt"), 1, out, 20);
	CHECK_STR(hex(out, 20), STR("0c60c80f961f0e71f3a9b524af6012062fe037a6"),
	    "one iteration");
	hash_pbkdf2(HASH_SHA1, STR("password"), STR("salt"), 4096, out, 20);
	CHECK_STR(hex(out, 20), STR("4b007901b765489abead49d926f721d065a429c1"),
	    "4096 iterations");
	hash_pbkdf2(HASH_SHA1, STR("passwordPASSWORDpassword"),
	    STR("saltSALTsaltSALTsaltSALTsaltSALTsalt"), 4096, out, 25);
	CHECK_STR(hex(out, 25),
	    STR("3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"),
	    "more than a block");
	/* RFC 7914 11 */
	hash_pbkdf2(HASH_SHA256, STR("passwd"), STR("salt"), 1, out, 64);
	CHECK_STR(hex(out, 64),
	    STR("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dac"
		"bc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a1"
		"9783"),
	    "with SHA-256");
}

int
main(void)
{
	test_vectors();
	test_pieces();
	test_hmac();
	test_pbkdf2();
	CHECK(hash_same(STR(""), STR("")) && hash_same(STR("ab"), STR("ab")),
	    "the same");
	CHECK(!hash_same(STR("ab"), STR("ac")) &&
		  !hash_same(STR("a"), STR("ab")) &&
		  !hash_same(STR("ab"), STR("a")),
	    "not the same");
	return tap_done();
}
