/* SPDX-License-Identifier: ISC */
/* What surrounds an account's password: login names, doubles, app passwords,
 * last logins, penalties. */
#include "tap.h"

#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "base/now.h"
#include "users/app.h"
#include "users/login_name.h"
#include "users/logins.h"
#include "users/nets.h"
#include "users/secret.h"
#include "users/slow.h"
#include "users/user_like.h"
#include "users_root.h"

#define DOMAIN STR("example.test")

static void
put(const char *folder, const char *name, const char *text)
{
	char path[256];
	int dir;

	snprintf(path, sizeof(path), "%s/%s", root, folder);
	if (file_mkdirs(path, 0700) < 0)
		exit(1);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	if (dir < 0 || file_replace(dir, name, str_z(text), 0600) < 0)
		exit(1);
	close(dir);
}

static bool
there(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return access(path, F_OK) == 0;
}

static void
split(const char *id, const char *local, const char *domain, const char *master)
{
	struct login_name n;
	struct arena a;

	arena_init(&a, 1u << 20);
	CHECK_NUM(login_name_split(root, str_z(id), &a, &n), 1, id);
	CHECK_STR(n.local, str_z(local), id);
	CHECK_STR(n.domain, str_z(domain), id);
	CHECK(master ? n.master.p && str_eq(n.master, str_z(master))
		     : !n.master.p,
	    id);
	arena_free(&a);
}

static void
test_names(void)
{
	split("ann", "ann", "example.test", NULL);
	split("ann@b.test", "ann", "b.test", NULL);
	split("ann*adm", "ann*adm", "example.test", NULL);
	setenv("MASTER_USERS", "/nonexistent", 1);
	split("ann*adm", "ann", "example.test", "adm");
	split("ann@b.test*adm", "ann", "b.test", "adm");
	split("a*b@b.test*adm", "a*b", "b.test", "adm");
	split("ann@b.test*", "ann", "b.test", "");
	setenv("MASTER_SEPARATOR", "/", 1);
	split("ann@b.test/adm", "ann", "b.test", "adm");
	split("ann@b.test*adm", "ann", "b.test*adm", NULL);
	unsetenv("MASTER_SEPARATOR");
	unsetenv("MASTER_USERS");
}

/* The double's scheme for a name, "" for none. */
static struct str
double_of(const char *name, struct arena *a, int *found)
{
	struct user u, like;

	*found = user_like_find(root, str_z(name), DOMAIN, a, &u, &like);
	return like.secret;
}

static void
test_doubles(void)
{
	int found, plain = 0, changed = 0;
	struct str was[400];
	struct arena a;
	char name[32];

	arena_init(&a, 64u << 20);
	root_file("users", "");
	CHECK_STR(double_of("x", &a, &found), STR(""), "nobody's double");
	root_file("users", "ann:{PLAIN}a\nbob:{CLEAR}b\ncarl:!{PLAIN}c\n"
			   "dora:\n# eve:{PLAIN}x\nfay@other.test:{PLAIN}x\n");
	for (size_t i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "guess%zu", i);
		was[i] = double_of(name, &a, &found);
		plain += str_eq(was[i], STR("{PLAIN}a"));
		if (found != 0 || was[i].n == 0)
			plain = 1000;
	}
	CHECK(plain > 120 && plain < 280,
	    "half of the unknown names are like either; never like a locked "
	    "account");
	CHECK_STR(double_of("ANN", &a, &found), STR("{CLEAR}b"),
	    "another account's, whatever the case");
	CHECK_NUM(found, 1, "and it is found");
	CHECK(double_of("carl", &a, &found).n > 0 && found == 1,
	    "a locked one has a double too");
	root_file("users", "ann:{PLAIN}a\nbob:{CLEAR}b\ngus:{SSHA}x\n");
	for (size_t i = 0; i < 400; i++) {
		struct str now;

		snprintf(name, sizeof(name), "guess%zu", i);
		now = double_of(name, &a, &found);
		if (str_eq(now, STR("{SSHA}x")))
			changed++;
		else if (!str_eq(now, was[i]))
			changed = 1000;
	}
	CHECK(changed > 60 && changed < 220,
	    "a new account takes a third, and nobody else's changes");
	arena_free(&a);
}

