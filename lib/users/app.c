/* SPDX-License-Identifier: ISC */
/* App passwords. */
#include "users/app.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/num.h"
#include "msg/date.h"
#include "users/domain.h"
#include "users/line.h"
#include "users/secret.h"
#include "users/user.h"

/* Easy to tell apart and to type on a telephone: 20 of 23 letters are 90 bits.
 */
#define LETTERS "abcdefghjkmnpqrstuvwxyz"
#define GROUPS 5
#define GROUP 4

bool
app_scope_has(struct str scope, struct str service)
{
	struct str word;

	if (scope.n == 0)
		return true;
	while (str_cut(&scope, ',', &word))
		if (service.n > 0 && str_ieq(str_trim(word), service))
			return true;
	return false;
}

bool
app_scope_valid(struct str scope)
{
	struct str word;

	while (scope.n > 0 && str_cut(&scope, ',', &word)) {
		word = str_trim(word);
		if (!str_ieq(word, STR("imap")) &&
		    !str_ieq(word, STR("pop3")) && !str_ieq(word, STR("smtp")))
			return false;
	}
	return true;
}

bool
app_label_valid(struct str label)
{
	for (size_t i = 0; i < label.n; i++)
		if (label.p[i] == ':' || ascii_iscntrl(label.p[i]))
			return false;
	return label.n > 0 && label.n <= APP_LABEL_MAX;
}

/* "2026-12-31". */
static bool
day_valid(struct str s)
{
	uint64_t m, d, y;

	return s.n == 10 && s.p[4] == '-' && s.p[7] == '-' &&
	       num_scan(str_to(s, 4), 9999, &y) == 0 &&
	       num_scan(str_to(str_from(s, 5), 2), 12, &m) == 0 && m > 0 &&
	       num_scan(str_from(s, 8), 31, &d) == 0 && d > 0;
}

static int
wrong(const char **why, const char *text)
{
	*why = text;
	return -1;
}

static struct str
field(struct str *rest)
{
	struct str s;

	return str_cut(rest, ':', &s) ? s : str_make("", 0);
}

int
app_parse(struct str line, struct str domain, struct app *app, const char **why)
{
	if (str_trim(line).n == 0 || line.p[0] == '#')
		return 0;
	if (line.n > USER_LINE_MAX)
		return wrong(why, "the line is too long");
	app->name = line_name(line, domain);
	if (!app->name.p)
		return wrong(why, "the account is in another domain");
	if (!user_name_valid(app->name))
		return wrong(why, "not a valid user name");
	field(&line);
	app->secret = field(&line);
	app->label = field(&line);
	app->scope = field(&line);
	app->expires = field(&line);
	if (line.p)
		return wrong(why, "more than five fields");
	if (!app_label_valid(app->label))
		return wrong(why, "not a valid label");
	if (!app_scope_valid(app->scope))
		return wrong(why, "a scope other than imap, pop3 and smtp");
	if (app->expires.n > 0 && !day_valid(app->expires))
		return wrong(why, "not a day such as 2026-12-31");
	return 1;
}

/* What people make of it when they type it, undone. */
static struct str
plain(char to[GROUPS * GROUP + 1], struct str pass)
{
	size_t n = 0;

	for (size_t i = 0; i < pass.n; i++) {
		if (pass.p[i] == '-' || pass.p[i] == ' ')
			continue;
		if (n == GROUPS * GROUP || !ascii_isalpha(pass.p[i]))
			return pass;
		to[n++] = ascii_lower(pass.p[i]);
	}
	return n == GROUPS * GROUP ? str_make(to, n) : pass;
}

enum app_result
app_match(struct str text, struct str local, struct str domain, struct str pass,
    struct str service, struct str today, struct app *app)
{
	char letters[GROUPS * GROUP + 1];
	struct str typed = plain(letters, pass), line;
	enum app_result r = APP_NONE;
	const char *why;
	struct app one;

