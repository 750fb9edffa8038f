/* SPDX-License-Identifier: ISC */
/* Collecting recipients. */
#include "rcpts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "msg/addr.h"
#include "msg/header.h"

void
rcpts_init(struct rcpts *r, struct arena *a, const char *host, size_t max)
{
	*r = (struct rcpts){.max = max, .host = host, .arena = a};
}

static int
bad_address(struct str text)
{
	char line[300];

	snprintf(line, sizeof(line), "bad address %.*s",
	    (int)(text.n > 250 ? 250 : text.n), text.p);
	return fail_text(EINVAL, line);
}

static int
add(struct rcpts *r, struct str addr)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->list[i].addr, addr))
			return 0;
	if (r->n == r->max)
		return fail_text(E2BIG, "too many recipients");
	if (r->n == r->room) {
		size_t room = r->room ? 2 * r->room : 16;
		struct envelope_rcpt *more =
		    arena_array(r->arena, room, sizeof(*more));

		if (r->n)
			memcpy(more, r->list, r->n * sizeof(*more));
		r->list = more;
		r->room = room;
	}
	r->list[r->n++] =
	    (struct envelope_rcpt){.addr = arena_str(r->arena, addr)};
	return 0;
}

/* One address without any of the marks of lists, names and comments: the
 * tolerant reader would find an address in nearly everything. */
static bool
is_bare(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (strchr("<>\",():;", text.p[i]))
			return false;
	return true;
}

static int
parse_bare(const char *host, struct str text, struct smtp_path *p)
{
	char full[SMTP_PATH_SIZE];
	int n;

	if (str_has(text, '@'))
		return smtp_path_parse(text, SMTP_PATH_UTF8, p);
	n = snprintf(full, sizeof(full), "%.*s@%s", STR_FMT(text), host);
	return smtp_path_parse(
	    str_make(full, n < (int)sizeof(full) ? (size_t)n : 0),
	    SMTP_PATH_UTF8, p);
}

static int
qualify(const char *host, const struct addr *a, struct smtp_path *p)
{
	return smtp_path_make(
	    a->mailbox, a->host.n ? a->host : str_z(host), SMTP_PATH_UTF8, p);
}

int
rcpts_one(
    const char *host, struct str text, struct arena *a, struct smtp_path *p)
{
	struct addr_list l;

	*p = (struct smtp_path){.n = 0};
	text = str_trim(text);
	if (text.n == 0 || str_eq(text, STR("<>")) ||
	    smtp_path_parse(text, SMTP_PATH_UTF8, p) == 0)
		return 0;
	if (is_bare(text) && parse_bare(host, text, p) == 0)
		return 0;
	addr_parse(&l, text, a);
	if (!is_bare(text) && l.n == 1 && l.addrs[0].kind == ADDR_BOX &&
	    qualify(host, &l.addrs[0], p) == 0)
		return 0;
	bad_address(text);
	errno = EINVAL;
	return -1;
}

int
rcpts_add(struct rcpts *r, struct str text)
{
	struct smtp_path p;
	struct addr_list l;

	text = str_trim(text);
	if (smtp_path_parse(text, SMTP_PATH_UTF8, &p) == 0 ||
	    (is_bare(text) && parse_bare(r->host, text, &p) == 0))
		return add(r, smtp_path_text(&p));
	if (is_bare(text))
		return bad_address(text);
	addr_parse(&l, text, r->arena);
	if (l.n == 0)
		return bad_address(text);
	for (size_t i = 0; i < l.n; i++) {
		if (l.addrs[i].kind != ADDR_BOX)
			continue;
		/* A comma was forgotten, and two addresses ran together. */
		if (str_has(l.addrs[i].mailbox, '@') && !str_has(text, '"'))
			return bad_address(text);
		if (qualify(r->host, &l.addrs[i], &p) < 0)
			return bad_address(text);
		if (add(r, smtp_path_text(&p)) < 0)
			return -1;
	}
	return 0;
}

static bool
names_recipients(struct str name)
{
	return str_ieq(name, STR("To")) || str_ieq(name, STR("Cc")) ||
	       str_ieq(name, STR("Bcc"));
}

/* Add the fields of one kind; *found tells whether there are any. */
static int
add_fields(struct rcpts *r, struct str text, bool resent, bool *found)
{
	struct header h = header_make(text);
	struct header_field f;

	*found = false;
	while (header_next(&h, &f) && f.name.n) {
		bool is_resent = str_istarts(f.name, STR("Resent-"));
		struct str name = is_resent ? str_from(f.name, 7) : f.name;

		if (is_resent != resent || !names_recipients(name))
			continue;
		*found = true;
		if (str_trim(f.value).n && rcpts_add(r, f.value) < 0)
			return -1;
	}
	return 0;
}

int
rcpts_add_header(struct rcpts *r, struct str text)
{
	bool found;

	if (add_fields(r, text, true, &found) < 0)
		return -1;
	return found ? 0 : add_fields(r, text, false, &found);
}