static const char apps[] = "# of people\n"
			   "ann:{PLAIN}one:phone:imap,smtp:2026-12-31\n"
			   "ann:{PLAIN}two:old:pop3:\n"
			   "ann@example.test:{PLAIN}three:all::\n"
			   "bob:{PLAIN}four:all::\n"
			   "ann:{PLAIN}five:wrong:ftp:\n"
			   "ann:{PLAIN}abcdefghjkmnpqrstuvw:typed::\n";

static void
app(const char *pass, const char *service, const char *today,
    enum app_result want, const char *label)
{
	struct app hit = {.label = STR("")};

	CHECK_NUM(app_match(str_z(apps), STR("Ann"), DOMAIN, str_z(pass),
		      str_z(service), str_z(today), &hit),
	    want, pass);
	CHECK_STR(hit.label, str_z(label), pass);
}

static void
test_app_match(void)
{
	app("one", "imap", "2026-12-31", APP_RIGHT, "phone");
	app("one", "SMTP", "2026-01-01", APP_RIGHT, "phone");
	app("one", "pop3", "2026-12-31", APP_SCOPE, "phone");
	app("one", "", "2026-12-31", APP_SCOPE, "phone");
	app("one", "imap", "2027-01-01", APP_EXPIRED, "phone");
	app("two", "pop3", "2999-01-01", APP_RIGHT, "old");
	app("three", "", "2026-12-31", APP_RIGHT, "all");
	app("four", "imap", "2026-12-31", APP_NONE, "");
	app("five", "ftp", "2026-12-31", APP_NONE, "");
	app("", "imap", "2026-12-31", APP_NONE, "");
	app("abcd-efgh-jkmn-pqrs-tuvw", "imap", "2026-12-31", APP_RIGHT,
	    "typed");
	app("ABCD efgh JKMN pqrs TUVW ", "imap", "2026-12-31", APP_RIGHT,
	    "typed");
	app("abcd-efgh-jkmn-pqrs-tuv", "imap", "2026-12-31", APP_NONE, "");
	app("abcd-efgh-jkmn-pqrs-tuvwx", "imap", "2026-12-31", APP_NONE, "");
}

static void
test_app_file(void)
{
	struct app one = {.name = STR("ann"),
	    .label = STR("my phone"),
	    .scope = STR("imap"),
	    .expires = STR("2026-12-31")};
	struct app hit;
	struct buf pass, secret, text;

	buf_init(&pass, 100);
	buf_init(&secret, SECRET_MAX);
	buf_init(&text, 10000);
	CHECK_NUM(app_make(&pass, &secret), 0, "made");
	CHECK_NUM(pass.n, 24, "five groups of four letters");
	CHECK_NUM(secret_check(buf_slice(&secret), buf_slice(&pass)), 0,
	    "the secret is that of the letters alone");
	one.secret = buf_slice(&secret);
	root_file("apps", "# kept\nbob:{PLAIN}x:my phone::\n");
	CHECK_NUM(app_add(root, DOMAIN, &one), 0, "added");
	CHECK(app_add(root, DOMAIN, &one) == -1 && errno == EEXIST,
	    "a label comes once an account");
	CHECK_NUM(app_match(str_z(root_text("apps", &text)), STR("ann"), DOMAIN,
		      buf_slice(&pass), STR("imap"), STR("2026-01-01"), &hit),
	    APP_RIGHT, "and is good");
	one.label = STR("a:b");
	CHECK(app_add(root, DOMAIN, &one) == -1 && errno == EINVAL, "label");
	one.label = STR("b");
	one.scope = STR("imap,none");
	CHECK(app_add(root, DOMAIN, &one) == -1 && errno == EINVAL, "scope");
	one.scope = STR("");
	one.expires = STR("2026-13-01");
	CHECK(app_add(root, DOMAIN, &one) == -1 && errno == EINVAL, "day");
	CHECK_NUM(app_del(root, STR("ann"), DOMAIN, STR("phone")), 0, "none");
	CHECK_NUM(app_del(root, STR("ANN"), DOMAIN, STR("my phone")), 1, "one");
	CHECK_STR(str_z(root_text("apps", &text)),
	    STR("# kept\nbob:{PLAIN}x:my phone::\n"), "the others stay");
	CHECK_NUM(
	    app_del(root, STR("bob"), DOMAIN, (struct str){NULL, 0}), 1, "all");
	buf_free(&pass);
	buf_free(&secret);
	buf_free(&text);
}

