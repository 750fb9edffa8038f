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
    /* mkpasswd of whois */
    {"$y$j9T$mfoNrcDtLi9k.UziKCIQG1$"
     "emr9P9RzvuXhubl9G3NrnNmMmP7AMkrLusSZLSHWxG/",
	"tiger", 1},
    /* doveadm pw -p tiger (Dovecot 2.3.19), cheap ones */
    {"{SCRAM-SHA-256}4096,kr7Ovk2SEsIFJLO/63AZBw==,"
     "jooD0uD5fVw4DoZUupueqJmNqkzN5w4l3B+cFubdl/k=,"
     "JULvKnF+wSPdBVBzJhwQLwV7UqGEMcrOsbsRLcdslAM=",
	"tiger", 1},
    {"{SCRAM-SHA-1}4096,XIpHQNPZPc6OOwA/5e76jw==,"
     "Y8R8bnzezIzm7YDQG6XgSJnlS5M=,xz3M4oa6yOqzNZBbXwBgnLNDmew=",
	"tiger", 1},
    {"{BLF-CRYPT}$2y$05$aOclZNkrMY0K9420nWdLiuhgbHNqWyqRVwOpyjjGKHR8MyFcTmhZi",
	"tiger", 1},
    {"{SHA512-CRYPT}$6$rounds=1000$5pQv1nPFfR7MYj2X$"
     "XePAakA6J/APBcsrqRsQnIMKxqRxN8.6ReiFaAuH9SyZSTSRmb4nSirXJ8JJjyEfycUR/"
     "ZFzv47nbKi4UfR340",
	"tiger", 1},
    {"{SHA256-CRYPT}$5$rounds=1000$R6IFB3FMVGpG.5x9$"
     "1/oe3DnnnMiLy0U4JvrSJvd.zs9gd0dVbqeOu8LTLbC",
	"tiger", 1},
    {"{MD5-CRYPT}$1$.3WBwXMo$Y81QoPwGZZ2QqwIYp.FEp/", "tiger", 1},
    {"{MD5}$1$ujBsPEMT$hmzORRc5jPChaEykC3Ly7.", "tiger", 1},
    {"{DES-CRYPT}CD/XsbjyREpvk", "tiger", 1},
    {"CD/XsbjyREpvk", "tiger", 1},
    {"{PBKDF2}$1$toT7bEWqdkTspqNx$5$ffebb53b82b5121c335e37825d815cb6435885ec",
	"tiger", 1},
    {"{SSHA512}mdZ2nX3Um+tINUYjxMDtNoUCTFdX5N0kFzGTwBF2NxcPyVRw9QpJ0ymG1mh/"
     "GR0L7px8PNhhwt6wUN7IgSIwNnM17g0=",
	"tiger", 1},
    {"{SSHA256}GfLA83Z9QpDwVxHcuh8d59y8tTfU2B7WQYRjjPHNh8ufF876", "tiger", 1},
    {"{SSHA256.HEX}5391d7a57e65418024022f5e4b10655cdcbcea4d828367a936f14e8132d3"
     "f98bf3d6231e",
	"tiger", 1},
    {"{SSHA}AUf8mvJMAwkIQ24PdBEF7D+riHN9exGL", "tiger", 1},
    {"{SMD5}hKGr9BMOtYnzP2qc0wVKxsEZD5Y=", "tiger", 1},
    {"{SHA512}kfMlJhvKkPBeIXUpnp/uBFADAXBHEUs2YreSAdBTQu3HLU9bqAWsmWHy9DxmI0tQ"
     "cOnUxn3TJBmK+wDu5MkW6g==",
	"tiger", 1},
    {"{SHA256}8VwWuZ+C2CAXZ9OoQf9AhJyKG4Ev+/0uOT0raqZoKm4=", "tiger", 1},
    {"{SHA256.b64}8VwWuZ+C2CAXZ9OoQf9AhJyKG4Ev+/0uOT0raqZoKm4=", "tiger", 1},
    {"{SHA}RuPXcqGIjq3/JsetpH/XUC15bgc=", "tiger", 1},
    {"{SHA1}46e3d772a1888eadff26c7ada47fd7502d796e07", "tiger", 1},
    {"{SHA.HEX}46e3d772a1888eadff26c7ada47fd7502d796e07", "tiger", 1},
    {"{PLAIN-MD5}43b90920409618f188bfc6923f16b9fa", "tiger", 1},
    {"{PLAIN-MD5.B64}Q7kJIECWGPGIv8aSPxa5+g==", "tiger", 1},
    {"{LDAP-MD5}Q7kJIECWGPGIv8aSPxa5+g==", "tiger", 1},
    {"{CRAM-MD5}"
     "3fd0c6f85280667fff7fa48b7e8762c814d201258dbc7611b716949740b50795",
	"tiger", 1},
    {"{hmac-md5}"
     "3fd0c6f85280667fff7fa48b7e8762c814d201258dbc7611b716949740b50795",
	"tiger", 1},
    /* the reference implementation: argon2 somesalt, "password"; its test.c
     * has the first and the second */
    {"{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ"
     "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"password", 1},
    {"{ARGON2ID}$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ"
     "$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
	"password", 1},
    {"{ARGON2ID}$argon2id$v=19$m=256,t=2,p=4$c29tZXNhbHQ"
     "$O71Gv0rP/8cqejNQA/lwVH32qlqGxXH5",
	"password", 1},
    {"{ARGON2I}$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ"
     "$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
	"password", 1},
    {"", "", 0},
    {"", "x", 0},
    {"!", "x", 0},
    {"*", "x", 0},
    {"{CRYPT}", "x", 0},
    {"{CRYPT}!", "!", 0},
    {"{NOSUCH}x", "x", -1},
    {"{CRYPT}$zz$x", "x", -1},
    {"{PLAIN", "x", -1},
    {"{SHA256}8VwWuZ+C2CAXZ9OoQf9AhJyKG4Ev+/0uOT0raqZoKm4", "tiger", -1},
    {"{SHA256.oct}8VwWuZ+C2CAXZ9OoQf9AhJyKG4Ev+/0uOT0raqZoKm4=", "tiger", -1},
    {"{SSHA}RuPXcqGIjq3/JsetpH/XUC15bgc=", "tiger", -1}, /* no salt */
    {"{PLAIN-MD5}43b90920409618f188bfc6923f16b9fx", "tiger", -1},
    {"{CRAM-MD5}3fd0", "tiger", -1},
    {"{PBKDF2}$1$salt$0$ffebb53b82b5121c335e37825d815cb6435885ec", "x", -1},
    {"{PBKDF2}$1$salt$5$ffeb", "x", -1},
    {"{SCRAM-SHA-256}0,AAAA,AAAA,AAAA", "x", -1},
    {"{SCRAM-SHA-256}4096,kr7Ovk2SEsIFJLO/63AZBw==,"
     "jooD0uD5fVw4DoZUupueqJmNqkzN5w4l3B+cFubdl/k=",
	"tiger", -1},
    {"{SCRAM-SHA-256}4096,kr7Ovk2SEsIFJLO/63AZBw==,"
     "jooD0uD5fVw4DoZUupueqJmNqkzN5w4l3B+cFubdl/k=,"
     "JULvKnF+wSPdBVBzJhwQLwV7UqGEMcrOsbsRLcdslAM=,x",
	"tiger", -1},
    {"{ARGON2ID}$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ"
     "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"password", -1},
    {"{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$", "password", -1},
    {"{ARGON2ID}$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ"
     "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"password", -1},
};

static void
test_vectors(void)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		CHECK_NUM(secret_check(
			      str_z(vectors[i].stored), str_z(vectors[i].pass)),
		    vectors[i].result, vectors[i].stored);
		if (vectors[i].result == 1)
			CHECK_NUM(secret_check(
				      str_z(vectors[i].stored), STR("Tiger")),
			    0, vectors[i].stored);
	}
	CHECK_NUM(secret_check(STR("{PLAIN}a"), str_make("a\0b", 3)), 0,
	    "a NUL does not end a password");
	CHECK_NUM(secret_check(str_z(vectors[8].stored),
		      str_make("Hello world!\0x", 14)),
	    0, "a NUL does not end a password");
}

