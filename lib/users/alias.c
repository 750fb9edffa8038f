/* SPDX-License-Identifier: ISC */
/* The aliases file. */
#include "users/alias.h"

#include <errno.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "users/domain.h"
#include "users/line.h"
#include "users/user.h"

#define FAIL STR(":fail:")

static bool
name_valid(struct str s)
{
	return str_eq(s, STR("*")) || user_name_valid(s);
}

/* Whether a line goes on with the entry before it. */
static bool
continues(struct str line)
{
	return line.n > 0 && ascii_isblank(line.p[0]) && str_trim(line).n > 0;
}

/* The next entry or comment of the text as whole lines, LF included. */
static bool
next_entry(struct str *rest, struct str *entry)
{
	struct str after, line;

	*entry = *rest;
	if (!line_next(rest, &line))
		return false;
	after = *rest;
	while (line.p[0] != '#' && line_next(&after, &line) && continues(line))
		*rest = after;
	entry->n = rest->p ? (size_t)(rest->p - entry->p) : entry->n;
	return true;
}

static bool
is_comment(struct str entry)
{
	struct str text = str_trim(entry);

	return text.n == 0 || entry.p[0] == '#';
}

static struct str
entry_name(struct str entry)
{
	return str_trim(str_to(entry, str_find(entry, ':')));
}

/* What is behind the colon, its lines joined with blanks. */
static struct str
entry_value(struct str entry, struct arena *a)
{
	struct str rest = str_from(entry, str_find(entry, ':') + 1);
	char *p = arena_alloc(a, rest.n + 1);

	for (size_t i = 0; i < rest.n; i++)
		p[i] = ascii_isspace(rest.p[i]) ? ' ' : rest.p[i];
	return str_trim(str_make(p, rest.n));
}

/* A quoted target: up to the closing quote, backslashes taken out. */
static bool
quoted(struct str *value, struct buf *b)
{
	size_t i = 1;

	for (; i < value->n && value->p[i] != '"'; i++) {
		if (value->p[i] == '\\' && i + 1 < value->n)
			i++;
		buf_chr(b, value->p[i]);
	}
	if (i >= value->n)
		return false;
	*value = str_trim(str_from(*value, i + 1));
	return value->n == 0 || value->p[0] == ',';
}

/* Take the next target (and the comma behind it) into b. */
static bool
take(struct str *value, struct buf *b)
{
	if (value->p[0] == '"') {
		if (!quoted(value, b))
			return false;
	} else if (str_istarts(*value, FAIL)) {
		buf_str(b, *value);
		*value = str_from(*value, value->n);
	} else {
		size_t end = str_find(*value, ',');

		buf_str(b, str_trim(str_to(*value, end)));
		*value = str_from(*value, end);
	}
	if (value->n > 0)
		*value = str_trim(str_from(*value, 1));
	return true;
}

static const char *
check_target(struct str t)
{
	size_t at = str_rfind(t, '@');

	if (t.n == 0)
		return "an empty target";
	for (size_t i = 0; i < t.n; i++)
		if (ascii_iscntrl(t.p[i]))
			return "a control character in a target";
	if (t.p[0] == '|')
		return str_trim(str_from(t, 1)).n ? NULL
		                                  : "no program behind |";
	if (t.p[0] == '/')
		return str_ends(t, STR("/"))
		           ? NULL
		           : "a path that does not end in / (only Maildirs)";
	if (str_istarts(t, FAIL))
		return NULL;
	if (at < t.n && at > 0 && domain_valid(str_from(t, at + 1)))
		return NULL;
	if (at == t.n && user_name_valid(t))
		return NULL;
	return "a target that is no address";
}

static bool
is_bare_name(struct str t)
{
	return t.p[0] != '|' && t.p[0] != '/' && t.p[0] != ':' &&
	       !str_has(t, '@');
}

int
alias_targets(struct str value, struct str domain, struct arena *a,
    struct str **targets, size_t *n, const char **why)
{
	size_t room = 1;
	struct buf b;

	*n = 0;
	*why = NULL;
	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++)
		room += value.p[i] == ',';
	if (room > ALIAS_TARGETS_MAX)
		*why = "too many targets";
	else if (value.n == 0)
		*why = "no target";
	else
		*targets = arena_array(a, room, sizeof(**targets));
	buf_init(&b, DOMAIN_FILE_MAX);
	while (!*why && value.n > 0) {
		buf_reset(&b);
		if (!take(&value, &b)) {
			*why = "a quote that does not end with its target";
			break;
		}
		*why = check_target(buf_slice(&b));
		if (!*why && is_bare_name(buf_slice(&b))) {
			buf_chr(&b, '@');
			buf_str(&b, domain);
		}
		(*targets)[(*n)++] = arena_str(a, buf_slice(&b));
	}
	buf_free(&b);
	return *why ? -1 : 1;
}

