/* SPDX-License-Identifier: ISC */
/* Routes: the whole file is looked through for the best line. */
#include "net/routes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/num.h"
#include "io/file.h"

#define ROUTES_MAX (1 << 20)

/* How well a pattern fits: 0 not at all. */
static size_t
fits(struct str pattern, struct str domain, struct str sender)
{
	struct str at = str_from(sender, str_rfind(sender, '@'));

	if (str_eq(pattern, STR("*")))
		return 1;
	if (str_istarts(pattern, STR("sender:")))
		return at.n && str_ieq(str_from(pattern, 7), at) ? 2 : 0;
	if (str_starts(pattern, STR(".")))
		return str_iends(domain, pattern) && domain.n > pattern.n
		           ? 2 + pattern.n
		           : 0;
	return str_ieq(pattern, domain) ? 10000 : 0;
}

/* "host", "host:port", "[address]:port". */
static int
parse_target(struct str t, struct route *r)
{
	size_t close = str_starts(t, STR("[")) ? str_find(t, ']') : 0;
	struct str host, rest;
	size_t colon;
	uint64_t port = 0;

	memset(r, 0, sizeof(*r));
	if (str_eq(t, STR("-")))
		return 0;
	if (close == t.n)
		return -1;
	colon = close + str_find(str_from(t, close), ':');
	host = str_to(t, colon);
	rest = str_from(t, colon);
	if (close) {
		if (host.n != close + 1)
			return -1;
		host = str_make(t.p + 1, close - 1);
		if (str_istarts(host, STR("IPv6:")))
			host = str_from(host, 5);
	}
	if (rest.n && (num_scan(str_from(rest, 1), 65535, &port) < 0 || !port))
		return -1;
	for (size_t i = 0; i < host.n; i++)
		if (!ascii_isalnum(host.p[i]) && !strchr("-._:", host.p[i]))
			return -1;
	r->port = (unsigned)port;
	return host.n ? str_copy(r->host, sizeof(r->host), host) : -1;
}

/* Cut a line into its two words; false when it has none. */
static bool
two_words(struct str line, struct str *pattern, struct str *target)
{
	size_t i = 0;

	line = str_trim(str_to(line, str_find(line, '#')));
	while (i < line.n && !ascii_isblank(line.p[i]))
		i++;
	*pattern = str_to(line, i);
	*target = str_trim(str_from(line, i));
	return line.n > 0;
}

int
routes_find(
    struct str text, struct str domain, struct str sender, struct route *r)
{
	struct str line, pattern, target, best = STR("");
	size_t score = 0;
	char why[300];

	while (str_cut(&text, '\n', &line)) {
		size_t s;

		if (!two_words(line, &pattern, &target))
			continue;
		s = fits(pattern, domain, sender);
		if (s > score) {
			score = s;
			best = target;
		}
	}
	if (score == 0)
		return 0;
	if (parse_target(best, r) == 0)
		return 1;
	snprintf(why, sizeof(why), "routes: bad target \"%.*s\"",
	    (int)(best.n > 200 ? 200 : best.n), best.p);
	return fail_text(EINVAL, why);
}

int
routes_lookup(
    const char *root, struct str domain, struct str sender, struct route *r)
{
	char path[4096];
	struct buf b;
	int result;

	if (file_join(path, sizeof(path), root, "routes") < 0)
		return fail("routes in ", root);
	buf_init(&b, ROUTES_MAX);
	if (file_read(AT_FDCWD, path, &b) < 0)
		result = errno == ENOENT ? 0 : fail("read ", path);
	else
		result = routes_find(buf_slice(&b), domain, sender, r);
	buf_free(&b);
	return result;
}