static void
test_own(void)
{
	static const char *const schemes[][2] = {{"", "{SCRAM-SHA-256}20000,"},
	    {"scram-sha-256", "{SCRAM-SHA-256}"},
	    {"yescrypt", "{CRYPT}$y$j9T$"}, {"BLF-CRYPT", "{BLF-CRYPT}$2y$10$"},
	    {"bcrypt", "{BLF-CRYPT}$2y$10$"},
	    {"sha512-crypt", "{SHA512-CRYPT}$6$rounds=50000$"},
	    {"argon2id", "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$"},
	    {"SSHA256", "{SSHA256}"}, {"PLAIN", "{PLAIN}p"}};
	struct str pass = STR("p\303\244ss w\303\266rd");
	struct buf b, other;

	buf_init(&b, 1024);
	buf_init(&other, 1024);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		const char *name = schemes[i][0];

		buf_reset(&b);
		CHECK_NUM(secret_make(str_z(name), pass, &b), 0, name);
		CHECK(str_starts(buf_slice(&b), str_z(schemes[i][1])), name);
		CHECK(!str_has(buf_slice(&b), ':'), "no colon in it");
		CHECK_NUM(secret_check(buf_slice(&b), pass), 1, name);
		CHECK_NUM(secret_check(buf_slice(&b), STR("pass")), 0, name);
		CHECK_NUM(secret_check(buf_slice(&b), STR("")), 0, name);
	}
	buf_reset(&b);
	secret_make(STR("SSHA256"), pass, &b);
	secret_make(STR("SSHA256"), pass, &other);
	CHECK(!str_eq(buf_slice(&b), buf_slice(&other)), "a salt of its own");
	secret_pretend(STR(""), STR("x"));
	secret_pretend(STR("{NOSUCH}x"), STR("x"));
	buf_free(&b);
	buf_free(&other);
}

