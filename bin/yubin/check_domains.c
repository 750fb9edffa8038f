/* SPDX-License-Identifier: ISC */
/* yubin check: the files of accounts and aliases, with line numbers. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fail.h"
#include "check.h"
#include "conf/settings.h"
#include "io/file.h"
#include "users/alias.h"
#include "users/allowance.h"
#include "users/app.h"
#include "users/cache.h"
#include "users/domain.h"
#include "users/line.h"
#include "users/secret.h"
#include "users/user.h"

#define WEAK_SHOWN 3 /* weak passwords of each file */

static void
check_maildir(struct check *c, const char *file, size_t line, struct str domain,
    struct str name)
{
	static const char *const sub[] = {"cur", "new", "tmp"};
	char path[PATH_MAX], dir[PATH_MAX];
	struct user u;
	struct stat st;
	uid_t uid;
	gid_t gid;

	if (user_find(c->root, name, domain, &c->arena, &u) <= 0 ||
	    str_copy(path, sizeof(path), u.maildir) < 0)
		return;
	for (size_t i = 0; i < 3; i++) {
		if (file_join(dir, sizeof(dir), path, sub[i]) == 0 &&
		    stat(dir, &st) == 0)
			continue;
		found(c, "%s:%zu: %.*s has no Maildir at %s", file, line,
		    STR_FMT(name), path);
		return;
	}
	if (stat(path, &st) == 0 && (st.st_mode & S_IRWXO))
		found(c, "%s is open to everybody: chmod 700 it", path);
	if (user_ids(c->root, &u, &uid, &gid) >= 0 && st.st_uid != uid)
		found(c,
		    "%s belongs to uid %lu, but %.*s's mail to %lu: "
		    "chown -R it",
		    path, (unsigned long)st.st_uid, STR_FMT(name),
		    (unsigned long)uid);
}

static void
check_secret(struct check *c, const char *file, size_t line, struct str name,
    struct str secret)
{
	struct scram keys;
	struct str plain;

	if (secret_locked(secret))
		return;
	if (!secret_plain(secret, &plain) && secret_scram(secret, &keys) <= 0)
		c->no_scram++;
	if (!secret_known(secret))
		found(c, "%s:%zu: %.*s has an unknown password scheme", file,
		    line, STR_FMT(name));
	else if (secret_weak(secret) && c->weak++ < WEAK_SHOWN)
		found(c,
		    "%s:%zu: the password of %.*s is stored as %s: give it a "
		    "new one",
		    file, line, STR_FMT(name), secret_weak(secret));
}

/* Clients begin with the strongest mechanism that they are offered; some end
 * with it as well. */
static void
check_scram(struct check *c, const char *file)
{
	struct str offered = str_z(settings_text("SASL_MECHANISMS"));

	if (c->no_scram > 0 &&
	    (offered.n == 0 || str_listed(offered, STR("SCRAM-SHA-256")) ||
		str_listed(offered, STR("SCRAM-SHA-256-PLUS"))))
		found(c,
		    "%s: %zu accounts cannot log in by SCRAM-SHA-256, which is "
		    "offered: give them new passwords, or SASL_MECHANISMS "
		    "without it",
		    file, c->no_scram);
}

/* One line of the users file; seen has the names before it. */
static void
check_user(struct check *c, const char *file, size_t line, struct str text,
    struct str domain, struct str *name)
{
	const char *why;
	struct allowance a;
	struct user u;
	int r = user_parse(text, domain, &u, &why);

	*name = STR("");
	if (r < 0)
		found(c, "%s:%zu: %s", file, line, why);
	if (r <= 0)
		return;
	*name = u.name;
	check_secret(c, file, line, u.name, u.secret);
	if (allowance_of(&u, &a) < 0)
		found(c, "%s:%zu: %s", file, line, fail_last());
	check_maildir(c, file, line, domain, u.name);
}

static void
check_users(
    struct check *c, const char *file, struct str text, struct str domain)
{
	size_t room = 1, line = 0, n = 0;
	struct str *names;
	struct str one;