static void
test_nets(void)
{
	static const struct {
		const char *list, *source;
		bool in;
	} cases[] = {{"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.2", false},
	    {"10.0.0.0/8,192.0.2.0/25", "192.0.2.127", true},
	    {"10.0.0.0/8, 192.0.2.0/25", "192.0.2.128", false},
	    {"0.0.0.0/0", "198.51.100.1", true}, {"0.0.0.0/0", "::1", false},
	    {"2001:db8:0:1000::/52", "2001:db8:0:1fff::1", true},
	    {"2001:db8:0:1000::/52", "2001:db8:0:2000::1", false},
	    {"::/0,local", "2001:db8::1", true}, {"::/0,local", "local", true},
	    {"::/0", "local", false}, {"", "local", false},
	    {"", "192.0.2.1", false}, {"local", "", false},
	    {"192.0.2.0/33,192.0.2.0/,x/8", "192.0.2.1", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_NUM(nets_has(str_z(cases[i].list), cases[i].source),
		    cases[i].in, cases[i].list);
}

static void
note(int64_t time, const char *source, const char *how)
{
	struct login_line l = {.time = time,
	    .service = STR("imap"),
	    .source = str_z(source),
	    .tls = STR(""),
	    .mech = STR("PL AIN"),
	    .how = str_z(how)};
	int fd = logins_open(root, STR("Ann"), DOMAIN);

	if (fd < 0)
		exit(1);
	logins_note(fd, &l);
	close(fd);
}

static size_t
lines(struct arena *a, struct login_line **l)
{
	size_t n;

	arena_reset(a);
	CHECK_NUM(logins_read(root, STR("ann"), DOMAIN, a, l, &n), 0, "read");
	return n;
}

static bool
known(const char *source)
{
	return logins_known(root, STR("ann"), DOMAIN, source);
}

static void
test_logins(void)
{
	int64_t now = now_wall_s();
	struct login_line *l;
	struct arena a;
	char source[64];
	size_t n;

	arena_init(&a, 1u << 20);
	CHECK_NUM(logins_open(root, STR("ann"), DOMAIN), -1,
	    "without the folder nothing is kept");
	put("logins", "x", "");
	CHECK_NUM(logins_open(root, STR("../x"), DOMAIN), -1, "no such name");
	note(now - 300, "192.0.2.1", "app:my phone");
	note(now - 200, "2001:db8::1", "password");
	CHECK(there("logins/example.test/ann"), "in lower case");
	n = lines(&a, &l);
	CHECK_NUM(n, 2, "two lines");
	CHECK_STR(l[0].source, STR("2001:db8::1"), "the newest first");
	CHECK_STR(l[0].tls, STR("-"), "not known");
	CHECK_STR(l[0].mech, STR("PL_AIN"), "one word");
	CHECK_STR(l[1].how, STR("app:my phone"), "the last field has blanks");
	note(now - 270, "192.0.2.1", "app:my phone");
	CHECK_NUM(lines(&a, &l) == 2 && l[1].time == now - 300, 1,
	    "not again within a minute");
	note(now, "192.0.2.1", "app:my phone");
	CHECK_NUM(lines(&a, &l) == 2 && l[0].time == now, 1,
	    "a line of its own kind goes for it");
	CHECK(known("192.0.2.1") && known("2001:db8:0:0:9::") &&
		  !known("192.0.2.2") && !known("2001:db8:1::1") &&
		  !known("local"),
	    "known sources");
	note(now, "192.0.2.3", "master:adm");
	CHECK(!known("192.0.2.3"), "a master's does not count");
	note(now - LOGINS_KNOWN_S, "192.0.2.4", "password");
	CHECK(!known("192.0.2.4"), "nor one of long ago");
	for (int i = 0; i < 100; i++) {
		snprintf(source, sizeof(source), "198.51.100.%d", i);
		note(now, source, "password");
	}
	n = lines(&a, &l);
	CHECK_NUM(n, LOGINS_MAX + 1, "as many, and the last use of the app");
	CHECK_STR(l[n - 1].how, STR("app:my phone"), "this one");
	put("logins/example.test", "ann", "nonsense\n1 2\n");
	CHECK_NUM(lines(&a, &l), 0, "nonsense is no line");
	put("logins/example.test", "ann",
	    "253402300799 imap 192.0.2.5 - - password\n"
	    "253402300800 imap 192.0.2.6 - - password\n"
	    "9223372036854775807 imap 192.0.2.7 - - password\n");
	CHECK_NUM(lines(&a, &l), 1, "nor is what comes after the year 9999");
	CHECK(known("192.0.2.5") && !known("192.0.2.6") && !known("192.0.2.7"),
	    "no time overflows");
	CHECK_NUM(logins_forget(root, STR("ann"), DOMAIN), 0, "forgotten");
	CHECK_NUM(logins_forget(root, STR("ann"), DOMAIN), 0, "once is enough");
	CHECK(!there("logins/example.test/ann"), "it is gone");
	arena_free(&a);
}

/* A penalty that does not end within anybody's patience. */
static void
punish(const char *name)
{
	char text[100];
	long long now = (long long)now_wall_s();

	snprintf(text, sizeof(text), "5 %lld %lld\n", now + 100, now);
	put("penalty", name, text);
}

static int
enter(const char *source, const char *account, int result)
{
	struct slow s;
	int r = slow_enter(&s, root, source, str_z(account), 1);

	slow_leave(&s, r ? result : -1, 1);
	return r;
}

static void
test_known_sources(void)
{
	put("logins/example.test", "ann", "");
	note(now_wall_s(), "192.0.2.1", "password");
	punish("user-ann@example.test");
	punish("from-192.0.2.1");
	CHECK_NUM(enter("192.0.2.2", "ann", 1), 0, "others wait for it");
	CHECK_NUM(enter("192.0.2.1", "ANN@Example.test", 1), 1,
	    "the owner does not, nor for others at his address");
	CHECK(there("penalty/user-ann@example.test"),
	    "and that is no reason to forget what others do");
	CHECK_NUM(enter("192.0.2.1", "bob", 1), 0, "others there do");
	CHECK_NUM(enter("192.0.2.1", "ann", 0), 1, "a failure");
	CHECK(there("penalty/user-ann@example.test,192.0.2.1"), "has a file");
	CHECK_NUM(enter("192.0.2.1", "ann", 1), 0,
	    "after it he waits as others there do");
	put("penalty", "from-192.0.2.1", "");
	CHECK_NUM(enter("192.0.2.1", "ann", 1), 1, "but not for the account");
	CHECK(!there("penalty/user-ann@example.test,192.0.2.1"), "forgiven");
}

static void
test_masters(void)
{
	setenv("MASTER_USERS", "/nonexistent", 1);
	enter("192.0.2.5", "ann*adm", 0);
	unsetenv("MASTER_USERS");
	CHECK(there("penalty/user-*adm"), "a master's failures are his own");
	CHECK(!there("penalty/user-ann*adm"), "whosever mailbox it was");
}

static void
test_app_day(void)
{
	static const struct {
		int64_t when;
		const char *day;
	} days[] = {
	    {0, "1970-01-01"},
	    {68169599, "1972-02-28"},
	    {68169600, "1972-02-29"},
	    {68256000, "1972-03-01"},
	    {951782400, "2000-02-29"},
	    {1798675199, "2026-12-30"},
	    {1798761599, "2026-12-31"},
	    {1798761600, "2027-01-01"},
	    {4107542399, "2100-02-28"},
	    {4107542400, "2100-03-01"},
	    {253402300799, "9999-12-31"},
	    {253402300800, "9999-12-31"},
	    {-1, "9999-12-31"},
	};
	char to[APP_DAY];

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		app_day(to, days[i].when);
		CHECK_STR(
		    str_z(to), str_z(days[i].day), "a day in UTC");
	}
}

int
main(void)
{
	root_make();
	test_app_day();
	test_names();
	test_doubles();
	test_app_match();
	test_app_file();
	test_nets();
	test_logins();
	test_known_sources();
	test_masters();
	root_remove();
	return tap_done();
}
