/* SPDX-License-Identifier: ISC */
/* yubin alias: other names. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "users/alias.h"
#include "users/domain.h"

#define LIST_ARENA (512u << 20)

static int
list_one(const char *root, struct str domain)
{
	struct alias *list;
	struct arena a;
	size_t n;

	arena_init(&a, LIST_ARENA);
	if (alias_list(root, domain, &a, &list, &n) < 0) {
		arena_free(&a);
		return failed("read the aliases");
	}
	for (size_t i = 0; i < n; i++)
		if (list[i].name.n > 0)
			printf("%.*s@%.*s: %.*s\n", STR_FMT(list[i].name),
			    STR_FMT(domain), STR_FMT(list[i].value));
	arena_free(&a);
	return 0;
}

static int
list(const char *root, const char *domain)
{
	struct str *names;
	struct arena a;
	size_t n;
	int r;

	arena_init(&a, LIST_ARENA);
	r = which_domains(root, domain, &a, &names, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = list_one(root, names[i]);
	arena_free(&a);
	return r;
}

static int
add(const char *root, const char *addr, char **targets)
{
	struct str local, domain;
	struct buf value;
	int r;

	if (!split_address(addr, &local, &domain) || !need_domain(root, domain))
		return EXIT_PERM;
	buf_init(&value, DOMAIN_FILE_MAX);
	for (char **t = targets; *t; t++) {
		if (t != targets)
			buf_z(&value, ", ");
		buf_z(&value, *t);
	}
	r = alias_set(root, local, domain, buf_slice(&value));
	buf_free(&value);
	return r < 0 ? failed("add the alias") : 0;
}

static int
del(const char *root, const char *addr)
{
	struct str local, domain;
	int r;

	if (!split_address(addr, &local, &domain) || !need_domain(root, domain))
		return EXIT_PERM;
	r = alias_del(root, local, domain);
	if (r < 0)
		return failed("remove the alias");
	return r > 0 ? 0 : refuse("there is no alias %s", addr);
}

int
admin_alias(int argc, char **argv)
{
	const char *root = settings_root();

	if ((argc == 2 || argc == 3) && strcmp(argv[1], "list") == 0)
		return list(root, argv[2]);
	if (argc >= 4 && strcmp(argv[1], "add") == 0)
		return add(root, argv[2], argv + 3);
	if (argc == 3 && strcmp(argv[1], "del") == 0)
		return del(root, argv[2]);
	return refuse("usage: yubin alias list [DOMAIN] | "
		      "add ADDR TARGET … | del ADDR");
}
