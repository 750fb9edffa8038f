/* SPDX-License-Identifier: ISC */
/* The users file: finding accounts and changing their lines. */
#define _GNU_SOURCE
#include "users/user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "io/drop.h"
#include "io/file.h"
#include "users/domain.h"
#include "users/line.h"

/* The slice of text behind key in u->extra, up to a blank. */
static bool
extra_value(struct str extra, struct str key, struct str *value)
{
	struct str word;

	while (str_cut(&extra, ' ', &word)) {
		if (!str_starts(word, key))
			continue;
		*value = str_from(word, key.n);
		return true;
	}
	return false;
}

static void
expand(struct buf *b, struct str path, const struct user *u)
{
	size_t i = 0;

	if (str_starts(path, STR("~"))) {
		buf_str(b, u->home);
		i = 1;
	}
	for (; i < path.n; i++) {
		char next = i + 1 < path.n ? path.p[i + 1] : '\0';

		if (path.p[i] != '%' || !next || !strchr("hnud%", next)) {
			buf_chr(b, path.p[i]);
			continue;
		}
		i++;
		if (next == 'h')
			buf_str(b, u->home);
		if (next == 'n' || next == 'u')
			buf_str(b, u->name);
		if (next == 'u')
			buf_chr(b, '@');
		if (next == 'd' || next == 'u')
			buf_str(b, u->domain);
		if (next == '%')
			buf_chr(b, '%');
	}
}

static struct str
lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return str_make(p, s.n);
}

/* An absolute path from the extra field, or ROOT/mail/D/NAME. */
static void
find_maildir(const char *root, struct arena *a, struct user *u)
{
	struct str where = STR("");
	struct buf b;

	buf_init(&b, 4000);
	if (extra_value(u->extra, STR("userdb_mail=maildir:"), &where) &&
	    where.n > 0)
		expand(&b, str_to(where, str_find(where, ':')), u);
	if (b.n == 0 || b.p[0] != '/' || b.over) {
		buf_reset(&b);
		buf_fmt(&b, "%s/mail/", root);
		buf_str(&b, u->domain);
		buf_chr(&b, '/');
		buf_str(&b, lower(a, u->name));
	}
	u->maildir = arena_str(a, buf_slice(&b));
	buf_free(&b);
}

static void
keep(const char *root, struct arena *a, struct user *u, struct str domain)
{
	u->domain = lower(a, domain);
	u->name = arena_str(a, u->name);
	u->secret = arena_str(a, u->secret);
	u->gecos = arena_str(a, u->gecos);
	u->home = arena_str(a, u->home);
	u->shell = arena_str(a, u->shell);
	u->extra = arena_str(a, u->extra);
	find_maildir(root, a, u);
}

int
user_of_line(const char *root, struct str line, struct str domain,
    struct arena *a, struct user *u)
{
	const char *why;

	if (user_parse(line, domain, u, &why) <= 0)
		return fail_text(EPROTO, why);
	keep(root, a, u, domain);
	return 1;
}

int
user_find(const char *root, struct str local, struct str domain,
    struct arena *a, struct user *u)
{
	struct str rest, line;
	struct buf b;
	int r;

	if (!user_name_valid(local))
		return 0;
	buf_init(&b, DOMAIN_FILE_MAX);
	r = domain_read(root, domain, "users", &b);
	if (r <= 0) {
		buf_wipe(&b);
		return r;
	}
	rest = buf_slice(&b);
	r = 0;
	while (r == 0 && line_next(&rest, &line)) {
		struct str name = line_name(line, domain);

		if (name.p && str_ieq(name, local))
			r = user_of_line(root, line, domain, a, u);
	}
	buf_wipe(&b);
	return r;
}

int
user_list(const char *root, struct str domain, size_t max, struct arena *a,
    struct user **users, size_t *n)
{
	struct str rest, line;
	const char *why;
	struct buf b;
	size_t room = 1;
	int r;

	*n = 0;
	*users = NULL;
	buf_init(&b, DOMAIN_FILE_MAX);
	r = domain_read(root, domain, "users", &b);
	for (size_t i = 0; i < b.n && room < max; i++)
		room += b.p[i] == '\n';
	*users = arena_array(a, room, sizeof(**users));
	rest = buf_slice(&b);
	while (r > 0 && *n < max && line_next(&rest, &line)) {
		struct user *u = &(*users)[*n];

		if (user_parse(line, domain, u, &why) <= 0)
			continue;
		keep(root, a, u, domain);
		(*n)++;
	}
	buf_wipe(&b);
	return r < 0 ? -1 : 0;
}

/* What becomes of an account's line; all empty: it goes. */
struct edit {
	const struct str *secret;
	const struct str *rule; /* the value of userdb_quota_rule, or "" */
};

#define RULE "userdb_quota_rule="
#define FIELDS 7 /* before the extra one */

/* The line with its quota rule in the last field, which may be missing. */
static void
put_rule(struct buf *to, struct str line, struct str rule)
{
	struct str field, word;
	size_t start;

	for (int i = 0; i < FIELDS; i++) {
		if (str_cut(&line, ':', &field))
			buf_str(to, field);
		buf_chr(to, ':');
	}
	start = to->n;
	while (line.p && str_cut(&line, ' ', &word)) {
		if (word.n == 0 || str_starts(word, STR(RULE)))
			continue;
		if (to->n > start)
			buf_chr(to, ' ');
		buf_str(to, word);
	}
	if (rule.n && to->n > start)
		buf_chr(to, ' ');
	if (rule.n)
		buf_z(to, RULE);
	buf_str(to, rule);
}

