/* SPDX-License-Identifier: ISC */
/* msg/part: the MIME tree, numbering, sizes, broken mail, bombs. */
#include "tap.h"

#include <stdlib.h>
#include <time.h>

#include "msg/part.h"
#include "base/buf.h"

static struct arena arena;

/* The tree as text: "mixed(plain,rfc822{html})". */
static void
show(const struct part_tree *t, uint32_t i, struct buf *b)
{
	const struct part *p = &t->parts[i];

	buf_str(b, p->subtype);
	if (p->kind == PART_LEAF)
		return;
	buf_chr(b, p->kind == PART_MESSAGE ? '{' : '(');
	for (uint32_t k = p->first; k != PART_NONE; k = t->parts[k].next) {
		if (k != p->first)
			buf_chr(b, ',');
		show(t, k, b);
	}
	buf_chr(b, p->kind == PART_MESSAGE ? '}' : ')');
}

static struct part_tree
parse(struct str text)
{
	struct part_tree t;

	arena_reset(&arena);
	part_parse(&t, text, &arena);
	return t;
}

static void
check_shape(const char *text, const char *want, const char *what)
{
	struct part_tree t = parse(str_z(text));
	struct buf b;

	buf_init(&b, 100000);
	show(&t, 0, &b);
	CHECK_STR(buf_slice(&b), str_z(want), what);
	buf_free(&b);
}

#define MIXED(b) "Content-Type: multipart/mixed; boundary=" b "\n\n"
#define TYPE(t) "Content-Type: " t "\n\n"

static void
test_shapes(void)
{
	check_shape("", "plain", "nothing at all");
	check_shape("Subject: x\n", "plain", "only a header");
	check_shape("\nbody\n", "plain", "only a body");
	check_shape(MIXED("a") "--a\n\none\n--a\n" TYPE(
			"text/html") "two\n--a--\nend\n",
	    "mixed(plain,html)", "two parts");
	check_shape(
	    MIXED("a") "pre\n--a\n\none\n", "mixed(plain)", "missing close");
	check_shape(MIXED("a") "--a\n" MIXED("b") "--b\n\nx\n--a\n\ny\n--a--\n",
	    "mixed(mixed(plain),plain)", "the outer boundary closes the inner");
	check_shape(MIXED("a") "--a\n" MIXED("ab") "--ab\n\nx\n--ab--\n--a\n\n"
						   "y\n--a--\n",
	    "mixed(mixed(plain),plain)", "a boundary that starts with another");
	check_shape(
	    MIXED("a") "--a\n" TYPE("message/rfc822") "Subject: in\n" TYPE(
		"text/html") "x\n--a--\n",
	    "mixed(rfc822{html})", "a message inside");
	check_shape(
	    "Content-Type: multipart/digest; boundary=\"a b\"\n\n"
	    "--a b\n\nSubject: x\n\ny\n--a b\n" TYPE("text/plain") "z\n"
								   "--a b--\n",
	    "digest(rfc822{plain},plain)",
	    "the default type in a digest, RFC 2046 5.1.5");
	check_shape("Content-Type: multipart/mixed\n\n--a\n\nx\n", "plain",
	    "no boundary parameter");
	check_shape("Content-Type: nonsense\n\nx", "plain", "RFC 2045 5.2");
	check_shape(MIXED("a") "--a--\n", "mixed()", "no parts");
	check_shape(MIXED("a") "--a\nContent-Type: message/rfc822\n--a--\n",
	    "mixed(rfc822{plain})", "a header cut short");
	check_shape(MIXED("a") "--a\n\nx\n--a--\n--a\n\ny\n", "mixed(plain)",
	    "nothing starts behind the close");
	check_shape(MIXED("a") "--a \t\r\n\r\nx\r\n--a-- \r\n", "mixed(plain)",
	    "blanks behind a boundary, RFC 2046 5.1.1");
	check_shape(MIXED("a") "--a\n" MIXED("a") "--a\n\nx\n--a--\n--a--\n",
	    "mixed(mixed(plain))", "the same boundary twice");
	check_shape("Content-Type: message/rfc822\n"
		    "Content-Transfer-Encoding: base64\n\nU3ViamVjdDogeAo=\n",
	    "octet-stream", "an encoded message, RFC 2046 5.2.1");
}

