/* SPDX-License-Identifier: ISC */
/* users/alias: the grammar of aliases(5) as far as we take it. */
#include "tap.h"

#include "users/alias.h"
#include "users_root.h"

#define D STR("example.test")

static const struct {
	const char *value;
	int n; /* targets, or -1 */
	const char *last;
} values[] = {
    {"ann", 1, "ann@example.test"},
    {"ann@other.test", 1, "ann@other.test"},
    {"ann, bob@x.test ,joe", 3, "joe@example.test"},
    {"|/bin/cat -n", 1, "|/bin/cat -n"},
    {"\"|echo a, b\", ann", 2, "ann@example.test"},
    {"ann, \"|echo \\\"a\\\", b\"", 2, "|echo \"a\", b"},
    {"/srv/Maildir/", 1, "/srv/Maildir/"},
    {":fail: moved, ask ann", 1, ":fail: moved, ask ann"},
    {"ann, :FAIL: x", 2, ":FAIL: x"},
    {"", -1, ""},
    {"  ", -1, ""},
    {"ann,,bob", -1, ""},
    {",ann", -1, ""},
    {"/etc/passwd", -1, ""},
    {"|", -1, ""},
    {"a b", -1, ""},
    {"\"ann", -1, ""},
    {"\"ann\" bob", -1, ""},
    {"@x.test", -1, ""},
    {"ann@", -1, ""},
    {"ann@-/..", -1, ""},
    {"../x", -1, ""},
    {"ann\x01@x.test", -1, ""},
};

static void
test_targets(void)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct str *t;
		const char *why;
		struct arena a;
		size_t n;
		int r;

		arena_init(&a, 1 << 20);
		r = alias_targets(str_z(values[i].value), D, &a, &t, &n, &why);
		CHECK_NUM(r < 0 ? -1 : (int)n, values[i].n, values[i].value);
		CHECK((r < 0) == (why != NULL), "a reason when it is wrong");
		if (r > 0 && n > 0)
			CHECK_STR(t[n - 1], str_z(values[i].last), "the last");
		arena_free(&a);
	}
}

static void
find(const char *name, int want, size_t count)
{
	struct str *t;
	struct arena a;
	size_t n = 0;

	arena_init(&a, 1 << 20);
	CHECK_NUM(alias_find(root, str_z(name), D, &a, &t, &n), want, name);
	CHECK_NUM(want > 0 ? n : count, count, "so many targets");
	arena_free(&a);
}

static void
test_file(void)
{
	struct alias *list;
	struct str *t;
	struct arena a;
	size_t n;

	find("x", 0, 0);
	root_file("aliases", "# comment: not an entry\n"
			     "postmaster: ann\n"
			     "Team : ann,\n    bob,\r\n\tjoe\n"
			     "\n"
			     "broken ann\n"
			     "bad: ,\n"
			     "*: catch@other.test\n"
			     "last: bob");
	find("postmaster", 1, 1);
	find("POSTMASTER", 1, 1);
	find("team", 1, 3);
	find("last", 1, 1);
	find("bad", -1, 0);
	find("broken ann", 0, 0);
	find("comment", 0, 0);
	find("# comment", 0, 0);
	find("*", 0, 0);
	find("", 0, 0);
	arena_init(&a, 1 << 20);
	CHECK_NUM(alias_catchall(root, D, &a, &t, &n), 1, "the catch-all");
	CHECK_STR(t[0], STR("catch@other.test"), "its target");
	alias_list(root, D, &a, &list, &n);
	CHECK_NUM(n, 6, "entries, wrong ones too");
	CHECK_NUM(list[1].line, 3, "the line where it starts");
	CHECK_NUM(list[2].line, 7, "counted over continuation lines");
	CHECK_NUM(list[2].name.n, 0, "a wrong line has no name");
	arena_free(&a);
}

static void
test_change(void)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	root_file("aliases", "# c\na: x,\n y\n# d\nb: z\n");
	CHECK_NUM(alias_set(root, STR("A"), D, STR("|cmd, bob")), 1,
	    "replaced, with its continuation lines");
	CHECK_NUM(alias_set(root, STR("*"), D, STR("ann")), 0, "added");
	CHECK_STR(str_z(root_text("aliases", &b)),
	    STR("# c\n# d\nb: z\nA: |cmd, bob\n*: ann\n"), "the rest stays");
	CHECK_NUM(alias_set(root, STR("x"), D, STR("a\nroot: b")), -1,
	    "no second entry can be smuggled in");
	CHECK_NUM(alias_set(root, STR("a b"), D, STR("a")), -1, "bad name");
	CHECK_NUM(alias_set(root, STR("x"), D, STR("/a")), -1, "bad target");
	CHECK_NUM(alias_del(root, STR("zzz"), D), 0, "none");
	CHECK_NUM(alias_del(root, STR("B"), D), 1, "removed");
	CHECK_STR(str_z(root_text("aliases", &b)),
	    STR("# c\n# d\nA: |cmd, bob\n*: ann\n"), "only that one is gone");
	buf_free(&b);
}

int
main(void)
{
	root_make();
	test_targets();
	test_file();
	test_change();
	root_remove();
	return tap_done();
}
