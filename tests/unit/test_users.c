/* SPDX-License-Identifier: ISC */
/* users/domain, users/line, users/user. */
#include "tap.h"

#include "users/domain.h"
#include "users/line.h"
#include "users/user.h"
#include "users_root.h"

#define D STR("example.test")

static const struct {
	const char *domain;
	bool valid;
} domains[] = {
    {"example.test", true},
    {"EXAMPLE.test", true},
    {"a", true},
    {"xn--bcher-kva.example", true},
    {"a_b.test", true},
    {"", false},
    {".", false},
    {"..", false},
    {".a", false},
    {"a.", false},
    {"a..b", false},
    {"a/b", false},
    {"../x", false},
    {"a b", false},
    {"a\nb", false},
    {"[127.0.0.1]", false},
    {"b\303\274cher.test", false},
};

static const struct {
	const char *name;
	bool valid;
} names[] = {
    {"ann", true},
    {"Ann", true},
    {"a.b", true},
    {"a+b", true},
    {"-", true},
    {"b\303\274cher", true},
    {"", false},
    {".", false},
    {"..", false},
    {".hidden", false},
    {"a/b", false},
    {"/", false},
    {"a:b", false},
    {"a@b", false},
    {"a b", false},
    {"a\nb", false},
    {"a\x7f", false},
    {"a\tb", false},
};

static const struct {
	const char *line;
	int result;
	const char *why; /* a part of it */
} lines[] = {
    {"ann:{PLAIN}x", 1, ""},
    {"ann:{PLAIN}x:1000:1000::/home/ann:/bin/sh:a=b", 1, ""},
    {"ann@example.test:x", 1, ""},
    {"ann@EXAMPLE.test:x", 1, ""},
    {"", 0, ""},
    {"   ", 0, ""},
    {"# ann:x", 0, ""},
    {"ann", -1, "colon"},
    {"ann@other.test:x", -1, "another domain"},
    {"../x:y", -1, "user name"},
    {":x", -1, "user name"},
    {"ann:x:0:0", -1, "uid 0"},
    {"ann:x:1000:0", -1, "gid 0"},
    {"ann:x:1000", -1, "only one"},
    {"ann:x::1000", -1, "only one"},
    {"ann:x:nosuchuser:1000", -1, "no such uid"},
    {"ann:x:4294967295:1000", -1, "no such uid"},
    {"ann:x:-1:1000", -1, "no such uid"},
    {"ann:x:1000:nosuchgroup", -1, "no such gid"},
    {"ann:x::::home", -1, "absolute"},
    {"ann:x\ty", -1, "control"},
};

static void
test_grammar(void)
{
	struct user u;

	for (size_t i = 0; i < sizeof(domains) / sizeof(*domains); i++)
		CHECK(
		    domain_valid(str_z(domains[i].domain)) == domains[i].valid,
		    "may be a domain and a folder, or not");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		CHECK(user_name_valid(str_z(names[i].name)) == names[i].valid,
		    "may name an account and a folder, or not");
	CHECK(!user_name_valid(str_make("a\0b", 3)), "no NUL in a name");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const char *why = "";

		CHECK_NUM(user_parse(str_z(lines[i].line), D, &u, &why),
		    lines[i].result, lines[i].line);
		CHECK(strstr(why, lines[i].why), "the reason in words");
	}
}

static void
test_fields(void)
{
	const char *why;
	struct user u;

	user_parse(STR("ann:{PLAIN}x:1001:1002:Ann:/home/ann:/bin/zsh:"
		       "userdb_mail=maildir:~/Mail a=b:c"),
	    D, &u, &why);
	CHECK_STR(u.name, STR("ann"), "name");
	CHECK_STR(u.secret, STR("{PLAIN}x"), "secret");
	CHECK(u.has_ids && u.uid == 1001 && u.gid == 1002, "uid and gid");
	CHECK_STR(u.gecos, STR("Ann"), "gecos");
	CHECK_STR(u.home, STR("/home/ann"), "home");
	CHECK_STR(u.shell, STR("/bin/zsh"), "shell");
	CHECK_STR(u.extra, STR("userdb_mail=maildir:~/Mail a=b:c"),
	    "extra fields keep their colons (Dovecot joins them)");
	user_parse(STR("ann:x"), D, &u, &why);
	CHECK(!u.has_ids && u.home.n == 0, "later fields may be missing");
}

static void
find(const char *name, const char *domain, int want, const char *maildir)
{
	char path[256];
	struct arena a;
	struct user u;

	arena_init(&a, 1 << 20);
	CHECK_NUM(
	    user_find(root, str_z(name), str_z(domain), &a, &u), want, name);
	if (want > 0 && maildir) {
		snprintf(path, sizeof(path), "%s%s",
		    maildir[0] == '/' ? "" : root, maildir);
		if (maildir[0] != '/')
			snprintf(path, sizeof(path), "%s/%s", root, maildir);
		CHECK_STR(u.maildir, str_z(path), "its Maildir");
	}
	arena_free(&a);
}