static void
test_sizes(void)
{
	static const char text[] = "Subject: x\n" MIXED("q") "preamble\n"
							     "--q\n"
							     "\n"
							     "one\r\ntwo\n"
							     "--q\n"
							     "X: y\n"
							     "\n"
							     "--q\n"
							     "X: z\n"
							     "--q--\n";
	struct part_tree t = parse(str_z(text));
	const struct part *p = &t.parts[0];

	CHECK_NUM(t.n, 4, "three parts in one");
	CHECK_NUM(part_header_wire(p) + part_body_wire(p),
	    sizeof(text) - 1 + 13, "13 bare LFs");
	CHECK_NUM(part_header_wire(p), p->body + 3, "three in the header");
	CHECK_STR(part_body(&t, &t.parts[1]), STR("one\r\ntwo"),
	    "the last line end belongs to the boundary, RFC 2046 5.1.1");
	CHECK_NUM(part_body_wire(&t.parts[1]), 8, "its size");
	CHECK_NUM(t.parts[1].lines, 1, "its lines");
	CHECK_STR(part_header(&t, &t.parts[1]), STR("\n"), "an empty header");
	CHECK_NUM(part_header_wire(&t.parts[1]), 2, "in CRLF");
	CHECK_STR(part_header(&t, &t.parts[2]), STR("X: y\n\n"), "header");
	CHECK_NUM(part_body_wire(&t.parts[2]), 0, "an empty body");
	CHECK_STR(part_header(&t, &t.parts[3]), STR("X: z\n"), "cut header");
	CHECK_NUM(part_body_wire(&t.parts[3]), 0, "and no body");
}

static const char numbered[] = /* the shape of RFC 3501 6.4.5's example */
    MIXED("m") "--m\n" TYPE(
	"text/plain") "1\n"
		      "--m\n" TYPE(
			  "application/octet-stream") "2\n"
						      "--m\n" TYPE("message/"
								   "rfc822")
							  MIXED(
							      "n") "--"
								   "n\n" TYPE(
								       "text/"
								       "plai"
								       "n") "3."
									    "1"
									    "\n"
									    "--"
									    "n"
									    "\n" TYPE(
										"ap"
										"pl"
										"ic"
										"at"
										"io"
										"n/"
										"oc"
										"te"
										"t-"
										"st"
										"re"
										"a"
										"m") "3.2\n"
										     "--n--\n"
										     "--m\n" MIXED("o") "--o\n" TYPE(
											 "image/gif") "4.1\n"
												      "--o\n" TYPE(
													  "message/rfc822")
													  MIXED("p") "--p\n" TYPE(
													      "text/plain") "4.2.1\n"
															    "--p\n"
															    "Content-Type: multipart/alternative; boundary=r\n\n"
															    "--r\n" TYPE(
																"text/plain") "4.2.2.1\n"
																	      "--r\n" TYPE(
																		  "text/richtext") "4.2.2.2\n"
																				   "--r--\n"
																				   "--p--\n"
																				   "--o--\n"
																				   "--m--\n";

static void
check_number(const struct part_tree *t, uint32_t a, uint32_t b, uint32_t c,
    uint32_t d, const char *want)
{
	const uint32_t n[] = {a, b, c, d};
	size_t count = 0;
	const struct part *p;

	while (count < 4 && n[count] != 9)
		count++;
	p = part_find(t, n, count);
	if (!want)
		CHECK(!p, "no such part");
	else
		CHECK_STR(p ? part_body(t, p) : STR("none"), str_z(want),
		    "RFC 3501 6.4.5");
}

static void
test_numbers(void)
{
	struct part_tree t = parse(str_z(numbered));
	const struct part *p;

	check_number(&t, 1, 9, 9, 9, "1");
	check_number(&t, 2, 9, 9, 9, "2");
	check_number(&t, 3, 1, 9, 9, "3.1");
	check_number(&t, 3, 2, 9, 9, "3.2");
	check_number(&t, 4, 1, 9, 9, "4.1");
	check_number(&t, 4, 2, 1, 9, "4.2.1");
	check_number(&t, 4, 2, 2, 1, "4.2.2.1");
	check_number(&t, 4, 2, 2, 2, "4.2.2.2");
	check_number(&t, 0, 9, 9, 9, NULL);
	check_number(&t, 5, 9, 9, 9, NULL);
	check_number(&t, 1, 1, 9, 9, NULL);
	check_number(&t, 4, 2, 3, 9, NULL);
	t = parse(STR("Subject: x\n\nbody"));
	check_number(&t, 1, 9, 9, 9, "body");
	check_number(&t, 2, 9, 9, 9, NULL);
	check_number(&t, 1, 1, 9, 9, NULL);
	t = parse(STR(TYPE("message/rfc822") "Subject: in\n\nbody"));
	check_number(&t, 1, 9, 9, 9, "Subject: in\n\nbody");
	check_number(&t, 1, 1, 9, 9, "body");
	check_number(&t, 1, 2, 9, 9, NULL);
	p = part_find(&t, NULL, 0);
	CHECK(p == &t.parts[0], "no numbers: the message");
}