static void
put_secret(struct buf *to, struct str line, struct str secret)
{
	struct str field;

	str_cut(&line, ':', &field);
	buf_str(to, field);
	buf_chr(to, ':');
	buf_str(to, secret);
	if (str_cut(&line, ':', &field) && line.p) {
		buf_chr(to, ':');
		buf_str(to, line);
	}
}

/* Copy the file but for the account's line, which becomes what the caller
 * wants.  Returns 1 when the line was there. */
static int
rewrite(struct buf *to, struct str text, struct str local, struct str domain,
    const struct edit *e)
{
	struct str line;
	int found = 0;

	while (line_next(&text, &line)) {
		struct str name = line_name(line, domain);
		bool it = name.p && str_ieq(name, local);

		found |= it;
		if (!it)
			buf_str(to, line);
		else if (e->secret)
			put_secret(to, line, *e->secret);
		else if (e->rule)
			put_rule(to, line, *e->rule);
		else
			continue;
		buf_chr(to, '\n');
	}
	return found;
}

static int
change(const char *root, struct str local, struct str domain,
    const struct edit *how)
{
	struct domain_edit e;
	struct buf b;
	int found, r = 0;

	if (domain_edit_begin(&e, root, domain, "users") < 0)
		return -1;
	buf_init(&b, DOMAIN_FILE_MAX);
	found = rewrite(&b, buf_slice(&e.old), local, domain, how);
	if (!found && how->secret) {
		buf_str(&b, local);
		buf_chr(&b, ':');
		buf_str(&b, *how->secret);
		buf_z(&b, "::::::\n");
	}
	if (b.over)
		r = fail_text(EFBIG, "the users file grows too large");
	else if (found || how->secret)
		r = domain_edit_commit(&e, buf_slice(&b));
	buf_wipe(&b);
	domain_edit_end(&e);
	return r < 0 ? -1 : found;
}

int
user_set(
    const char *root, struct str local, struct str domain, struct str secret)
{
	if (!user_name_valid(local))
		return fail_text(EINVAL, "not a valid user name");
	for (size_t i = 0; i < secret.n; i++)
		if (secret.p[i] == ':' || ascii_iscntrl(secret.p[i]))
			return fail_text(EINVAL,
			    "the secret contains a colon or a control "
			    "character");
	return change(root, local, domain, &(struct edit){.secret = &secret});
}

int
user_set_rule(
    const char *root, struct str local, struct str domain, struct str rule)
{
	if (!user_name_valid(local))
		return 0;
	return change(root, local, domain, &(struct edit){.rule = &rule});
}

int
user_del(const char *root, struct str local, struct str domain)
{
	if (!user_name_valid(local))
		return 0;
	return change(root, local, domain, &(struct edit){NULL, NULL});
}

struct str
user_password_scope(const struct user *u)
{
	struct str scope = STR("");

	extra_value(u->extra, STR("userdb_password_scope="), &scope);
	return scope;
}

struct str
user_allow_nets(const struct user *u)
{
	struct str nets = {NULL, 0};

	extra_value(u->extra, STR("allow_nets="), &nets);
	return nets;
}

int
user_ids_or(const char *root, const struct user *u,
    const struct drop *mail_user, uid_t *uid, gid_t *gid)
{
	char path[4096];
	struct stat st;

	*uid = u->has_ids ? u->uid : mail_user ? mail_user->uid : 0;
	*gid = u->has_ids ? u->gid : mail_user ? mail_user->gid : 0;
	if (u->has_ids || (mail_user && mail_user->uid != 0))
		return 1;
	if (str_copy(path, sizeof(path), u->maildir) < 0)
		return fail("path of the Maildir", NULL);
	if (stat(path, &st) < 0) {
		snprintf(path, sizeof(path), "%s/mail", root);
		if (stat(path, &st) < 0)
			return fail("stat ", path);
	}
	*uid = st.st_uid;
	*gid = st.st_gid;
	return st.st_uid != 0;
}

int
user_ids(const char *root, const struct user *u, uid_t *uid, gid_t *gid)
{
	struct drop d;
	int r = 0;

	if (!u->has_ids)
		r = drop_find(settings_text("MAIL_USER"), &d);
	if (r < 0)
		return -1;
	return user_ids_or(root, u, r > 0 ? &d : NULL, uid, gid);
}

static int
make_parents(const char *path)
{
	char parent[4096];
	struct str p = str_z(path);
	mode_t old;
	int r;

	while (p.n > 1 && p.p[p.n - 1] == '/')
		p.n--;
	p = str_to(p, str_rfind(p, '/'));
	if (p.n == 0 || p.n == strlen(path))
		return 0;
	if (str_copy(parent, sizeof(parent), p) < 0)
		return fail("path too long: ", path);
	old = umask(066);
	r = file_mkdirs(parent, 0711);
	umask(old);
	return r;
}

/* Only what is ours is given away, whatever took its place meanwhile. */
static int
give(const char *path, uid_t uid, gid_t gid)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = -1;
	else
		r = st.st_uid == geteuid() ? fchown(fd, uid, gid) : 0;
	if (r < 0)
		fail("chown ", path);
	if (fd >= 0)
		close(fd);
	return r;
}

int
user_maildir_make(const char *path, uid_t uid, gid_t gid)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return 0;
	if (make_parents(path) < 0)
		return -1;
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : fail("mkdir ", path);
	return give(path, uid, gid);
}
