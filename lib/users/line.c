/* SPDX-License-Identifier: ISC */
/* Dovecot passwd-file lines (2.3's parser is the reference). */
#include "users/line.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/num.h"
#include "users/domain.h"
#include "users/user.h"

#define ID_MAX 4294967294u /* (uid_t)-1 means "no change" */

bool
line_next(struct str *rest, struct str *line)
{
	if (!rest->p || rest->n == 0)
		return false;
	str_cut(rest, '\n', line);
	if (str_ends(*line, STR("\r")))
		line->n--;
	return true;
}

struct str
line_name(struct str line, struct str domain)
{
	struct str name = str_to(line, str_find(line, ':'));
	size_t at = str_find(name, '@');

	if (str_trim(line).n == 0 || line.p[0] == '#')
		return (struct str){NULL, 0};
	if (at < name.n && !str_ieq(str_from(name, at + 1), domain))
		return (struct str){NULL, 0};
	return str_to(name, at);
}

struct str
line_secret(struct str line)
{
	struct str name;

	str_cut(&line, ':', &name);
	return line.p ? str_to(line, str_find(line, ':')) : STR("");
}

bool
user_name_valid(struct str s)
{
	if (s.n == 0 || s.n > USER_NAME_MAX || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (ascii_iscntrl(c) || c == '/' || c == ':' || c == '@' ||
		    c == ' ')
			return false;
	}
	return true;
}

/* A number, or a name that fits in 64 octets. */
static bool
read_uid(struct str s, uint64_t *id)
{
	char name[65];
	const struct passwd *pw;

	if (num_scan(s, ID_MAX, id) == 0)
		return true;
	if (str_copy(name, sizeof(name), s) < 0)
		return false;
	pw = getpwnam(name);
	if (pw)
		*id = pw->pw_uid;
	return pw != NULL;
}

static bool
read_gid(struct str s, uint64_t *id)
{
	char name[65];
	const struct group *gr;

	if (num_scan(s, ID_MAX, id) == 0)
		return true;
	if (str_copy(name, sizeof(name), s) < 0)
		return false;
	gr = getgrnam(name);
	if (gr)
		*id = gr->gr_gid;
	return gr != NULL;
}

static int
wrong(const char **why, const char *text)
{
	*why = text;
	return -1;
}

static int
read_ids(struct str uid, struct str gid, struct user *u, const char **why)
{
	uint64_t a = 0, b = 0;

	if (uid.n == 0 && gid.n == 0)
		return 1;
	if (uid.n == 0 || gid.n == 0)
		return wrong(why, "only one of uid and gid is there");
	if (!read_uid(uid, &a))
		return wrong(why, "there is no such uid");
	if (!read_gid(gid, &b))
		return wrong(why, "there is no such gid");
	if (a == 0 || b == 0)
		return wrong(why, "uid 0 and gid 0 are refused");
	u->uid = (uid_t)a;
	u->gid = (gid_t)b;
	u->has_ids = true;
	return 1;
}

static struct str
field(struct str *rest)
{
	struct str s;

	return str_cut(rest, ':', &s) ? s : str_make("", 0);
}

static int
check_name(struct str line, struct str domain, struct user *u, const char **why)
{
	struct str whole = str_to(line, str_find(line, ':'));

	u->name = line_name(line, domain);
	u->domain = domain;
	if (!u->name.p)
		return wrong(why, "the account is in another domain");
	if (whole.n == line.n)
		return wrong(why, "there is no colon behind the name");
	if (!user_name_valid(u->name))
		return wrong(why, "not a valid user name");
	return 1;
}

int
user_parse(struct str line, struct str domain, struct user *u, const char **why)
{
	struct str rest = line;
	struct str uid, gid;

	*u = (struct user){.maildir = STR("")};
	if (str_trim(line).n == 0 || line.p[0] == '#')
		return 0;
	if (line.n > USER_LINE_MAX)
		return wrong(why, "the line is too long");
	for (size_t i = 0; i < line.n; i++)
		if (ascii_iscntrl(line.p[i]))
			return wrong(why, "a control character");
	if (check_name(line, domain, u, why) < 0)
		return -1;
	field(&rest);
	u->secret = field(&rest);
	uid = field(&rest);
	gid = field(&rest);
	u->gecos = field(&rest);
	u->home = field(&rest);
	u->shell = field(&rest);
	u->extra = rest.p ? rest : str_make("", 0);
	if (u->home.n > 0 && u->home.p[0] != '/')
		return wrong(why, "the home is not an absolute path");
	return read_ids(uid, gid, u, why);
}