static void
test_find(void)
{
	find("ann", "example.test", 0, NULL);
	root_file("users",
	    "# people\nann:{PLAIN}x\n\nBob@example.test:{PLAIN}y::::/home/bob::"
	    "userdb_mail=maildir:~/Mail:LAYOUT=fs\r\n"
	    "joe:x:::::: userdb_mail=maildir:/srv/%d/%n\n"
	    "rel:x::::::userdb_mail=maildir:rel/ative\n"
	    "root:x:0:0\nlast:z");
	find("ann", "example.test", 1, "mail/example.test/ann");
	find("ANN", "Example.TEST", 1, "mail/example.test/ann");
	find("bob", "example.test", 1, "/home/bob/Mail");
	find("joe", "example.test", 1, "/srv/example.test/joe");
	find("rel", "example.test", 1, "mail/example.test/rel");
	find("last", "example.test", 1, NULL);
	find("an", "example.test", 0, NULL);
	find("annx", "example.test", 0, NULL);
	find("", "example.test", 0, NULL);
	find("../ann", "example.test", 0, NULL);
	find("ann", "other.test", 0, NULL);
	find("ann", "../domains/example.test", 0, NULL);
	find("root", "example.test", -1, NULL);
	CHECK_NUM(domain_is_local(root, STR("EXAMPLE.test")), 1, "ours");
	CHECK_NUM(domain_is_local(root, STR("other.test")), 0, "not ours");
	CHECK_NUM(domain_is_local(root, STR("..")), 0, "never ours");
	CHECK_NUM(domain_is_local(root, STR("")), 0, "never ours");
}

static void
test_change(void)
{
	struct arena a;
	struct user *list;
	struct buf b;
	size_t n;

	buf_init(&b, 1 << 16);
	root_file("users", "# c\n\nann:old:1:2:g:/h:/s:e=1:2\nbob:{PLAIN}y");
	CHECK_NUM(user_set(root, STR("ANN"), D, STR("new")), 1, "changed");
	CHECK_NUM(user_set(root, STR("joe"), D, STR("{X}z")), 0, "added");
	CHECK_STR(str_z(root_text("users", &b)),
	    STR("# c\n\nann:new:1:2:g:/h:/s:e=1:2\nbob:{PLAIN}y\n"
		"joe:{X}z::::::\n"),
	    "everything else is as it was");
	CHECK_NUM(user_set(root, STR("a/b"), D, STR("x")), -1, "bad name");
	CHECK_NUM(user_set(root, STR("x"), D, STR("a:b")), -1, "bad secret");
	CHECK_NUM(user_set(root, STR("x"), D, STR("a\nroot:x")), -1,
	    "no second line can be smuggled in");
	CHECK_NUM(user_set(root, STR("x"), STR("other.test"), STR("s")), -1,
	    "no such domain");
	CHECK_NUM(user_del(root, STR("nobody"), D), 0, "nothing to remove");
	CHECK_NUM(user_del(root, STR("Bob"), D), 1, "removed");
	CHECK_STR(str_z(root_text("users", &b)),
	    STR("# c\n\nann:new:1:2:g:/h:/s:e=1:2\njoe:{X}z::::::\n"),
	    "only that line is gone");
	CHECK_NUM(user_set_rule(root, STR("ann"), D, STR("*:r")), 1, "a rule");
	CHECK_NUM(user_set_rule(root, STR("joe"), D, STR("*:s")), 1, "another");
	CHECK_STR(str_z(root_text("users", &b)),
	    STR("# c\n\nann:new:1:2:g:/h:/s:e=1:2 userdb_quota_rule=*:r\n"
		"joe:{X}z::::::userdb_quota_rule=*:s\n"),
	    "in the last field, behind what is there");
	CHECK_NUM(user_set_rule(root, STR("ann"), D, STR("")), 1, "none");
	CHECK_NUM(user_set_rule(root, STR("joe"), D, STR("")), 1, "none");
	CHECK_NUM(user_set_rule(root, STR("eve"), D, STR("x")), 0, "nobody");
	CHECK_STR(str_z(root_text("users", &b)),
	    STR("# c\n\nann:new:1:2:g:/h:/s:e=1:2\njoe:{X}z::::::\n"),
	    "as before");
	arena_init(&a, 1 << 20);
	CHECK_NUM(user_list(root, D, SIZE_MAX, &a, &list, &n), 0, "list");
	CHECK_NUM(n, 2, "two accounts");
	CHECK_STR(list[1].name, STR("joe"), "in the file's order");
	arena_free(&a);
	buf_free(&b);
}

int
main(void)
{
	root_make();
	test_grammar();
	test_fields();
	test_find();
	test_change();
	root_remove();
	return tap_done();
}