bool
alias_next(struct str *rest, struct str *entry, struct str *name)
{
	if (!next_entry(rest, entry))
		return false;
	*name = (struct str){NULL, 0};
	if (!is_comment(*entry) && str_has(*entry, ':'))
		*name = entry_name(*entry);
	return true;
}

int
alias_of_entry(struct str entry, struct str domain, struct arena *a,
    struct str **targets, size_t *n)
{
	const char *why;

	if (alias_targets(entry_value(entry, a), domain, a, targets, n, &why) <
	    0)
		return fail_text(EPROTO, why);
	return 1;
}

static int
find(const char *root, struct str want, struct str domain, struct arena *a,
    struct str **targets, size_t *n)
{
	struct str rest, entry, name;
	struct buf b;
	int r;

	buf_init(&b, DOMAIN_FILE_MAX);
	r = domain_read(root, domain, "aliases", &b);
	rest = buf_slice(&b);
	if (r > 0)
		r = 0;
	while (r == 0 && alias_next(&rest, &entry, &name))
		if (name.p && str_ieq(name, want))
			r = alias_of_entry(entry, domain, a, targets, n);
	buf_free(&b);
	return r;
}

int
alias_find(const char *root, struct str local, struct str domain,
    struct arena *a, struct str **targets, size_t *n)
{
	if (!user_name_valid(local) || str_eq(local, STR("*")))
		return 0;
	return find(root, local, domain, a, targets, n);
}

int
alias_catchall(const char *root, struct str domain, struct arena *a,
    struct str **targets, size_t *n)
{
	return find(root, STR("*"), domain, a, targets, n);
}

void
alias_parse(struct str text, struct arena *a, struct alias **list, size_t *n)
{
	struct str rest = text;
	struct str entry;
	size_t room = 1, line = 1;

	*n = 0;
	for (size_t i = 0; i < text.n; i++)
		room += text.p[i] == '\n';
	*list = arena_array(a, room, sizeof(**list));
	while (next_entry(&rest, &entry)) {
		struct alias *e = &(*list)[*n];
		size_t at = line;

		for (size_t i = 0; i < entry.n; i++)
			line += entry.p[i] == '\n';
		if (is_comment(entry))
			continue;
		e->line = at;
		e->name = arena_str(a, entry_name(entry));
		if (str_find(entry, ':') < entry.n && name_valid(e->name)) {
			e->value = entry_value(entry, a);
		} else {
			e->name = STR("");
			e->value = arena_str(a, str_trim(entry));
		}
		(*n)++;
	}
}

int
alias_list(const char *root, struct str domain, struct arena *a,
    struct alias **list, size_t *n)
{
	struct buf b;
	int r;

	buf_init(&b, DOMAIN_FILE_MAX);
	r = domain_read(root, domain, "aliases", &b);
	alias_parse(buf_slice(&b), a, list, n);
	buf_free(&b);
	return r < 0 ? -1 : 0;
}

static int
change(const char *root, struct str name, struct str domain,
    const struct str *value)
{
	struct str rest, entry;
	struct domain_edit e;
	struct buf b;
	int found = 0, r = 0;

	if (domain_edit_begin(&e, root, domain, "aliases") < 0)
		return -1;
	buf_init(&b, DOMAIN_FILE_MAX);
	rest = buf_slice(&e.old);
	while (next_entry(&rest, &entry)) {
		if (!is_comment(entry) && str_has(entry, ':') &&
		    str_ieq(entry_name(entry), name)) {
			found = 1;
			continue;
		}
		buf_str(&b, entry);
		if (!str_ends(entry, STR("\n")))
			buf_chr(&b, '\n');
	}
	if (value) {
		buf_str(&b, name);
		buf_z(&b, ": ");
		buf_str(&b, str_trim(*value));
		buf_chr(&b, '\n');
	}
	if (b.over)
		r = fail_text(EFBIG, "the aliases file grows too large");
	else if (found || value)
		r = domain_edit_commit(&e, buf_slice(&b));
	buf_free(&b);
	domain_edit_end(&e);
	return r < 0 ? -1 : found;
}

int
alias_set(
    const char *root, struct str local, struct str domain, struct str value)
{
	struct str *targets;
	const char *why;
	struct arena a;
	size_t n;
	int r;

	if (!name_valid(local))
		return fail_text(EINVAL, "not a valid alias name");
	if (str_has(value, '\n') || str_has(value, '\r'))
		return fail_text(EINVAL, "a line end in the targets");
	arena_init(&a, DOMAIN_FILE_MAX);
	r = alias_targets(value, domain, &a, &targets, &n, &why);
	arena_free(&a);
	if (r < 0)
		return fail_text(EINVAL, why);
	return change(root, local, domain, &value);
}

int
alias_del(const char *root, struct str local, struct str domain)
{
	if (!name_valid(local))
		return 0;
	return change(root, local, domain, NULL);
}
