/* SPDX-License-Identifier: ISC */
/* Whether the password is right: the account's own, one for an app, or a
 * master's. */
#include "checkpw.h"

#include <stdlib.h>

#include "base/now.h"
#include "users/app.h"
#include "users/nets.h"
#include "users/secret.h"

/* "app:" and the like before a name, for the record. */
static struct str
how(struct login *l, const char *kind, struct str name)
{
	struct buf b;
	struct str s;

	buf_init(&b, 1024);
	buf_z(&b, kind);
	buf_str(&b, name);
	s = arena_str(&l->arena, buf_slice(&b));
	buf_free(&b);
	return s;
}

/* A master's password alone counts, and it is looked at also where there is no
 * such user. */
static void
verify_master(struct login *l)
{
	bool known = l->master.n > 0;
	int right = 0;

	if (known)
		right = secret_check(l->master, l->pass);
	else
		secret_pretend(l->master_like, l->pass);
	if (right < 0)
		later(l);
	if (right == 0)
		deny(l, known ? "wrong-password" : "unknown-master");
	if (!l->found)
		deny(l, l->missing);
	l->how = how(l, "master:", l->name.master);
}

void
verify_source(struct login *l)
{
	struct str nets = user_allow_nets(&l->user);

	if (nets.p && !nets_has(nets, l->source))
		deny(l, "allow-nets");
}

/* True when it was the password of an app. */
static bool
verify_app(struct login *l, struct str service)
{
	char today[APP_DAY];
	enum app_result r;
	struct app app;

	app_day(today, now_wall_s());
	r = app_match(l->apps, l->name.local, l->name.domain, l->pass, service,
	    str_z(today), &app);
	/* An app's password does not outlive its account. */
	if (r == APP_NONE || !l->found)
		return false;
	l->app = app.label;
	if (r == APP_EXPIRED)
		deny(l, "app-expired");
	if (r == APP_SCOPE)
		deny(l, "app-scope");
	verify_source(l);
	l->how = how(l, "app:", app.label);
	return true;
}

void
verify_scope(struct login *l)
{
	verify_source(l);
	if (!app_scope_has(
		user_password_scope(&l->user), str_z(getenv("SERVICE"))))
		deny(l, "password-scope");
	l->how = STR("password");
}

void
verify(struct login *l)
{
	struct str service = str_z(getenv("SERVICE"));
	int right;

	if (l->name.master.p) {
		verify_master(l);
		return;
	}
	if (!secret_locked(l->user.secret) && verify_app(l, service))
		return;
	if (!l->found || secret_locked(l->user.secret)) {
		secret_pretend(l->like.secret, l->pass);
		deny(l, l->found ? "locked" : l->missing);
	}
	right = secret_check(l->user.secret, l->pass);
	if (right < 0)
		later(l);
	if (right == 0)
		deny(l, "wrong-password");
	verify_scope(l);
}
