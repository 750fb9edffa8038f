/* SPDX-License-Identifier: ISC */
/* Address lookup. */
#include "users/rcpt.h"

#include <string.h>

#include "users/alias.h"
#include "users/cache.h"
#include "users/domain.h"

/* Where one address is looked up, and for whom. */
struct question {
	struct cache *cache;
	const char *root;
	struct str domain;
	const char *delimiter;
	struct arena *a;
	struct rcpt *r;
};

static int
find_user(const struct question *q, struct str local)
{
	if (q->cache)
		return cache_user(
		    q->cache, local, q->domain, q->a, &q->r->user);
	return user_find(q->root, local, q->domain, q->a, &q->r->user);
}

static int
find_alias(const struct question *q, struct str local)
{
	struct rcpt *r = q->r;

	if (q->cache)
		return cache_alias(
		    q->cache, local, q->domain, q->a, &r->targets, &r->n);
	return alias_find(q->root, local, q->domain, q->a, &r->targets, &r->n);
}

static int
find_catchall(const struct question *q)
{
	struct rcpt *r = q->r;

	if (q->cache)
		return cache_catchall(
		    q->cache, q->domain, q->a, &r->targets, &r->n);
	return alias_catchall(q->root, q->domain, q->a, &r->targets, &r->n);
}

static enum rcpt_kind
exact(const struct question *q, struct str local)
{
	int found = find_user(q, local);

	if (found < 0)
		return RCPT_FAILED;
	if (found > 0)
		return RCPT_MAILBOX;
	found = find_alias(q, local);
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
first_user(const struct question *q)
{
	struct user *users;
	size_t n;

	if (user_list(q->root, q->domain, 1, q->a, &users, &n) < 0)
		return RCPT_FAILED;
	if (n == 0)
		return RCPT_UNKNOWN;
	q->r->user = users[0];
	return RCPT_MAILBOX;
}

static enum rcpt_kind
find_local(const struct question *q, struct str local)
{
	enum rcpt_kind kind = exact(q, local);
	struct str base, extension;
	int found;

	if (kind != RCPT_UNKNOWN)
		return kind;
	if (split(local, q->delimiter, &base, &extension)) {
		kind = exact(q, base);
		if (kind == RCPT_MAILBOX || kind == RCPT_ALIAS)
			q->r->extension = arena_str(q->a, extension);
		if (kind != RCPT_UNKNOWN)
			return kind;
	}
	found = find_catchall(q);
	if (found != 0)
		return found < 0 ? RCPT_FAILED : RCPT_ALIAS;
	if (str_ieq(local, STR("postmaster")))
		return first_user(q);
	return RCPT_UNKNOWN;
}

enum rcpt_kind
rcpt_find_in(struct cache *cache, const char *root, struct str local,
    struct str domain, const char *delimiter, struct arena *a, struct rcpt *r)
{
	struct question q = {cache, root, domain, delimiter, a, r};
	int ours = domain_is_local(root, domain);

	*r = (struct rcpt){.extension = STR("")};
	if (ours <= 0)
		return ours < 0 ? RCPT_FAILED : RCPT_FOREIGN;
	return find_local(&q, local);
}

enum rcpt_kind
rcpt_find(const char *root, struct str local, struct str domain,
    const char *delimiter, struct arena *a, struct rcpt *r)
{
	return rcpt_find_in(NULL, root, local, domain, delimiter, a, r);
}

enum rcpt_kind
rcpt_check(const char *root, struct str local, struct str domain,
    const char *delimiter, struct arena *a)
{
	struct rcpt r;

	return rcpt_find(root, local, domain, delimiter, a, &r);
}