	for (size_t i = 0; i < text.n; i++)
		room += text.p[i] == '\n';
	names = arena_array(&c->arena, room, sizeof(*names));
	c->weak = c->no_scram = 0;
	while (line_next(&text, &one)) {
		check_user(c, file, ++line, one, domain, &names[n]);
		for (size_t i = 0; i < n && names[n].n > 0 && n < 2000; i++)
			if (str_ieq(names[i], names[n])) {
				found(c,
				    "%s:%zu: %.*s is there twice; only "
				    "the first line counts",
				    file, line, STR_FMT(names[n]));
				break;
			}
		n++;
	}
	if (c->weak > WEAK_SHOWN)
		found(c, "%s: so are the passwords of %zu others", file,
		    c->weak - WEAK_SHOWN);
	check_scram(c, file);
}

/* Lines of the apps file, and that each has an account. */
static void
check_apps(
    struct check *c, const char *file, struct str text, struct str domain)
{
	struct str line;
	struct cache cache; /* for an index of the users */
	struct app app;
	struct user u;
	const char *why;

	cache_init(&cache, c->root);
	for (size_t n = 1; line_next(&text, &line); n++) {
		int r = app_parse(line, domain, &app, &why);

		if (r < 0)
			found(c, "%s:%zu: %s", file, n, why);
		if (r <= 0)
			continue;
		if (!secret_known(app.secret))
			found(c, "%s:%zu: an unknown password scheme", file, n);
		if (cache_user(&cache, app.name, domain, &c->arena, &u) == 0)
			found(c, "%s:%zu: there is no user %.*s", file, n,
			    STR_FMT(app.name));
	}
	cache_free(&cache);
}

static void
check_aliases(
    struct check *c, const char *file, struct str text, struct str domain)
{
	struct str *targets;
	struct alias *list;
	const char *why;
	size_t n, count;

	alias_parse(text, &c->arena, &list, &n);
	for (size_t i = 0; i < n; i++) {
		if (list[i].name.n == 0)
			found(c, "%s:%zu: not \"name: targets\"", file,
			    list[i].line);
		else if (alias_targets(list[i].value, domain, &c->arena,
			     &targets, &count, &why) < 0)
			found(c, "%s:%zu: %s", file, list[i].line, why);
	}
}

static void
check_file(struct check *c, struct str domain, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	struct buf b;

	if (domain_path(path, sizeof(path), c->root, domain, name) < 0)
		return;
	buf_init(&b, DOMAIN_FILE_MAX);
	if (domain_read(c->root, domain, name, &b) < 0)
		found(c, "%s cannot be read: %s", path, fail_last());
	else if (strcmp(name, "users") == 0)
		check_users(c, path, buf_slice(&b), domain);
	else if (strcmp(name, "apps") == 0)
		check_apps(c, path, buf_slice(&b), domain);
	else
		check_aliases(c, path, buf_slice(&b), domain);
	if (stat(path, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)))
		found(c, "%s is open to everybody: chmod o-rwx it", path);
	buf_free(&b);
}

void
check_domains(struct check *c)
{
	struct str *names;
	size_t n;

	if (domain_list(c->root, &c->arena, &names, &n) < 0)
		return; /* said already */
	if (n == 0)
		found(c, "there is no domain: run \"yubin domain add\"");
	for (size_t i = 0; i < n; i++) {
		check_file(c, names[i], "users");
		check_file(c, names[i], "aliases");
		check_file(c, names[i], "apps");
	}
}

void
check_masters(struct check *c)
{
	const char *file = settings_text("MASTER_USERS");
	struct str rest, line;
	struct stat st;
	struct buf b;

	if (!*file)
		return;
	buf_init(&b, DOMAIN_FILE_MAX);
	if (file_read(AT_FDCWD, file, &b) < 0)
		found(c, "%s cannot be read (MASTER_USERS)", file);
	else if (stat(file, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)))
		found(c, "%s is open to everybody: chmod o-rwx it", file);
	rest = buf_slice(&b);
	for (size_t n = 1; line_next(&rest, &line); n++) {
		struct str name = line_name(line, STR(""));

		if (name.p)
			check_secret(c, file, n, name, line_secret(line));
	}
	buf_wipe(&b);
}
