/* SPDX-License-Identifier: ISC */
/* A users, an apps and an aliases file of any octets.  A name that is accepted
 * is safe in a path, ids are never 0, and slices lie within the text. */
#include <stdint.h>
#include <stdlib.h>

#include "users/alias.h"
#include "users/app.h"
#include "users/line.h"
#include "users/secret.h"
#include "users/user.h"

#define D STR("example.test")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
inside(struct str part, struct str whole)
{
	if (part.n > 0 &&
	    (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

/* Checked are those that take no time. */
static void
check_secret(struct str secret)
{
	struct scram keys;
	bool slow = str_has(secret, '$') || str_has(secret, ',') ||
	            str_has(secret, '_');
	int r = secret_scram(secret, &keys);

	if (r > 0 && (keys.salt_n == 0 || keys.salt_n > SCRAM_SALT_MAX))
		abort();
	if (secret_weak(secret) && !secret_known(secret))
		abort();
	if (!slow && secret_check(secret, STR("tiger")) > 0 &&
	    secret_locked(secret))
		abort();
}

static void
check_line(struct str line)
{
	const char *why = NULL;
	struct user u;
	int r = user_parse(line, D, &u, &why);

	if (r < 0 && !why)
		abort();
	if (r <= 0)
		return;
	if (!user_name_valid(u.name) || str_has(u.name, '/') ||
	    u.name.p[0] == '.' || (u.has_ids && (u.uid == 0 || u.gid == 0)))
		abort();
	if (u.home.n > 0 && u.home.p[0] != '/')
		abort();
	inside(u.name, line);
	inside(u.secret, line);
	inside(u.extra, line);
	check_secret(u.secret);
}

static void
check_app(struct str line)
{
	const char *why = NULL;
	struct app app;
	int r = app_parse(line, D, &app, &why);

	if (r < 0 && !why)
		abort();
	if (r <= 0)
		return;
	if (!user_name_valid(app.name) || !app_label_valid(app.label) ||
	    !app_scope_valid(app.scope))
		abort();
	inside(app.secret, line);
	inside(app.expires, line);
}

static void
check_aliases(struct str text)
{
	struct alias *list;
	struct str *t;
	const char *why;
	struct arena a;
	size_t n, count;

	arena_init(&a, 64u << 20);
	alias_parse(text, &a, &list, &n);
	for (size_t i = 0; i < n; i++) {
		if (list[i].name.n == 0 ||
		    alias_targets(list[i].value, D, &a, &t, &count, &why) < 0)
			continue;
		if (count == 0 || count > ALIAS_TARGETS_MAX)
			abort();
		for (size_t k = 0; k < count; k++)
			if (t[k].n == 0 || str_has(t[k], '\n'))
				abort();
	}
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_make((const char *)data, n);
	struct str rest = text;
	struct str line;

	if (n > 100000)
		return 0;
	while (line_next(&rest, &line)) {
		inside(line, text);
		check_line(line);
		check_app(line);
	}
	check_aliases(text);
	return 0;
}
