/* SPDX-License-Identifier: ISC */
/* msg/structure: ENVELOPE and BODYSTRUCTURE, RFC 3501 7.4.2. */
#include "tap.h"

#include <time.h>

#include "base/buf.h"
#include "msg/nstring.h"
#include "msg/structure.h"

static struct buf out, extra;
static struct arena scratch;

static void
check_envelope(const char *text, const char *want, const char *what)
{
	buf_reset(&out);
	structure_envelope(&out, str_z(text), &scratch);
	CHECK_STR(buf_slice(&out), str_z(want), what);
}

#define ANN "((\"Ann Lee\" NIL \"ann\" \"example.test\"))"
#define SIX ANN " " ANN " " ANN

static void
test_envelope(void)
{
	check_envelope("\nbody\n", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
	    "absent fields are NIL");
	check_envelope(
	    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
	    "From: Ann Lee <ann@example.test>\r\n"
	    "Subject: IMAP4rev1 WG mtg\r\n  summary and minutes\r\n"
	    "To: imap@example.test\r\n"
	    "cc: minutes@b.example.test, Ben Roe <BEN@C.EXAMPLE.TEST>\r\n"
	    "Message-Id: <B27397-0100000@example.test>\r\n\r\n",
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	    "\"IMAP4rev1 WG mtg  summary and minutes\" " SIX
	    " ((NIL NIL \"imap\" \"example.test\"))"
	    " ((NIL NIL \"minutes\" \"b.example.test\")(\"Ben Roe\" NIL "
	    "\"BEN\" \"C.EXAMPLE.TEST\")) NIL NIL "
	    "\"<B27397-0100000@example.test>\")",
	    "after the example of RFC 3501 8; Sender, Reply-To from From");
	check_envelope("Subject:\nSender: \nReply-To: r@x.test\n"
		       "From: Ann Lee <ann@example.test>\nTo:\n",
	    "(NIL \"\" " ANN " " ANN " ((NIL NIL \"r\" \"x.test\"))"
	    " NIL NIL NIL NIL NIL)",
	    "present but empty");
	check_envelope("To: A b:c@d.test,e;, f@g.test\n",
	    "(NIL NIL NIL NIL NIL ((NIL NIL \"A b\" NIL)"
	    "(NIL NIL \"c\" \"d.test\")(NIL NIL \"e\" \"\")"
	    "(NIL NIL NIL NIL)(NIL NIL \"f\" \"g.test\"))"
	    " NIL NIL NIL NIL)",
	    "groups");
	check_envelope("To: a@b.test\nTo: c@d.test\nSubject: 1\nSubject: 2\n",
	    "(NIL \"1\" NIL NIL NIL ((NIL NIL \"a\" \"b.test\")(NIL NIL "
	    "\"c\" \"d.test\")) NIL NIL NIL NIL)",
	    "doubled fields");
	check_envelope(
	    "Subject: Caf\xc3\xa9\nFrom: \"O\\\\ \\\"K\\\"\" <@r.test:"
	    "a@b.test>\n",
	    "(NIL {5}\r\nCaf\xc3\xa9 ((\"O\\\\ \\\"K\\\"\" \"@r.test\" \"a\" "
	    "\"b.test\")) ((\"O\\\\ \\\"K\\\"\" \"@r.test\" \"a\" \"b.test\")) "
	    "((\"O\\\\ \\\"K\\\"\" \"@r.test\" \"a\" \"b.test\")) NIL NIL NIL "
	    "NIL NIL)",
	    "8-bit in a literal, quotes quoted, a route");
	check_envelope("Subject: =?utf-8?q?=C3=A9?=\n",
	    "(NIL \"=?utf-8?q?=C3=A9?=\" NIL NIL NIL NIL NIL NIL NIL NIL)",
	    "encoded words untouched");
	check_envelope("Subject: a\rb\n",
	    "(NIL {3}\r\na\rb NIL NIL NIL NIL NIL NIL NIL NIL)",
	    "a bare CR needs a literal");
	buf_reset(&out);
	nstring_string(&out, str_make("a\0b", 3));
	CHECK_STR(buf_slice(&out), STR("\"a?b\""), "NUL is in no string");
}

