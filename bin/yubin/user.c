/* SPDX-License-Identifier: ISC */
/* yubin user: accounts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "users/app.h"
#include "users/domain.h"
#include "users/logins.h"
#include "users/secret.h"
#include "users/user.h"

#define LIST_ARENA (512u << 20)

static int
list_one(const char *root, struct str domain)
{
	struct user *users;
	struct arena a;
	size_t n;

	arena_init(&a, LIST_ARENA);
	if (user_list(root, domain, SIZE_MAX, &a, &users, &n) < 0) {
		arena_free(&a);
		return failed("read the users");
	}
	for (size_t i = 0; i < n; i++)
		printf("%.*s@%.*s%s\n", STR_FMT(users[i].name),
		    STR_FMT(users[i].domain),
		    secret_locked(users[i].secret) ? " (locked)" : "");
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

/* Ask for the password and store its hash. */
static int
set_password(
    const char *root, struct str local, struct str domain, const char *scheme)
{
	struct buf secret;
	int r;

	buf_init(&secret, SECRET_MAX);
	r = ask_secret(scheme, &secret);
	if (r == 0)
		r = user_set(root, local, domain, buf_slice(&secret));
	buf_wipe(&secret);
	return r < 0 ? -1 : 0;
}

static int
add_maildir(const char *root, struct str local, struct str domain)
{
	struct user u;
	struct arena a;
	char path[4096];
	uid_t uid;
	gid_t gid;
	int r = -1;

	arena_init(&a, 1u << 20);
	if (user_find(root, local, domain, &a, &u) > 0 &&
	    user_ids(root, &u, &uid, &gid) >= 0 &&
	    str_copy(path, sizeof(path), u.maildir) == 0)
		r = make_maildir(path, uid, gid);
	arena_free(&a);
	return r;
}

static int
add(const char *root, struct str local, struct str domain, const char *scheme)
{
	int r = has_user(root, local, domain);

	if (!user_name_valid(local))
		return refuse("%.*s cannot be a user's name", STR_FMT(local));
	if (r < 0)
		return failed("read the users");
	if (r > 0)
		return refuse("%.*s@%.*s exists; change its password with "
			      "\"yubin user passwd\"",
		    STR_FMT(local), STR_FMT(domain));
	if (set_password(root, local, domain, scheme) < 0)
		return failed("add the user");
	if (add_maildir(root, local, domain) < 0)
		return failed("create the Maildir");
	return 0;
}

static int
change_password(
    const char *root, struct str local, struct str domain, const char *scheme)
{
	int r = need_user(root, local, domain);

	if (r != 0)
		return r;
	if (set_password(root, local, domain, scheme) < 0)
		return failed("change the password");
	return 0;
}

/* The mail stays: removing it is for rm. */
static int
del(const char *root, struct str local, struct str domain)
{
	int r = user_del(root, local, domain);

	/* Whoever has the name next starts with nothing. */
	if (r > 0 && (app_del(root, local, domain, (struct str){NULL, 0}) < 0 ||
			 logins_forget(root, local, domain) < 0))
		r = -1;
	if (r < 0)
		return failed("remove the user");
	if (r == 0)
		return no_user(local, domain);
	return 0;
}

int
admin_user(int argc, char **argv)
{
	const char *root = settings_root();
	const char *scheme = take_option(&argc, argv, "--scheme");
	struct str local, domain;

	if ((argc == 2 || argc == 3) && strcmp(argv[1], "list") == 0)
		return list(root, argv[2]);
	if (argc >= 2 && strcmp(argv[1], "quota") == 0)
		return user_quota(argc - 1, argv + 1);
	if (argc >= 2 && strcmp(argv[1], "show") == 0)
		return user_show(argc - 1, argv + 1);
	if (argc != 3)
		return refuse("usage: yubin user list [DOMAIN] | "
			      "add [--scheme SCHEME] ADDR | "
			      "passwd [--scheme SCHEME] ADDR | del ADDR | "
			      "show [--json] ADDR | quota [ADDR [QUOTA]]");
	if (!split_address(argv[2], &local, &domain) ||
	    !need_domain(root, domain))
		return EXIT_PERM;
	if (strcmp(argv[1], "add") == 0)
		return add(root, local, domain, scheme);
	if (strcmp(argv[1], "passwd") == 0)
		return change_password(root, local, domain, scheme);
	if (strcmp(argv[1], "del") == 0)
		return del(root, local, domain);
	return refuse("there is no command user %s", argv[1]);
}
