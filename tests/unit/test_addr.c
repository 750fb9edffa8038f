/* SPDX-License-Identifier: ISC */
/* msg/addr: address lists, RFC 5322 3.4, 4.4 and appendix A. */
#include "tap.h"

#include <time.h>

#include "base/buf.h"
#include "msg/addr.h"

static struct arena arena;

/* The list as text: "name|route|mailbox|host" per mailbox, "group:…;". */
static void
show(struct str value, struct buf *b)
{
	struct addr_list l;

	arena_reset(&arena);
	addr_parse(&l, value, &arena);
	for (size_t i = 0; i < l.n; i++) {
		const struct addr *a = &l.addrs[i];

		if (a->kind == ADDR_END) {
			buf_chr(b, ';');
			continue;
		}
		if (i && b->p[b->n - 1] != ':')
			buf_chr(b, ',');
		if (a->kind == ADDR_GROUP) {
			buf_str(b, a->mailbox);
			buf_chr(b, ':');
			continue;
		}
		buf_str(b, a->name);
		buf_chr(b, '|');
		buf_str(b, a->route);
		buf_chr(b, '|');
		buf_str(b, a->mailbox);
		buf_chr(b, '|');
		buf_str(b, a->host);
	}
}

static const struct {
	const char *value, *want, *what;
} lists[] = {
    {"", "", "nothing"},
    {" \r\n ", "", "only blanks"},
    {",, ,", "", "empty elements, RFC 5322 4.4"},
    {"ann@example.test", "||ann|example.test", "addr-spec"},
    {"John Doe <jdoe@machine.example>", "John Doe||jdoe|machine.example",
	"RFC 5322 A.1.1"},
    {"\"Joe Q. Public\" <john.q.public@example.com>",
	"Joe Q. Public||john.q.public|example.com", "RFC 5322 A.1.2"},
    {"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
	"Mary Smith||mary|x.test,||jdoe|example.org,Who?||one|y.test",
	"RFC 5322 A.1.2"},
    {"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
	"||boss|nil.test,Giant; \"Big\" Box||sysservices|example.net",
	"RFC 5322 A.1.2"},
    {"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
	"A Group:Ed Jones||c|a.test,||joe|where.test,John||jdoe|one.test;",
	"RFC 5322 A.1.3"},
    {"Undisclosed recipients:;", "Undisclosed recipients:;", "RFC 5322 A.1.3"},
    {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	"Pete||pete|silly.test", "RFC 5322 A.5"},
    {"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public."
     "example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my "
     "dear friend); (the end of the group)",
	"A Group:Chris Jones||c|public.example,||joe|example.org,John||jdoe|"
	"one.test;",
	"RFC 5322 A.5"},
    {"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
	"Hidden recipients:;", "RFC 5322 A.5"},
    {"Joe Q. Public <john.q.public@example.com>",
	"Joe Q. Public||john.q.public|example.com", "RFC 5322 A.6.1"},
    {"Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
	"Mary Smith|@node.test|mary|example.net,||jdoe|test.example",
	"RFC 5322 A.6.1 and A.6.3"},
    {"John Doe <jdoe@machine(comment).  example>",
	"John Doe||jdoe|machine.example", "RFC 5322 A.6.3"},
    {"<@a.test,@b.test:c@d.test>", "|@a.test,@b.test|c|d.test", "route"},
    {"c@d.test (Carl Doe)", "Carl Doe||c|d.test", "name in a comment"},
    {"\"joe smith\"@x.test", "||joe smith|x.test",
	"quotes are not part of it, RFC 3501 9 (addr-mailbox)"},
    {"ann@[10.0.0.1]", "||ann|[10.0.0.1]", "domain literal"},
    {"ann", "||ann|", "no host"},
    {"ann . lee @ x . test", "||ann.lee|x.test", "obsolete blanks"},
    {"=?utf-8?q?A=2C_B?= <a@b.test>", "=?utf-8?q?A=2C_B?=||a|b.test",
	"encoded words are left alone"},
    {"\"=?utf-8?q?A?=\" <a@b.test>", "=?utf-8?q?A?=||a|b.test", "quoted"},
    {"Ann Lee ann@x.test", "Ann Lee||ann|x.test", "angles forgotten"},
    {"Ann Lee <ann@x.test", "Ann Lee||ann|x.test", "angle not closed"},
    {"<ann@x.test, ben@y.test", "||ann|x.test,||ben|y.test", "not closed"},
    {"ann@x.test <ann@x.test>", "ann@x.test||ann|x.test", "'@' in a name"},
    {"<a@b@c.test>", "||a@b|c.test", "two '@'"},
    {"<>", "|||", "null path"},
    {"A: b@c.test", "A:||b|c.test;", "a group that does not end"},
    {"A: b@c.test; d@e.test", "A:||b|c.test;,||d|e.test", "behind a group"},
    {"A: B: c@d.test;;", "A:;,B:||c|d.test;", "groups do not nest"},
    {"\"open", "||open|", "open quote"},
    {"(open", "", "open comment"},
    {"a@b.test (open", "open||a|b.test", "open comment"},
    {"a@[open", "||a|[open", "open literal"},
    {"\"a\\", "||a|", "backslash at the end"},
    {";;:>@", ":|||;", "only marks"},
    {"Jos\xc3\xa9 <jos\xc3\xa9@x.test>", "Jos\xc3\xa9||jos\xc3\xa9|x.test",
	"UTF-8, RFC 6532"},
};

static void
test_lists(void)
{
	struct buf b;

	buf_init(&b, 10000);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		buf_reset(&b);
		show(str_z(lists[i].value), &b);
		CHECK_STR(buf_slice(&b), str_z(lists[i].want), lists[i].what);
	}
	buf_free(&b);
}

static void
bomb(const char *piece, const char *what)
{
	const size_t size = 10 << 20;
	struct addr_list l;
	struct buf b;
	clock_t start;
	double s;

	buf_init(&b, size + 1000);
	while (b.n < size)
		buf_z(&b, piece);
	arena_reset(&arena);
	start = clock();
	addr_parse(&l, buf_slice(&b), &arena);
	s = (double)(clock() - start) / CLOCKS_PER_SEC;
	tap_check(s < 5 && l.n <= ADDR_MAX, __FILE__, __LINE__, what);
	printf("# %s: %.3f s, %zu entries, %zu octets of memory\n", what, s,
	    l.n, arena.used);
	buf_free(&b);
}

int
main(void)
{
	arena_init(&arena, 8 << 20);
	test_lists();
	bomb("a@b,", "addresses");
	bomb("a:", "groups");
	bomb("<@", "routes");
	bomb("(", "comments");
	bomb("\"", "quotes");
	bomb("\\", "backslashes");
	bomb("a ", "words");
	bomb("a@", "at signs");
	bomb("<", "angles");
	arena_free(&arena);
	return tap_done();
}
