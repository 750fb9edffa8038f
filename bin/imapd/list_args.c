/* SPDX-License-Identifier: ISC */
/* The arguments of LIST. */
#include "list_args.h"

#include "status.h"

struct option {
	const char *name;
	unsigned bit;
};

static bool
find(const struct option *t, size_t n, struct str name, unsigned *options)
{
	for (size_t i = 0; i < n; i++) {
		if (str_ieq(name, str_z(t[i].name))) {
			*options |= t[i].bit;
			return true;
		}
	}
	return false;
}

/* "(SUBSCRIBED RECURSIVEMATCH)" */
static bool
selection(struct scan *args, struct list_args *l)
{
	static const struct option t[] = {
	    {"SUBSCRIBED", LIST_SUBSCRIBED | LIST_SHOW_SUBSCRIBED},
	    {"SPECIAL-USE", LIST_SPECIAL},
	    {"RECURSIVEMATCH", LIST_RECURSIVE},
	    {"REMOTE", LIST_REMOTE},
	};
	const unsigned base = LIST_SUBSCRIBED | LIST_SPECIAL;

	scan_try(args, '(');
	while (!scan_try(args, ')')) {
		struct str name;

		if (!imap_atom(args, &name))
			return false;
		if (!find(t, 4, name, &l->options))
			return scan_fail(args, "unknown selection option");
		scan_try(args, ' ');
	}
	if ((l->options & LIST_RECURSIVE) && !(l->options & base))
		return scan_fail(args, "RECURSIVEMATCH of nothing");
	return imap_sp(args);
}

/* "RETURN (CHILDREN STATUS (MESSAGES))" */
static bool
returning(struct scan *args, struct list_args *l)
{
	static const struct option t[] = {
	    {"SUBSCRIBED", LIST_SHOW_SUBSCRIBED},
	    {"CHILDREN", LIST_SHOW_CHILDREN},
	    {"SPECIAL-USE", LIST_SHOW_SPECIAL},
	};

	if (!scan_try_word(args, STR(" RETURN ")) ||
	    !scan_need(args, '(', "'(' expected"))
		return scan_fail(args, "RETURN expected");
	while (!scan_try(args, ')')) {
		struct str name;

		if (!imap_atom(args, &name))
			return false;
		if (str_ieq(name, STR("STATUS"))) {
			if (!imap_sp(args) || !status_scan(args, &l->status))
				return false;
		} else if (!find(t, 3, name, &l->options)) {
			return scan_fail(args, "unknown return option");
		}
		scan_try(args, ' ');
	}
	return true;
}

static bool
pattern(struct imap *s, struct scan *args, struct str ref, struct list_args *l)
{
	struct str text;
	char *to;

	if (l->n == LIST_PATTERNS)
		return scan_fail(args, "too many patterns");
	if (!imap_list_mailbox(args, &s->arena, &text))
		return false;
	l->root = text.n == 0;
	to = arena_alloc(&s->arena, ref.n + text.n);
	for (size_t i = 0; i < ref.n; i++)
		to[i] = ref.p[i];
	for (size_t i = 0; i < text.n; i++)
		to[ref.n + i] = text.p[i];
	l->patterns[l->n++] = str_make(to, ref.n + text.n);
	return true;
}

static bool
patterns(struct imap *s, struct scan *args, struct str ref, struct list_args *l)
{
	l->patterns =
	    arena_array(&s->arena, LIST_PATTERNS, sizeof(*l->patterns));
	if (!scan_try(args, '('))
		return pattern(s, args, ref, l);
	do {
		if (!pattern(s, args, ref, l))
			return false;
	} while (scan_try(args, ' '));
	l->root = false;
	return scan_need(args, ')', "')' expected");
}

bool
list_args_scan(struct imap *s, struct scan *args, struct list_args *l)
{
	struct str ref;

	*l = (struct list_args){0};
	if (!imap_sp(args))
		return false;
	if (scan_peek(args) == '(' && !selection(args, l))
		return false;
	if (!imap_astring(args, &s->arena, &ref) || !imap_sp(args) ||
	    !patterns(s, args, ref, l))
		return false;
	if (scan_peek(args) == ' ' && !returning(args, l))
		return false;
	return scan_finish(args);
}