/* Parse ten megabytes of text made of piece again and again behind head. */
static void
bomb(const char *head, const char *piece, const char *what)
{
	const size_t size = 10 << 20;
	struct buf b;
	struct part_tree t;
	clock_t start;
	double s;

	buf_init(&b, size + 1000);
	buf_z(&b, head);
	while (b.n < size)
		buf_z(&b, piece);
	start = clock();
	t = parse(buf_slice(&b));
	s = (double)(clock() - start) / CLOCKS_PER_SEC;
	tap_check(s < 5 && t.n <= PART_MAX, __FILE__, __LINE__, what);
	printf("# %s: %.3f s, %zu parts, %zu octets of memory\n", what, s, t.n,
	    arena.used);
	buf_free(&b);
}

static void
test_bombs(void)
{
	bomb("", MIXED("a") "--a\n", "nesting with one boundary");
	bomb("", TYPE("message/rfc822"), "nested messages");
	bomb(MIXED("a"), "--a\n\n", "a million parts");
	bomb(MIXED("a"), "--a\n" MIXED("b") "--b\n", "two boundaries in turn");
	bomb(MIXED("a"), "--b\n", "lines like boundaries");
	bomb("", "X: y\n", "an endless header");
	bomb("Content-Type: multipart/mixed", ";a=b", "a million parameters");
	bomb("Content-Type: multipart/mixed", ";\n a*1*=b", "pieces, RFC 2231");
	bomb("Content-Type: text/plain ", "(", "comments");
	bomb("Content-Type: text/plain; a=\"", "\\", "backslashes");
	bomb("\n", "\n", "empty lines");
}

/* A hundred boundaries open, none of them met. */
static void
test_deep(void)
{
	struct buf b;
	struct part_tree t;

	buf_init(&b, 1 << 20);
	for (int i = 0; i < 150; i++)
		buf_fmt(&b, MIXED("x%dx") "--x%dx\n", i, i);
	t = parse(buf_slice(&b));
	CHECK_NUM(t.n, PART_DEPTH + 1, "the message and 100 levels");
	CHECK_STR(t.parts[PART_DEPTH].subtype, STR("octet-stream"),
	    "below them, a leaf");
	CHECK_NUM(t.parts[PART_DEPTH].depth, PART_DEPTH, "depth");
	bomb(buf_cstr(&b), "--x1\n", "a hundred open boundaries");
	buf_free(&b);
}

static const struct {
	const char *name, *want;
} samples[] = {
    {"plain", "plain"},
    {"utf8", "plain"},
    {"iso2022jp", "plain"},
    {"koi8", "plain"},
    {"utf16", "plain"},
    {"alternative", "alternative(plain,html)"},
    {"attachments", "mixed(related(html,png),pdf,x-patch)"},
    {"forwarded", "mixed(plain,rfc822{alternative(plain,html)})"},
    {"digest", "digest(rfc822{plain},rfc822{plain},plain)"},
    {"noclose", "mixed(plain,octet-stream)"},
    {"outercloses", "mixed(alternative(plain,html),plain)"},
    {"noheader", "plain"},
    {"onlyheader", "plain"},
    {"noblank", "plain"},
    {"groups", "plain"},
    {"longheader", "plain"},
    {"words", "plain"},
    {"mbox", "plain"},
    {"bounce", "report(plain,delivery-status,rfc822-headers)"},
    {"emptyparts", "mixed(plain,plain,mixed(),rfc822{plain})"},
    {"crlf", "mixed(plain,plain)"},
};

/* Run where tests/msgs is: in the top folder. */
static void
test_samples(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		static char text[65536];
		char path[100];
		size_t n;
		FILE *f;

		snprintf(
		    path, sizeof(path), "tests/msgs/%s.eml", samples[i].name);
		f = fopen(path, "rb");
		CHECK(f, path);
		if (!f)
			continue;
		n = fread(text, 1, sizeof(text) - 1, f);
		text[n] = '\0';
		fclose(f);
		check_shape(text, samples[i].want, path);
	}
}

int
main(void)
{
	arena_init(&arena, 8 << 20);
	test_shapes();
	test_sizes();
	test_numbers();
	test_samples();
	test_bombs();
	test_deep();
	arena_free(&arena);
	return tap_done();
}
