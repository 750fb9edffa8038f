/* SPDX-License-Identifier: ISC */
/* One pass over the users file for the account and for its double. */
#include "users/user_like.h"

#include <stdint.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "users/domain.h"
#include "users/line.h"
#include "users/secret.h"

/* The draw that decides: the highest wins.  A line that comes or goes changes
 * the winner of few names only. */
static uint64_t
draw(struct str local, struct str name)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */
	struct str both[2] = {local, name};

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j <= both[i].n; j++) {
			char c = j < both[i].n ? both[i].p[j] : ':';

			h ^= (unsigned char)ascii_lower(c);
			h *= 1099511628211u;
		}
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

int
user_like_find(const char *root, struct str local, struct str domain,
    struct arena *a, struct user *u, struct user *like)
{
	struct str rest, line, found = {NULL, 0}, other = {NULL, 0};
	uint64_t best = 0;
	struct buf b;
	int r;

	*like = (struct user){.secret = STR(""), .maildir = STR("")};
	buf_init(&b, DOMAIN_FILE_MAX);
	r = domain_read(root, domain, "users", &b);
	rest = buf_slice(&b);
	while (r > 0 && line_next(&rest, &line)) {
		struct str name = line_name(line, domain);
		uint64_t d = name.p ? draw(local, name) : 0;

		if (name.p && !found.p && str_ieq(name, local)) {
			found = line;
		} else if (d > best && !secret_locked(line_secret(line))) {
			best = d;
			other = line;
		}
	}
	if (other.p && user_of_line(root, other, domain, a, like) < 0)
		*like = (struct user){.secret = STR(""), .maildir = STR("")};
	if (r > 0 && (!found.p || !user_name_valid(local)))
		r = 0;
	if (r > 0)
		r = user_of_line(root, found, domain, a, u);
	buf_wipe(&b);
	return r;
}