	while (r == APP_NONE && line_next(&text, &line)) {
		struct str name = line_name(line, domain);

		if (!name.p || !str_ieq(name, local) ||
		    app_parse(line, domain, &one, &why) <= 0 ||
		    secret_check(one.secret, typed) <= 0)
			continue;
		*app = one;
		if (one.expires.n > 0 && str_cmp(today, one.expires) > 0)
			r = APP_EXPIRED;
		else
			r = app_scope_has(one.scope, service) ? APP_RIGHT
			                                      : APP_SCOPE;
	}
	secret_wipe(letters, sizeof(letters));
	return r;
}

int
app_make(struct buf *pass, struct buf *secret)
{
	static const char letters[] = LETTERS;
	char text[GROUPS * GROUP + 1];
	unsigned char octet;
	size_t n = 0;
	int r = 0;

	while (r == 0 && n < GROUPS * GROUP) {
		r = secret_random(&octet, 1);
		/* 253 is 11 times 23: no letter comes more often. */
		if (octet < 253)
			text[n++] = letters[octet % (sizeof(letters) - 1)];
	}
	if (r == 0)
		r = secret_make(STR("SSHA256"), str_make(text, n), secret);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i > 0 && i % GROUP == 0)
			buf_chr(pass, '-');
		buf_chr(pass, text[i]);
	}
	secret_wipe(text, sizeof(text));
	return r;
}

static bool
is_one(struct str line, struct str local, struct str domain, struct str label)
{
	struct str name = line_name(line, domain);

	if (!name.p || !str_ieq(name, local))
		return false;
	field(&line);
	field(&line);
	return !label.p || str_eq(field(&line), label);
}

static void
put(struct buf *b, const struct app *app)
{
	const struct str fields[] = {
	    app->name, app->secret, app->label, app->scope, app->expires};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (i > 0)
			buf_chr(b, ':');
		buf_str(b, fields[i]);
	}
	buf_chr(b, '\n');
}

int
app_add(const char *root, struct str domain, const struct app *app)
{
	struct domain_edit e;
	struct str rest, line;
	struct app check;
	const char *why;
	struct buf b;
	int r = 0;

	buf_init(&b, DOMAIN_FILE_MAX);
	put(&b, app);
	if (app_parse(str_to(buf_slice(&b), b.n - 1), domain, &check, &why) <=
	    0) {
		buf_free(&b);
		return fail_text(EINVAL, why);
	}
	buf_reset(&b);
	if (domain_edit_begin(&e, root, domain, "apps") < 0) {
		buf_free(&b);
		return -1;
	}
	for (rest = buf_slice(&e.old); line_next(&rest, &line);) {
		if (is_one(line, app->name, domain, app->label))
			r = fail_text(EEXIST, "there is one of this label");
		buf_str(&b, line);
		buf_chr(&b, '\n');
	}
	put(&b, app);
	if (r == 0 && b.over)
		r = fail_text(EFBIG, "the file grows too large");
	if (r == 0)
		r = domain_edit_commit(&e, buf_slice(&b));
	buf_wipe(&b);
	domain_edit_end(&e);
	return r;
}

int
app_del(const char *root, struct str local, struct str domain, struct str label)
{
	struct domain_edit e;
	struct str rest, line;
	struct buf b;
	int n = 0, r = 0;

	if (domain_edit_begin(&e, root, domain, "apps") < 0)
		return -1;
	buf_init(&b, DOMAIN_FILE_MAX);
	for (rest = buf_slice(&e.old); line_next(&rest, &line);) {
		if (is_one(line, local, domain, label)) {
			n++;
			continue;
		}
		buf_str(&b, line);
		buf_chr(&b, '\n');
	}
	if (n > 0)
		r = domain_edit_commit(&e, buf_slice(&b));
	buf_wipe(&b);
	domain_edit_end(&e);
	return r < 0 ? -1 : n;
}

/* Not by gmtime(3): it would look for the time zone, where no file can be
 * opened any more. */
void
app_day(char to[APP_DAY], int64_t when)
{
	char day[DATE_SIZE];

	date_iso(day, when < 0 || when > DATE_LAST_S ? DATE_LAST_S : when);
	memcpy(to, day, APP_DAY);
}
