/* SPDX-License-Identifier: ISC */
/* yubin app: further passwords of an account, one for each app. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/now.h"
#include "base/num.h"
#include "conf/settings.h"
#include "show.h"
#include "users/app.h"
#include "users/domain.h"
#include "users/line.h"
#include "users/logins.h"
#include "users/secret.h"

#define DAY_S 86400

/* ---- list ---- */

static const struct login_line *
last_use(const struct app *app, const struct login_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_starts(lines[i].how, STR("app:")) &&
		    str_eq(str_from(lines[i].how, 4), app->label))
			return &lines[i];
	return NULL;
}

static void
print_json(const struct app *app, struct str domain, const struct login_line *l)
{
	char stamp[SHOW_TIME];
	struct buf b;

	buf_init(&b, 65536);
	json_begin(&b, '{');
	json_key_str(&b, "account", app->name);
	json_key_str(&b, "domain", domain);
	json_key_str(&b, "label", app->label);
	json_key_str(&b, "scope", app->scope);
	json_key_str(&b, "expires", app->expires);
	if (l) {
		show_stamp(stamp, l->time * 1000000);
		json_key_str(&b, "used", str_z(stamp));
		json_key_str(&b, "service", l->service);
		json_key_str(&b, "source", l->source);
	}
	json_end(&b, '}');
	show_json(&b);
	buf_free(&b);
}

static void
print_app(const struct app *app, const struct login_line *l)
{
	char when[SHOW_TIME];

	printf("%.*s: %s%.*s", STR_FMT(app->label),
	    app->scope.n ? "" : "imap,pop3,smtp", STR_FMT(app->scope));
	if (app->expires.n)
		printf(", until %.*s", STR_FMT(app->expires));
	if (l) {
		show_time(when, l->time, false);
		printf(", last used %s for ", when);
		show_str(stdout, l->service);
		printf(" from ");
		show_str(stdout, l->source);
	} else {
		printf(", never used");
	}
	printf("\n");
}

int
app_print_all(const char *root, struct str local, struct str domain, bool json)
{
	struct login_line *lines;
	struct str rest, line;
	const char *why;
	struct app app;
	struct arena a;
	struct buf b;
	size_t n;
	int r;

	arena_init(&a, 1u << 20);
	buf_init(&b, DOMAIN_FILE_MAX);
	r = domain_read(root, domain, "apps", &b);
	if (r >= 0 && logins_read(root, local, domain, &a, &lines, &n) < 0)
		r = -1;
	rest = buf_slice(&b);
	while (r >= 0 && line_next(&rest, &line)) {
		if (app_parse(line, domain, &app, &why) <= 0 ||
		    !str_ieq(app.name, local))
			continue;
		if (json)
			print_json(&app, domain, last_use(&app, lines, n));
		else
			print_app(&app, last_use(&app, lines, n));
	}
	buf_wipe(&b);
	arena_free(&a);
	return r < 0 ? -1 : 0;
}

/* ---- add and remove ---- */

/* "2026-12-31", or "90d" from today on, into to.  0 or -1. */
static int
read_expires(char to[APP_DAY], const char *text)
{
	struct str s = str_z(text);
	uint64_t days;

	if (str_ends(s, STR("d")) &&
	    num_scan(str_to(s, s.n - 1), 36500, &days) == 0) {
		app_day(to, now_wall_s() + (int64_t)days * DAY_S);
		return 0;
	}
	return str_copy(to, APP_DAY, s);
}

static int
add(const char *root, struct app *app, struct str domain, const char *expires)
{
	char day[APP_DAY] = "";
	struct buf pass, secret;
	int r;

	if (expires && read_expires(day, expires) < 0)
		return refuse(
		    "%s is no day such as 2026-12-31 or 90d", expires);
	app->expires = str_z(day);
	buf_init(&pass, 100);
	buf_init(&secret, SECRET_MAX);
	r = app_make(&pass, &secret);
	app->secret = buf_slice(&secret);
	if (r == 0)
		r = app_add(root, domain, app);
	if (r == 0)
		printf("%s\n", buf_cstr(&pass));
	buf_wipe(&pass);
	buf_wipe(&secret);
	return r < 0 ? failed("add the password") : 0;
}

static int
remove_one(const char *root, const struct app *app, struct str domain)
{
	int n = app_del(root, app->name, domain, app->label);

	if (n < 0)
		return failed("remove the password");
	if (n == 0)
		return refuse("there is no app password %.*s of %.*s@%.*s",
		    STR_FMT(app->label), STR_FMT(app->name), STR_FMT(domain));
	return 0;
}

int
admin_app(int argc, char **argv)
{
	const char *root = settings_root();
	const char *scope = take_option(&argc, argv, "--scope");
	const char *expires = take_option(&argc, argv, "--expires");
	bool json = take_flag(&argc, argv, "--json");
	const char *verb = argc > 2 ? argv[1] : "";
	bool adds = strcmp(verb, "add") == 0;
	struct str domain;
	struct app app = {.scope = str_z(scope)};
	int r;

	if (!(argc == 3 && strcmp(verb, "list") == 0) &&
	    !(argc == 4 && (adds || strcmp(verb, "remove") == 0)))
		return refuse("usage: yubin app list [--json] ADDR | "
			      "add [--scope imap,pop3,smtp] "
			      "[--expires DAY] ADDR LABEL | "
			      "remove ADDR LABEL");
	if (!split_address(argv[2], &app.name, &domain) ||
	    !need_domain(root, domain))
		return EXIT_PERM;
	r = need_user(root, app.name, domain);
	if (r != 0)
		return r;
	if (argc == 3)
		return app_print_all(root, app.name, domain, json) < 0
		           ? failed("read the passwords")
		           : 0;
	app.label = str_z(argv[3]);
	return adds ? add(root, &app, domain, expires)
	            : remove_one(root, &app, domain);
}
