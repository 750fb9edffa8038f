/* SPDX-License-Identifier: ISC */
/* users/rcpt: the order in which an address is looked up. */
#include "tap.h"

#include "users/rcpt.h"
#include "users_root.h"

static void
check(const char *local, const char *domain, enum rcpt_kind want,
    const char *target, const char *extension)
{
	struct arena a;
	struct rcpt r;

	arena_init(&a, 1 << 20);
	CHECK_NUM(rcpt_find(root, str_z(local), str_z(domain), "+", &a, &r),
	    want, local);
	if (want == RCPT_MAILBOX)
		CHECK_STR(r.user.name, str_z(target), "the user");
	if (want == RCPT_ALIAS)
		CHECK_STR(r.targets[0], str_z(target), "the target");
	CHECK_STR(r.extension, str_z(extension), "the extension");
	CHECK_NUM(rcpt_check(root, str_z(local), str_z(domain), "+", &a), want,
	    "the kind alone");
	arena_free(&a);
}

static void
test_order(void)
{
	root_file("users", "ann:x\nbob:x\nbob+own:x\n");
	root_file("aliases", "team: ann\nteam+x: bob\nann: nobody\n");
	check("ann", "example.test", RCPT_MAILBOX, "ann", "");
	check("ANN", "EXAMPLE.TEST", RCPT_MAILBOX, "ann", "");
	check("team", "example.test", RCPT_ALIAS, "ann@example.test", "");
	check("team+x", "example.test", RCPT_ALIAS, "bob@example.test", "");
	check("team+y", "example.test", RCPT_ALIAS, "ann@example.test", "y");
	check("ann+a+b", "example.test", RCPT_MAILBOX, "ann", "a+b");
	check("bob+own", "example.test", RCPT_MAILBOX, "bob+own", "");
	check("ann+", "example.test", RCPT_MAILBOX, "ann", "");
	check("+ann", "example.test", RCPT_UNKNOWN, "", "");
	check("joe", "example.test", RCPT_UNKNOWN, "", "");
	check("..", "example.test", RCPT_UNKNOWN, "", "");
	check("../ann", "example.test", RCPT_UNKNOWN, "", "");
	check("ann/../bob", "example.test", RCPT_UNKNOWN, "", "");
	check("", "example.test", RCPT_UNKNOWN, "", "");
	check("*", "example.test", RCPT_UNKNOWN, "", "");
	check("ann", "other.test", RCPT_FOREIGN, "", "");
	check("ann", "../domains/example.test", RCPT_FOREIGN, "", "");
	check("ann", "", RCPT_FOREIGN, "", "");
}

static void
test_postmaster(void)
{
	check("postmaster", "example.test", RCPT_MAILBOX, "ann", "");
	check("PostMaster", "example.test", RCPT_MAILBOX, "ann", "");
	root_file("aliases", "postmaster: bob\n");
	check("postmaster", "example.test", RCPT_ALIAS, "bob@example.test", "");
	root_file("aliases", "*: joe@other.test\n");
	check("postmaster", "example.test", RCPT_ALIAS, "joe@other.test", "");
	check("who", "example.test", RCPT_ALIAS, "joe@other.test", "");
	check("../x", "example.test", RCPT_ALIAS, "joe@other.test", "");
	check("ann", "example.test", RCPT_MAILBOX, "ann", "");
	root_file("users", NULL);
	root_file("aliases", NULL);
	check("postmaster", "example.test", RCPT_UNKNOWN, "", "");
}

static void
test_trouble(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/domains/example.test/users", root);
	if (mkdir(path, 0700) < 0)
		return;
	check("ann", "example.test", RCPT_FAILED, "", "");
	rmdir(path);
	root_file("aliases", "joe: ,\n");
	check("joe", "example.test", RCPT_FAILED, "", "");
	root_file("users", "ann:x:0:0\n");
	check("ann", "example.test", RCPT_FAILED, "", "");
}

int
main(void)
{
	root_make();
	test_order();
	test_postmaster();
	test_trouble();
	root_remove();
	return tap_done();
}
