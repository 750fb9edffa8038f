/* SPDX-License-Identifier: ISC */
/* users/rcpt: the order in which an address is looked up; users/cache: the same
 * answers from memory, whatever happens to the files. */
#include "tap.h"

#include "users/alias.h"
#include "users/cache.h"
#include "users/rcpt.h"
#include "users_root.h"

static struct cache cache;

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
	CHECK_NUM(rcpt_find_in(
		      &cache, root, str_z(local), str_z(domain), "+", &a, &r),
	    want, "and from memory");
	if (want == RCPT_MAILBOX)
		CHECK_STR(r.user.name, str_z(target), "the user");
	if (want == RCPT_ALIAS)
		CHECK_STR(r.targets[0], str_z(target), "the target");
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

/* More names than fit into the first slots, some of them twice. */
static void
test_many(void)
{
	char name[32];
	struct buf users, aliases;
	struct arena a;
	struct user u, v;
	struct str *t;
	size_t n, bad = 0;

	buf_init(&users, 1 << 20);
	buf_init(&aliases, 1 << 20);
	for (unsigned i = 0; i < 1000; i++) {
		buf_fmt(&users, "# %u\nUser%u:x:::%u\n", i, i, i);
		buf_fmt(&users, "user%u:y:::again\n\n", i / 2);
		buf_fmt(&aliases, "a%u: user%u,\n user1\na%u: b\n", i, i, i);
	}
	root_file("users", buf_cstr(&users));
	root_file("aliases", buf_cstr(&aliases));
	arena_init(&a, 1 << 24);
	for (unsigned i = 0; i < 1010; i++) {
		struct str s = str_make(
		    name, (size_t)snprintf(name, sizeof(name), "user%u", i));
		int r = user_find(root, s, STR("example.test"), &a, &u);

		bad += cache_user(&cache, s, STR("Example.Test"), &a, &v) != r;
		bad += r == 1 && (!str_eq(u.gecos, v.gecos) ||
				     !str_eq(u.maildir, v.maildir));
		s.n = (size_t)snprintf(name, sizeof(name), "A%u", i);
		r = cache_alias(&cache, s, STR("example.test"), &a, &t, &n);
		bad += r != (i < 1000) || (r && n != 2);
		arena_reset(&a);
	}
	CHECK_NUM(bad, 0, "a thousand names are found");
	arena_free(&a);
	buf_free(&users);
	buf_free(&aliases);
}

/* More files than are kept. */
static void
test_domains(void)
{
	char path[256], domain[32];
	struct arena a;
	struct user u;
	size_t found = 0;

	arena_init(&a, 1 << 20);
	for (unsigned i = 0; i < 2 * CACHE_FILES; i++) {
		int dir;

		snprintf(domain, sizeof(domain), "d%u.test", i);
		snprintf(path, sizeof(path), "%s/domains/%s", root, domain);
		if (file_mkdirs(path, 0700) < 0)
			exit(1);
		dir = open(path, O_RDONLY | O_DIRECTORY);
		file_replace(dir, "users", STR("joe:x\n"), 0600);
		close(dir);
		for (int twice = 0; twice < 2; twice++)
			found += cache_user(&cache, STR("joe"), str_z(domain),
				     &a, &u) == 1;
		found +=
		    cache_user(&cache, STR("joe"), STR("d0.test"), &a, &u) == 1;
	}
	CHECK_NUM(found, 6 * CACHE_FILES, "found in many domains");
	CHECK(cache.n <= CACHE_FILES, "and not all are kept");
	arena_free(&a);
}

int
main(void)
{
	root_make();
	cache_init(&cache, root);
	test_order();
	test_postmaster();
	test_trouble();
	test_many();
	test_domains();
	cache_free(&cache);
	root_remove();
	return tap_done();
}
