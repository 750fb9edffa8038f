/* SPDX-License-Identifier: ISC */
/* yubin user show, yubin logins: what is known of an account. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "base/fail.h"
#include "base/json.h"
#include "conf/settings.h"
#include "show.h"
#include "users/logins.h"
#include "users/secret.h"
#include "users/user.h"

#define ARENA (1u << 20)

static void
login_json(struct buf *b, const struct login_line *l)
{
	char stamp[SHOW_TIME];

	show_stamp(stamp, l->time * 1000000);
	json_begin(b, '{');
	json_key_str(b, "time", str_z(stamp));
	json_key_str(b, "service", l->service);
	json_key_str(b, "source", l->source);
	json_key_str(b, "tls", l->tls);
	json_key_str(b, "mechanism", l->mech);
	json_key_str(b, "how", l->how);
	json_end(b, '}');
}

static void
print_login(const struct login_line *l)
{
	char when[SHOW_TIME];

	show_time(when, l->time, false);
	printf("%s  ", when);
	show_str(stdout, l->service);
	printf("  ");
	show_str(stdout, l->source);
	printf("  ");
	show_str(stdout, l->tls);
	printf("  ");
	show_str(stdout, l->mech);
	printf("  ");
	show_str(stdout, l->how);
	printf("\n");
}

static void
print_logins(const struct login_line *lines, size_t n, bool json)
{
	struct buf b;

	buf_init(&b, 65536);
	for (size_t i = 0; i < n; i++) {
		if (!json) {
			print_login(&lines[i]);
			continue;
		}
		login_json(&b, &lines[i]);
		show_json(&b);
	}
	buf_free(&b);
}

/* The scheme's name: "SCRAM-SHA-256" of "{SCRAM-SHA-256}…". */
static struct str
scheme(struct str secret)
{
	size_t end = str_find(secret, '}');

	if (secret.n == 0 || secret.p[0] != '{' || end == secret.n)
		return STR("CRYPT");
	return str_make(secret.p + 1, end - 1);
}

static void
show_json_user(const struct user *u, const struct login_line *lines, size_t n)
{
	struct buf b;

	buf_init(&b, 1u << 20);
	json_begin(&b, '{');
	json_key_str(&b, "account", u->name);
	json_key_str(&b, "domain", u->domain);
	json_key_str(&b, "maildir", u->maildir);
	json_key_str(&b, "scheme", scheme(u->secret));
	json_key(&b, STR("locked"));
	json_bool(&b, secret_locked(u->secret));
	json_key_str(&b, "scope", user_password_scope(u));
	json_key(&b, STR("logins"));
	json_begin(&b, '[');
	for (size_t i = 0; i < n; i++)
		login_json(&b, &lines[i]);
	json_end(&b, ']');
	json_end(&b, '}');
	show_json(&b);
	buf_free(&b);
}

static int
show_user(const char *root, const struct user *u,
    const struct login_line *lines, size_t n)
{
	struct str scope = user_password_scope(u);
	const char *weak = secret_known(u->secret) ? secret_weak(u->secret)
	                                           : "an unknown scheme";

	printf("account   %.*s@%.*s\n", STR_FMT(u->name), STR_FMT(u->domain));
	printf("maildir   %.*s\n", STR_FMT(u->maildir));
	if (secret_locked(u->secret))
		printf("password  locked\n");
	else
		printf("password  %.*s%s%s\n", STR_FMT(scheme(u->secret)),
		    weak ? ", " : "", weak ? weak : "");
	if (scope.n)
		printf("good for  %.*s\n", STR_FMT(scope));
	printf("\napp passwords:\n");
	if (app_print_all(root, u->name, u->domain, false) < 0)
		return failed("read the app passwords");
	printf("\nlast logins:\n");
	print_logins(lines, n, false);
	return 0;
}

static int
print(const char *root, const struct user *u, const struct login_line *lines,
    size_t n, bool whole, bool json)
{
	if (whole && !json)
		return show_user(root, u, lines, n);
	if (whole)
		show_json_user(u, lines, n);
	else
		print_logins(lines, n, json);
	return 0;
}

int
user_show(int argc, char **argv)
{
	const char *root = settings_root();
	bool json = take_flag(&argc, argv, "--json");
	bool whole = strcmp(argv[0], "show") == 0;
	struct str local, domain;
	struct login_line *lines;
	struct user u;
	struct arena a;
	size_t n;
	int r;

	if (argc != 2)
		return refuse("usage: yubin %s [--json] ADDR",
		    whole ? "user show" : "logins");
	if (!split_address(argv[1], &local, &domain) ||
	    !need_domain(root, domain))
		return EXIT_PERM;
	arena_init(&a, ARENA);
	r = user_find(root, local, domain, &a, &u);
	if (r < 0 || logins_read(root, local, domain, &a, &lines, &n) < 0)
		r = failed("read what is known of the user");
	else if (r == 0)
		r = no_user(local, domain);
	else
		r = print(root, &u, lines, n, whole, json);
	arena_wipe(&a);
	return r;
}
