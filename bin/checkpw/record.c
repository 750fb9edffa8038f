/* SPDX-License-Identifier: ISC */
/* Who logged in, or tried to: from where, to what, and how. */
#include "checkpw.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/now.h"
#include "users/logins.h"

/* A variable that the login program or the TLS server set; NULL for none. */
static const char *
given(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* The mechanism; who sends the password itself is said to use PLAIN, whatever
 * command it came in. */
static const char *
mechanism(void)
{
	const char *name = given("CHECKPW_MECHANISM");

	return name || !given("SERVICE") ? name : "PLAIN";
}

static void
event(const struct login *l, const char *ev, struct str user, const char *why)
{
	const char *tls = given("SSL_PROTOCOL");

	log_event(ev, "user", log_str(user), "reason", why, "service",
	    given("SERVICE"), "tls", tls ? tls : "no", "cipher",
	    tls ? given("SSL_CIPHER") : NULL, "mech", mechanism(), "app",
	    l->app.n ? log_str(l->app) : NULL, "master",
	    l->name.master.p ? log_str(l->name.master) : NULL, NULL);
}

void
record_failure(const struct login *l, const char *reason)
{
	event(l, "login-failed", l->id, reason);
}

void
record_success(struct login *l)
{
	struct login_line line = {.time = now_wall_s(),
	    .service = str_z(given("SERVICE")),
	    .source = str_z(l->source),
	    .tls = str_z(given("SSL_PROTOCOL")),
	    .mech = str_z(mechanism()),
	    .how = l->how};

	event(l, l->name.master.p ? "master-login" : "login-ok",
	    account_address(l), NULL);
	if (l->logins_fd >= 0)
		logins_note(l->logins_fd, &line);
}
