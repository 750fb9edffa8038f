/* SPDX-License-Identifier: ISC */
/* yubin user quota: how much accounts keep, and may keep. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "maildir/home.h"
#include "maildir/quota.h"
#include "users/allowance.h"
#include "users/user.h"

#define LIST_ARENA (512u << 20)

static void
print_part(uint64_t used, uint64_t limit, const char *what)
{
	printf("%llu", (unsigned long long)used);
	if (limit)
		printf(" of %llu", (unsigned long long)limit);
	printf(" %s", what);
}

/* "ann@example.test: 1234 of 1000000 octets, 3 messages" */
static int
show(const struct user *u)
{
	struct quota_used used = {0};
	struct allowance a;
	struct quota q;
	struct home h;
	char path[4096];

	if (allowance_of(u, &a) < 0)
		return failed("find the quota");
	if (str_copy(path, sizeof(path), u->maildir) < 0)
		return failed("open the Maildir");
	if (home_open(&h, path, false) == 0) {
		int r;

		quota_open(
		    &q, &h, &(struct quota_limit){a.storage, a.messages, true});
		q.looks = true;
		r = quota_use(&q, &used);
		home_close(&h);
		if (r < 0)
			return failed("count the mail");
	} else if (errno != ENOENT) {
		return failed("open the Maildir");
	}
	printf("%.*s@%.*s: ", STR_FMT(u->name), STR_FMT(u->domain));
	print_part(used.storage, a.storage, "octets, ");
	print_part(used.messages, a.messages, "messages\n");
	return 0;
}

static int
show_all(const char *root)
{
	struct str *domains;
	struct arena a;
	size_t n;
	int r, worst = 0;

	arena_init(&a, LIST_ARENA);
	r = which_domains(root, NULL, &a, &domains, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct user *users;
		size_t count;

		if (user_list(root, domains[i], SIZE_MAX, &a, &users, &count) <
		    0)
			r = failed("read the users");
		for (size_t k = 0; r == 0 && k < count; k++) {
			int one = show(&users[k]);

			worst = one ? one : worst;
		}
	}
	arena_free(&a);
	return r ? r : worst;
}

static int
show_one(const char *root, struct str local, struct str domain)
{
	struct user u;
	struct arena a;
	int r;

	arena_init(&a, 1u << 20);
	r = user_find(root, local, domain, &a, &u);
	if (r > 0)
		r = show(&u);
	else if (r < 0)
		r = failed("read the users");
	else
		r = no_user(local, domain);
	arena_free(&a);
	return r;
}

static int
set(const char *root, struct str local, struct str domain, const char *text)
{
	struct allowance a;
	struct buf rule;
	int r;

	buf_init(&rule, 200);
	if (strcmp(text, "default") != 0) {
		if (allowance_parse(str_z(text), &a) < 0)
			return refuse("%s is no quota, such as 500M, 2G,10000, "
				      "none or default",
			    text);
		allowance_print_rule(&rule, &a);
	}
	r = user_set_rule(root, local, domain, buf_slice(&rule));
	buf_free(&rule);
	if (r < 0)
		return failed("change the user");
	if (r == 0)
		return no_user(local, domain);
	return 0;
}

int
user_quota(int argc, char **argv)
{
	const char *root = settings_root();
	struct str local, domain;

	if (argc < 2)
		return show_all(root);
	if (argc > 3)
		return refuse("usage: yubin user quota [ADDR [QUOTA]]");
	if (!split_address(argv[1], &local, &domain) ||
	    !need_domain(root, domain))
		return EXIT_PERM;
	if (argc == 2)
		return show_one(root, local, domain);
	return set(root, local, domain, argv[2]);
}