static void
check_structure(
    const char *text, bool extended, const char *want, const char *what)
{
	struct arena a;
	struct part_tree t;

	arena_init(&a, 8 << 20);
	part_parse(&t, str_z(text), &a);
	buf_reset(&out);
	buf_reset(&extra);
	structure_put(&out, &t, &extra, &scratch);
	if (!extended) {
		struct str all = arena_str(&a, buf_slice(&out));

		buf_reset(&out);
		CHECK_NUM(structure_basic(&out, all, buf_slice(&extra)), 0,
		    "BODY is part of it");
	}
	CHECK_STR(buf_slice(&out), str_z(want), what);
	arena_free(&a);
}

#define MIXED(b) "Content-Type: multipart/mixed; boundary=" b "\n\n"
#define TEXT0 "(\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" "

static void
test_leaf(void)
{
	check_structure("Subject: x\n\nline\nline\n", false,
	    "(\"text\" \"plain\" " TEXT0 "12 2)", "plain text, sizes in CRLF");
	check_structure("Subject: x\n\nline\r\nline", true,
	    "(\"text\" \"plain\" " TEXT0 "10 1 NIL NIL NIL NIL)", "extended");
	check_structure("Content-Type: text/HTML\n\n", false,
	    "(\"text\" \"HTML\" NIL NIL NIL \"7BIT\" 0 0)", "no parameters");
	check_structure(
	    "Content-Type: image/png; name=\"a \\\"b\\\".png\";\n"
	    " x=y\nContent-ID: <1@x.test>\nContent-Description: a\n picture\n"
	    "Content-Transfer-Encoding: BASE64 (yes)\n"
	    "Content-Disposition: attachment;\n filename*0*=utf-8''caf%C3%A9;"
	    "\n filename*1=\".png\"; size=4\n"
	    "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\n"
	    "Content-Language: en, de-CH (Swiss)\n"
	    "Content-Location: http://x.test/\n\nQUJD\n",
	    true,
	    "(\"image\" \"png\" (\"name\" \"a \\\"b\\\".png\" \"x\" \"y\") "
	    "\"<1@x.test>\" \"a picture\" \"BASE64\" 6 "
	    "\"Q2hlY2sgSW50ZWdyaXR5IQ==\" (\"attachment\" (\"filename*\" "
	    "\"utf-8''caf%C3%A9.png\" \"size\" \"4\")) (\"en\" \"de-CH\") "
	    "\"http://x.test/\")",
	    "every field, RFC 2231 6");
	check_structure("Content-Disposition: inline\n\n", true,
	    "(\"text\" \"plain\" " TEXT0 "0 0 NIL (\"inline\" NIL) NIL NIL)",
	    "disposition without parameters");
	check_structure("Content-Type: text/plain; name=\xc3\xa9\n\n", false,
	    "(\"text\" \"plain\" (\"name\" {2}\r\n\xc3\xa9) NIL NIL \"7BIT\" 0 "
	    "0)",
	    "8-bit in a parameter");
}

static void
test_composite(void)
{
	check_structure(
	    MIXED("a") "--a\n\none\n--a\nContent-Type: text/html\n\n"
		       "two\n--a--\n",
	    false,
	    "((\"text\" \"plain\" " TEXT0 "3 0)(\"text\" \"html\" NIL NIL NIL "
	    "\"7BIT\" 3 0) \"mixed\")",
	    "multipart");
	check_structure(MIXED("a") "--a\n\none\n--a--\n", true,
	    "((\"text\" \"plain\" " TEXT0 "3 0 NIL NIL NIL NIL) \"mixed\" "
	    "(\"boundary\" \"a\") NIL NIL NIL)",
	    "multipart, extended");
	check_structure(MIXED("a"), false,
	    "((\"TEXT\" \"PLAIN\" " TEXT0 "0 0) \"mixed\")",
	    "the grammar wants a part, RFC 3501 9");
	check_structure(MIXED("a") "--a\nContent-Type: message/rfc822\n\n"
				   "Subject: in\n\nbody\n--a--\n",
	    true,
	    "((\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 19 (NIL \"in\" NIL "
	    "NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" " TEXT0
	    "4 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL) \"mixed\" "
	    "(\"boundary\" \"a\") NIL NIL NIL)",
	    "a message inside");
	check_structure(MIXED("a") "--a\n" MIXED("b") "--b\n\nx\n--a\n\ny\n",
	    false,
	    "(((\"text\" \"plain\" " TEXT0 "1 0) \"mixed\")(\"text\" "
	    "\"plain\" " TEXT0 "3 1) \"mixed\")",
	    "an outer boundary closes the inner part");
}

