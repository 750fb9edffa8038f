/* SPDX-License-Identifier: ISC */
/* Address lookup. */
#include "users/rcpt.h"

#include <string.h>

#include "users/alias.h"
#include "users/domain.h"

static enum rcpt_kind
exact(const char *root, struct str local, struct str domain, struct arena *a,
    struct rcpt *r)
{
	int found = user_find(root, local, domain, a, &r->user);

	if (found < 0)
		return RCPT_FAILED;
	if (found > 0)
		return RCPT_MAILBOX;
	found = alias_find(root, local, domain, a, &r->targets, &r->n);
	if (found < 0)
		return RCPT_FAILED;
	return found > 0 ? RCPT_ALIAS : RCPT_UNKNOWN;
}

/* The name before the first delimiter; false when there is none, or nothing
 * before it. */
static bool
split(struct str local, const char *delimiter, struct str *base,
    struct str *extension)
{
	for (size_t i = 1; i < local.n; i++) {
		if (!local.p[i] || !strchr(delimiter, local.p[i]))
			continue;
		*base = str_to(local, i);
		*extension = str_from(local, i + 1);
		return true;
	}
	return false;
}

static enum rcpt_kind
first_user(const char *root, struct str domain, struct arena *a, struct rcpt *r)
{
	struct user *users;
	size_t n;

	if (user_list(root, domain, a, &users, &n) < 0)
		return RCPT_FAILED;
	if (n == 0)
		return RCPT_UNKNOWN;
	r->user = users[0];
	return RCPT_MAILBOX;
}

static enum rcpt_kind
find_local(const char *root, struct str local, struct str domain,
    const char *delimiter, struct arena *a, struct rcpt *r)
{
	enum rcpt_kind kind = exact(root, local, domain, a, r);
	struct str base, extension;
	int found;

	if (kind != RCPT_UNKNOWN)
		return kind;
	if (split(local, delimiter, &base, &extension)) {
		kind = exact(root, base, domain, a, r);
		if (kind == RCPT_MAILBOX || kind == RCPT_ALIAS)
			r->extension = arena_str(a, extension);
		if (kind != RCPT_UNKNOWN)
			return kind;
	}
	found = alias_catchall(root, domain, a, &r->targets, &r->n);
	if (found != 0)
		return found < 0 ? RCPT_FAILED : RCPT_ALIAS;
	if (str_ieq(local, STR("postmaster")))
		return first_user(root, domain, a, r);
	return RCPT_UNKNOWN;
}

enum rcpt_kind
rcpt_find(const char *root, struct str local, struct str domain,
    const char *delimiter, struct arena *a, struct rcpt *r)
{
	int ours = domain_is_local(root, domain);

	*r = (struct rcpt){.extension = STR("")};
	if (ours <= 0)
		return ours < 0 ? RCPT_FAILED : RCPT_FOREIGN;
	return find_local(root, local, domain, delimiter, a, r);
}

enum rcpt_kind
rcpt_check(const char *root, struct str local, struct str domain,
    const char *delimiter, struct arena *a)
{
	struct rcpt r;

	return rcpt_find(root, local, domain, delimiter, a, &r);
}
