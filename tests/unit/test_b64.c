/* SPDX-License-Identifier: ISC */
/* msg/b64: RFC 4648 10 test vectors, strictness, decoding in pieces. */
#include "tap.h"

#include "msg/b64.h"

static const struct {
	const char *plain, *coded;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static const char *const broken[] = {
    "Z",
    "Zg",
    "Zg=",
    "Zg==Zg==",
    "Zh==",
    "Zm9=",
    "====",
    "=",
    "A===",
    "Zm9v\n",
    " Zm9v",
    "Zm9v====",
    "Z=g=",
    "Zm-v",
    "Zm_v",
};

static void
test_vectors(void)
{
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		buf_reset(&b);
		b64_encode(&b, str_z(vectors[i].plain));
		CHECK_STR(buf_slice(&b), str_z(vectors[i].coded),
		    "encode, RFC 4648 10");
		buf_reset(&b);
		CHECK(b64_decode(&b, str_z(vectors[i].coded)) == 0, "decodes");
		CHECK_STR(buf_slice(&b), str_z(vectors[i].plain),
		    "decode, RFC 4648 10");
	}
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		buf_reset(&b);
		CHECK(b64_decode(&b, str_z(broken[i])) < 0 && b.n == 0,
		    "refused, RFC 4648 3.2, 3.3, 3.5");
	}
	buf_free(&b);
}

static void
test_all_octets(void)
{
	char all[256];
	struct buf coded, plain;

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	buf_init(&coded, 1000);
	buf_init(&plain, 1000);
	for (size_t n = 0; n <= sizeof(all); n++) {
		buf_reset(&coded);
		buf_reset(&plain);
		b64_encode(&coded, str_make(all, n));
		if (b64_decode(&plain, buf_slice(&coded)) < 0 ||
		    !str_eq(buf_slice(&plain), str_make(all, n)))
			CHECK(false, "round trip");
	}
	CHECK(!plain.over, "every octet, every length");
	buf_free(&coded);
	buf_init(&coded, 11);
	b64_encode(&coded, str_make(all, 9));
	CHECK(coded.over && coded.n == 0, "what does not fit is dropped whole");
	buf_free(&coded);
	buf_free(&plain);
}

static void
check_tolerant(const char *in, const char *want, const char *what)
{
	struct b64 d;
	struct buf b;
	struct str s = str_z(in);

	buf_init(&b, 1000);
	for (size_t step = 1; step < 4; step++) {
		buf_reset(&b);
		b64_begin(&d);
		for (size_t i = 0; i < s.n; i += step)
			b64_feed(&d, str_to(str_from(s, i), step), &b);
		b64_end(&d, &b);
		CHECK_STR(buf_slice(&b), str_z(want), what);
	}
	buf_free(&b);
}

static void
test_tolerant(void)
{
	struct buf b;

	check_tolerant("Zm9v\r\nYmFy\r\n", "foobar", "line ends, RFC 2045 6.8");
	check_tolerant("Zm 9-v!\tYg==", "foob", "other characters");
	check_tolerant("Zm9vYg", "foob", "missing padding");
	check_tolerant("Zg==Zg==", "ff", "texts one behind the other");
	check_tolerant("Z", "", "less than one octet");
	check_tolerant("====", "", "only padding");
	buf_init(&b, 1000);
	b64_encode_lines(&b, str_z("123456789012345678901234567890123456789012"
				   "345678901234567890"));
	CHECK_STR(str_from(buf_slice(&b), 76), STR("\r\nODkw\r\n"),
	    "lines of 76 characters, RFC 2045 6.8");
	buf_free(&b);
}

int
main(void)
{
	test_vectors();
	test_all_octets();
	test_tolerant();
	return tap_done();
}