/* Whatever a message holds, the answer is bounded and whole. */
static void
bomb(const char *head, const char *piece, const char *what)
{
	const size_t size = 10 << 20;
	struct arena a;
	struct part_tree t;
	struct buf b;
	clock_t start;
	double s;

	buf_init(&b, size + 1000);
	arena_init(&a, 8 << 20);
	buf_z(&b, head);
	while (b.n < size)
		buf_z(&b, piece);
	start = clock();
	buf_reset(&out);
	part_parse(&t, buf_slice(&b), &a);
	buf_reset(&extra);
	structure_put(&out, &t, &extra, &scratch);
	structure_envelope(&out, buf_slice(&b), &scratch);
	s = (double)(clock() - start) / CLOCKS_PER_SEC;
	tap_check(s < 5 && !out.over && out.n && out.p[out.n - 1] == ')',
	    __FILE__, __LINE__, what);
	printf("# %s: %.3f s, %zu octets\n", what, s, out.n);
	arena_free(&a);
	buf_free(&b);
}

static void
test_bombs(void)
{
	bomb("", MIXED("a") "--a\n", "nested multiparts");
	bomb("", "Content-Type: message/rfc822\n\n", "nested messages");
	bomb("Content-Type: multipart/digest; boundary=a\n\n",
	    "--a\n\nTo: a@b.test, c@d.test\n\n", "a digest");
	bomb("To: ", "a@b,", "a million addresses");
	bomb("", "To: a@b\n", "a million fields");
	bomb("From: ", "a:", "groups");
	bomb("Content-Type: text/plain", ";a*0=b;a*1=c", "parameters");
	bomb("Content-Language: ", "a,", "languages");
	bomb("Subject: ", "\\", "backslashes");
	bomb("Subject: ", "\"", "quotes");
	bomb("Content-Type: multipart/mixed; boundary=a\n\n",
	    "--a\nContent-Type: message/rfc822\n\nFrom: x:a,b;\n\n",
	    "ten thousand messages");
}

static void
test_ceiling(void)
{
	struct arena a;
	struct part_tree t;
	struct buf b;

	arena_init(&a, 8 << 20);
	buf_init(&b, 80);
	part_parse(&t,
	    STR("Content-Type: image/x-long-name-of-a-type; "
		"name=\"and a long name\"\n\nabc\n"),
	    &a);
	buf_reset(&extra);
	structure_put(&b, &t, &extra, &scratch);
	CHECK_STR(buf_slice(&b),
	    STR("(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL "
		"NIL \"7BIT\" 5 NIL NIL NIL NIL)"),
	    "what does not fit is one part");
	buf_reset(&out);
	structure_basic(&out, buf_slice(&b), buf_slice(&extra));
	CHECK_STR(buf_slice(&out),
	    STR("(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL "
		"NIL \"7BIT\" 5)"),
	    "without extension data");
	CHECK_NUM(structure_basic(&out, STR("()"), STR("\x05\x01")), -1,
	    "more to leave out than there is");
	CHECK(!b.over, "and no failure");
	buf_reset(&b);
	structure_envelope(&b,
	    STR("Subject: 1234567890123456789012345678901234"
		"567890123456789012345678901234567890\n"),
	    &scratch);
	CHECK_STR(buf_slice(&b),
	    STR("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"), "NILs");
	buf_free(&b);
	arena_free(&a);
}

int
main(void)
{
	buf_init(&out, 16 << 20);
	buf_init(&extra, 1 << 20);
	arena_init(&scratch, 8 << 20);
	test_envelope();
	test_leaf();
	test_composite();
	test_bombs();
	test_ceiling();
	buf_free(&out);
	return tap_done();
}