static void
test_refused(void)
{
	char longer[SECRET_PASS_MAX + 1];
	struct str any = STR("SSHA256");
	struct buf b;

	buf_init(&b, 1024);
	memset(longer, 'x', sizeof(longer));
	CHECK_NUM(secret_make(any, STR(""), &b), -1, "an empty one is refused");
	CHECK_NUM(secret_make(any, STR("a\nb"), &b), -1, "a line end too");
	CHECK_NUM(secret_make(any, str_make("a\0b", 3), &b), -1, "so is NUL");
	CHECK_NUM(secret_make(any, str_make(longer, sizeof(longer)), &b), -1,
	    "and one that is too long");
	CHECK_NUM(secret_make(STR("PLAIN"), STR("a:b"), &b), -1,
	    "a colon would end the field");
	CHECK_NUM(secret_make(STR("CRAM-MD5"), STR("ab"), &b), -1,
	    "a scheme that nobody should use any more");
	CHECK_NUM(b.n, 0, "nothing was appended");
	CHECK_NUM(secret_check(STR("{SSHA256}GfLA83Z9QpDwVxHcuh8d59y8tTfU2B7W"
				   "QYRjjPHNh8ufF876"),
		      str_make(longer, sizeof(longer))),
	    0, "too long to be right");
	buf_free(&b);
}

static void
test_scram(void)
{
	/* of RFC 7677 3 */
	static const char stored[] =
	    "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
	    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
	    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
	struct scram s;

	CHECK_NUM(secret_check(str_z(stored), STR("pencil")), 1, "pencil");
	CHECK_NUM(secret_scram(str_z(stored), &s), 1, "it has keys");
	CHECK_NUM(s.iterations, 4096, "iterations");
	CHECK_NUM(s.salt_n, 16, "salt");
	CHECK_NUM(secret_scram(STR("{PLAIN}x"), &s), 0, "no keys");
	CHECK_NUM(secret_scram(STR("{SCRAM-SHA-256}!"), &s), 0, "locked");
	CHECK_NUM(secret_scram(STR("{SCRAM-SHA-256}x"), &s), -1, "malformed");
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
	CHECK(!secret_known(STR("{OTP}x")), "an unknown scheme");
	CHECK(secret_weak(STR("{PLAIN}x")) && secret_weak(STR("{SHA.hex}x")) &&
		  secret_weak(STR("$1$x$y")) &&
		  secret_weak(STR("abCDEFghijklm")),
	    "weak ones");
	CHECK(!secret_weak(STR("$y$j9T$x")) &&
		  !secret_weak(STR("{BLF-CRYPT}$2y$")) &&
		  !secret_weak(STR("{SCRAM-SHA-256}x")),
	    "good ones");
}

int
main(void)
{
	test_vectors();
	test_own();
	test_refused();
	test_scram();
	test_words();
	return tap_done();
}
