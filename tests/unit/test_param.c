/* SPDX-License-Identifier: ISC */
/* msg/param: RFC 2045 5.1, RFC 2183, RFC 2231. */
#include "tap.h"

#include <time.h>

#include "base/buf.h"
#include "charset_samples.h"
#include "msg/param.h"

static struct arena arena;
static struct buf out;

static const struct {
	const char *value, *want, *what;
} fields[] = {
    {"text/plain; charset=us-ascii (Plain text)", "charset=us-ascii;",
	"RFC 2045 5.1"},
    {"text/plain; charset=\"us-ascii\"", "charset=us-ascii;", "RFC 2045 5.1"},
    {"text/plain", "", "none"},
    {"text/plain;", "", "nothing behind ';'"},
    {"a/b ; c = d ; e= \"f \\\"g\\\"; h\" (i) ;j=k", "c=d;e=f \"g\"; h;j=k;",
	"blanks and quotes"},
    {"a/b; c=d e=f", "c=d;e=f;", "';' forgotten"},
    {"a/b; name=my file.pdf; c=d", "name=my file.pdf;c=d;", "quotes forgotten"},
    {"a/b; c; d=e; =f; g=", "d=e;g=;", "no value, no name"},
    {"a/b; c=\"d", "c=d;", "an open quote"},
    {"a/b; c=\"d\\", "c=d;", "a backslash at the end"},
    {"a/b;\r\n\tc=\"d\r\n e\"", "c=d e;", "folds"},
    {"a/b; URL*0=\"ftp://\";\n URL*1=\"cs.example/pub/x.ps\"",
	"URL=ftp://cs.example/pub/x.ps;", "RFC 2231 3"},
    {"a/b; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
	"title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A;",
	"RFC 2231 4"},
    {"a/b; title*0*=us-ascii'en'This%20is%20even%20more%20;\n"
     " title*1*=%2A%2A%2Afun%2A%2A%2A%20;\n title*2=\"isn't it!\"",
	"title*=us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20"
	"isn%27t%20it!;",
	"RFC 2231 4.1"},
    {"a/b; t*1=b; t*0=a; t*3=d", "t=ab;", "any order, up to a gap"},
    {"a/b; t*0=a; t*0=b; t*1=c", "t=ac;", "two beginnings"},
    {"a/b; t*x=a; t**=b; t*999=c", "t*x=a;t*=b;t*999=c;", "odd names"},
};

static void
show(struct str rest)
{
	struct param_list l;

	arena_reset(&arena);
	param_parse(&l, rest, &arena);
	buf_reset(&out);
	for (size_t i = 0; i < l.n; i++) {
		buf_str(&out, l.params[i].name);
		buf_z(&out, l.params[i].extended ? "*=" : "=");
		buf_str(&out, l.params[i].value);
		buf_chr(&out, ';');
	}
}

static void
test_params(void)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		struct str type, subtype, rest;

		CHECK(
		    param_type(str_z(fields[i].value), &type, &subtype, &rest),
		    "type");
		show(rest);
		CHECK_STR(
		    buf_slice(&out), str_z(fields[i].want), fields[i].what);
	}
}

static void
test_types(void)
{
	static const char *const bad[] = {"", "text", "text/", "/plain",
	    "text plain", "\"text\"/plain", "(text/plain)", ";text/plain"};
	struct str type, subtype, rest;

	CHECK(param_type(STR(" (a) Text (b)/ (c) X-y+z.1\r\n ; d=e"), &type,
		  &subtype, &rest),
	    "comments, RFC 2045 5.1");
	CHECK_STR(type, STR("Text"), "type");
	CHECK_STR(subtype, STR("X-y+z.1"), "subtype");
	CHECK_STR(rest, STR("\r\n ; d=e"), "the rest");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!param_type(str_z(bad[i]), &type, &subtype, &rest),
		    "no type, RFC 2045 5.2");
	CHECK(param_token(STR(" inline; a=b"), &type, &rest) &&
		  str_eq(type, STR("inline")),
	    "RFC 2183");
	CHECK(!param_token(STR(" ;"), &type, &rest), "no token");
}

static void
check_utf8(const char *rest, const char *want, const char *what)
{
	struct param_list l;
	const struct param *p;

	arena_reset(&arena);
	param_parse(&l, str_z(rest), &arena);
	p = param_find(&l, STR("FILENAME"));
	buf_reset(&out);
	if (p)
		param_utf8(p, &out);
	CHECK_STR(buf_slice(&out), str_z(want), what);
}

static void
test_utf8(void)
{
	check_utf8("; filename=a.txt", "a.txt", "plain");
	check_utf8("; filename*=iso-8859-1'fr'caf%E9.txt", "caf\xc3\xa9.txt",
	    "RFC 2231 4");
	check_utf8("; filename*0*=utf-8''caf%C3; filename*1*=%A9%2; x=y",
	    "caf\xc3\xa9%2", "a character in two pieces");
	check_utf8("; filename=a; filename*=utf-8''b", "b",
	    "the extended one is preferred");
	check_utf8("; filename=\"=?utf-8?q?caf=C3=A9?=.txt\"",
	    "caf\xc3\xa9.txt", "an encoded word");
	check_utf8("; filename*=%41", "A", "no character set");
	check_utf8("; filename*=''%C3%A9", "\xc3\xa9", "an empty one");
	check_utf8("; name=x", "", "not there");
}

static void
bomb(const char *piece, const char *what)
{
	struct buf big;
	clock_t start;

	buf_init(&big, 11 << 20);
	while (big.n < 10 << 20)
		buf_z(&big, piece);
	start = clock();
	show(buf_slice(&big));
	tap_check((clock() - start) / CLOCKS_PER_SEC < 5 && !out.over, __FILE__,
	    __LINE__, what);
	printf("# %s: %.3f s, %zu octets of memory\n", what,
	    (double)(clock() - start) / CLOCKS_PER_SEC, arena.used);
	buf_free(&big);
}

/* A name of a file in every set, cut in two (RFC 2231 4.1). */
static void
test_sets(void)
{
	for (size_t i = 0; i < CHARSET_SAMPLES; i++) {
		struct str half = str_z(charset_samples[i].percent);
		size_t cut = half.n / 6 * 3;
		const struct param *p;
		struct param_list l;
		char text[400];

		snprintf(text, sizeof(text),
		    "; filename*0*=%s''%.*s; filename*1*=%s",
		    charset_samples[i].set, (int)cut, half.p, half.p + cut);
		arena_reset(&arena);
		param_parse(&l, str_z(text), &arena);
		p = param_find(&l, STR("filename"));
		buf_reset(&out);
		if (p)
			param_utf8(p, &out);
		CHECK_STR(buf_slice(&out), str_z(charset_samples[i].utf8),
		    charset_samples[i].set);
	}
}

int
main(void)
{
	arena_init(&arena, 256 << 10);
	buf_init(&out, 1 << 20);
	test_types();
	test_params();
	test_utf8();
	test_sets();
	bomb("; a=b", "parameters");
	bomb("; a*0*=b; a*1=\xff\xff\xff\xff", "pieces");
	bomb(";a*0=;a*1="
	     "\"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	     "\"",
	    "long pieces");
	bomb(";a*0*=\"", "quotes");
	bomb("(", "comments");
	bomb(" a", "words");
	arena_free(&arena);
	buf_free(&out);
	return tap_done();
}
