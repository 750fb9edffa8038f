/* SPDX-License-Identifier: ISC */
/* Routes: the whole file is looked through for the best line. */
#include "net/routes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/num.h"
#include "io/file.h"
#include "net/connect.h"

#define ROUTES_MAX (1 << 20)

/* How well a pattern fits: 0 not at all. */
static size_t
fits(struct str pattern, struct str domain, struct str sender)
{
	struct str at = str_from(sender, str_rfind(sender, '@'));

	if (str_eq(pattern, STR("*")))
		return 1;
	if (str_istarts(pattern, STR("sender:"))) {
		pattern = str_from(pattern, 7);
		if (sender.n && str_ieq(pattern, sender))
			return 3;
		return at.n && str_ieq(pattern, at) ? 2 : 0;
	}
	if (str_starts(pattern, STR(".")))
		return str_iends(domain, pattern) && domain.n > pattern.n
		           ? 3 + pattern.n
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

/* "required", or several words with commas. */
static int
parse_tls(struct str value, struct route *r)
{
	static const char *const words[] = {
	    "wanted", "required", "implicit", "none", "checked"};
	const size_t n = sizeof(words) / sizeof(words[0]);
	struct str word;
	size_t i;

	while (str_cut(&value, ',', &word)) {
		for (i = 0; i < n && !str_eq(word, str_z(words[i])); i++)
			;
		if (i == n)
			return -1;
		if (i == n - 1)
			r->check = true;
		else
			r->tls = (enum route_tls)i;
	}
	return r->check && r->tls == ROUTE_TLS_NONE ? -1 : 0;
}

static int
parse_source(struct str value, struct route *r)
{
	char text[46];
	int family;

	if (str_copy(text, sizeof(text), value) < 0)
		return -1;
	family = connect_family(text);
	if (family < 0)
		return -1;
	return str_copy(family == AF_INET ? r->source4 : r->source6,
	    sizeof(r->source4), value);
}

static int
parse_key(struct str word, struct route *r)
{
	size_t eq = str_find(word, '=');
	struct str key = str_to(word, eq), value = str_from(word, eq + 1);

	if (!value.n)
		return -1;
	if (str_eq(key, STR("tls")))
		return parse_tls(value, r);
	if (str_eq(key, STR("auth")))
		return str_copy(r->auth, sizeof(r->auth), value);
	return str_eq(key, STR("source")) ? parse_source(value, r) : -1;
}

static struct str
next_word(struct str *rest)
{
	struct str word;
	size_t i = 0;

	*rest = str_trim(*rest);
	while (i < rest->n && !ascii_isblank(rest->p[i]))
		i++;
	word = str_to(*rest, i);
	*rest = str_from(*rest, i);
	return word;
}

/* What stands behind the pattern. */
static int
parse_line(struct str rest, struct route *r)
{
	struct str word;

	memset(r, 0, sizeof(*r));
	if (parse_target(next_word(&rest), r) < 0)
		return -1;
	while ((word = next_word(&rest)).n > 0)
		if (parse_key(word, r) < 0)
			return -1;
	/* Whoever is found by the DNS is nobody to tell a password. */
	if (*r->auth && !*r->host)
		return -1;
	if (r->tls == ROUTE_TLS_WANTED && (*r->auth || r->check))
		r->tls = ROUTE_TLS_REQUIRED;
	if (r->tls == ROUTE_TLS_IMPLICIT && !r->port)
		r->port = 465; /* RFC 8314 7.3 */
	return 0;
}

/* Cut a line into its pattern and the rest; false when it has none. */
static bool
split(struct str line, struct str *pattern, struct str *rest)
{
	*rest = str_to(line, str_find(line, '#'));
	*pattern = next_word(rest);
	return pattern->n > 0;
}

int
routes_find(
    struct str text, struct str domain, struct str sender, struct route *r)
{
	struct str line, pattern, rest, best = STR("");
	size_t score = 0;
	char why[300];

	while (str_cut(&text, '\n', &line)) {
		size_t s;

		if (!split(line, &pattern, &rest))
			continue;
		s = fits(pattern, domain, sender);
		if (s > score) {
			score = s;
			best = rest;
		}
	}
	memset(r, 0, sizeof(*r));
	if (score == 0)
		return 0;
	if (parse_line(best, r) == 0)
		return 1;
	best = str_trim(best);
	snprintf(why, sizeof(why), "routes: bad target \"%.*s\"",
	    (int)(best.n > 200 ? 200 : best.n), best.p);
	return fail_text(EINVAL, why);
}

int
routes_next(struct str *text, struct route *r)
{
	struct str line, pattern, rest;

	while (str_cut(text, '\n', &line))
		if (split(line, &pattern, &rest) && parse_line(rest, r) == 0)
			return 1;
	return 0;
}

bool
routes_same(const struct route *a, const struct route *b)
{
	return strcmp(a->host, b->host) == 0 && a->port == b->port &&
	       a->tls == b->tls && a->check == b->check &&
	       strcmp(a->auth, b->auth) == 0 &&
	       strcmp(a->source4, b->source4) == 0 &&
	       strcmp(a->source6, b->source6) == 0;
}

int
routes_lookup(
    const char *root, struct str domain, struct str sender, struct route *r)
{
	char path[4096];
	struct buf b;
	int result;

	memset(r, 0, sizeof(*r));
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
