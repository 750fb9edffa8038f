/* SPDX-License-Identifier: ISC */
/* From one recipient to what is to be done: aliases are followed, their local
 * targets looked up in turn, everything at most once. */
#include "local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "users/rcpt.h"

static void expand(
    struct local *l, struct actions *to, struct str addr, int depth);

/* Room for one more of n; twice as much each time. */
static void *
grow(struct local *l, void *v, size_t n, size_t *room, size_t size)
{
	void *more;

	if (n < *room)
		return v;
	*room = *room ? 2 * *room : 4;
	more = arena_array(l->arena, *room, size);
	if (n)
		memcpy(more, v, n * size);
	return more;
}

static struct action *
add(struct local *l, struct actions *to, enum action_kind kind, struct str text)
{
	struct action *a;

	if (to->n == LOCAL_ACTIONS)
		return &to->v[to->n - 1];
	to->v = grow(l, to->v, to->n, &to->room, sizeof(*to->v));
	a = &to->v[to->n++];
	a->kind = kind;
	a->text = text;
	return a;
}

static void
answer(struct local *l, struct actions *to, enum result_kind kind,
    const char *status, const char *text)
{
	add(l, to, ACTION_ANSWER, STR(""))->answer =
	    result_make(kind, status, text);
}

/* Whether addr was looked up before; remembers it. */
static bool
seen(struct local *l, struct actions *to, struct str addr)
{
	for (size_t i = 0; i < to->nseen; i++)
		if (str_ieq(to->seen[i], addr))
			return true;
	if (to->nseen == LOCAL_ACTIONS)
		return false;
	to->seen =
	    grow(l, to->seen, to->nseen, &to->seen_room, sizeof(*to->seen));
	to->seen[to->nseen++] = addr;
	return false;
}

/* `"a\"b"` without its quoting (RFC 5321 4.1.2); other text as it is. */
static struct str
unquote(struct local *l, struct str s)
{
	char *p;
	size_t n = 0;

	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return s;
	p = arena_alloc(l->arena, s.n);
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '\\' && i + 2 < s.n)
			i++;
		p[n++] = s.p[i];
	}
	return str_make(p, n);
}

static void
expand_target(struct local *l, struct actions *to, const struct action *from,
    struct str target, int depth)
{
	struct action *a;

	if (str_istarts(target, STR(":fail:"))) {
		struct str text = str_trim(str_from(target, 6));

		answer(l, to, RESULT_FAILED, "5.7.1",
		    text.n ? arena_z(l->arena, text) : "not accepted");
		return;
	}
	if (target.n > 0 && target.p[0] == '|') {
		a = add(l, to, ACTION_PROGRAM, str_trim(str_from(target, 1)));
	} else if (target.n > 0 && target.p[0] == '/') {
		a = add(l, to, ACTION_PATH, target);
	} else {
		expand(l, to, target, depth + 1);
		return;
	}
	a->local = from->local;
	a->domain = from->domain;
	a->extension = from->extension;
}

static void
expand_known(struct local *l, struct actions *to, const struct action *from,
    enum rcpt_kind kind, const struct rcpt *r, int depth)
{
	struct action *a;

	switch (kind) {
	case RCPT_MAILBOX:
		a = add(l, to, ACTION_MAILDIR, r->user.maildir);
		a->user = r->user;
		return;
	case RCPT_ALIAS:
		for (size_t i = 0; i < r->n; i++)
			expand_target(l, to, from, r->targets[i], depth);
		return;
	case RCPT_UNKNOWN:
		answer(l, to, RESULT_FAILED, "5.1.1", "no such user here");
		return;
	case RCPT_FOREIGN:
		add(l, to, ACTION_FORWARD, from->text);
		return;
	case RCPT_FAILED:
		l->crowded |= errno == EMFILE || errno == ENFILE;
		log_event("trouble", "id", l->id, "err", fail_last(), NULL);
		answer(l, to, RESULT_DEFERRED, "4.3.0",
		    "the list of users cannot be read");
		return;
	}
}

static void
expand(struct local *l, struct actions *to, struct str addr, int depth)
{
	struct action from = {.text = addr};
	struct rcpt r = {.n = 0};
	enum rcpt_kind kind;
	size_t at = str_rfind(addr, '@');

	if (seen(l, to, addr))
		return;
	if (depth > LOCAL_DEPTH || to->nseen >= LOCAL_ACTIONS) {
		answer(l, to, RESULT_FAILED, "5.4.6",
		    "the alias leads to too many others");
		return;
	}
	if (at == 0 || at + 1 >= addr.n) {
		answer(l, to, RESULT_FAILED, "5.1.3", "not a full address");
		return;
	}
	from.local = unquote(l, str_to(addr, at));
	from.domain = str_from(addr, at + 1);
	kind = rcpt_find_in(l->cache, l->root, from.local, from.domain,
	    l->delimiter, l->arena, &r);
	from.extension = r.extension;
	expand_known(l, to, &from, kind, &r, depth);
}

/* By kind; then equal ones are neighbours. */
static int
by_kind(const void *a, const void *b)
{
	const struct action *x = a;
	const struct action *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return str_cmp(x->text, y->text);
}

static void
drop_doubles(struct actions *a)
{
	size_t n = 1;

	for (size_t i = 1; i < a->n; i++)
		if (a->v[i].kind == ACTION_ANSWER ||
		    by_kind(&a->v[i], &a->v[n - 1]) != 0)
			a->v[n++] = a->v[i];
	a->n = n;
}

void
expand_recipient(struct local *l, struct actions *to)
{
	memset(to, 0, sizeof(*to));
	expand(l, to, l->recipient, 0);
	if (to->n == 0)
		answer(l, to, RESULT_FAILED, "5.4.6",
		    "the alias leads back to itself");
	if (to->v[0].kind == ACTION_FORWARD && to->nseen == 1) {
		/* No alias of ours sent it on: it was never for us. */
		to->n = 0;
		answer(l, to, RESULT_FAILED, "5.1.2", "not a domain of ours");
	}
	qsort(to->v, to->n, sizeof(*to->v), by_kind);
	drop_doubles(to);
}
